package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// hand gives what keeps a system from its end to a person.
func (t *termination) hand(ctx workflow.Context, why access.Error) {
	t.status.Hand(why, t.policy, workflow.Now(ctx))
	t.show(ctx)
}

// resolve closes, on somebody's word, those cells of a task that the word was about.
// What was still being tried is stopped, and what is left of the system goes on.
func (t *termination) resolve(ctx workflow.Context, id string, stages []access.Stage, d access.Disposition) {
	t.status.Resolve(id, stages, d)
	t.drives.stop(id, t.beingDone)
	t.show(ctx)
	t.goOn(ctx)
}

// beingDone tells whether any cell of a system is being tried.
func (t *termination) beingDone(system string) bool {
	return len(t.running(system, access.Stages())) > 0
}

// goOn drives, once no step does so any longer, what is left to do on systems whose
// earlier stages have come to an end since. What nobody works on, which must not
// happen, is told to a person.
func (t *termination) goOn(ctx workflow.Context) {
	if t.status.Phase != plan.Settled || t.life.Err() != nil {
		return
	}
	for _, system := range t.systems {
		if stages := t.status.Following(system.Name); len(stages) > 0 && !t.drives.has(system.Name) {
			t.driveAlone(system, stages, true)
		}
	}
	for _, system := range t.status.Forsaken(t.drives.has) {
		t.hand(ctx, access.Error{Code: access.Invalid, System: system, Hint: "nothing works on this system any longer: retry, or do it by hand and attest"})
	}
}

// payOwed begins anew the systems for which accounts were named since they began,
// once nothing runs there that does not know of them.
func (t *termination) payOwed() {
	for _, system := range slices.Clone(t.owed) {
		if t.drives.has(system) || t.life.Err() != nil {
			continue
		}
		t.owed = slices.DeleteFunc(t.owed, func(s string) bool { return s == system })
		if t.status.Grid.At(access.Lock, system) != "" {
			t.status.Renew(system)
			t.driveAlone(t.system(system), []access.Stage{access.Lock, access.Revoke}, false)
		}
	}
}

// retry tries a system again now, from the first stage that is open. One that waits
// for its next try does not wait any longer. The task stays until it is done.
func (t *termination) retry(id string) {
	if t.status.Task(id) < 0 || t.life.Err() != nil {
		return
	}
	system := t.system(id)
	t.drives.stop(id, func(system string) bool { return system != id })
	workflow.GoNamed(t.life, "retry", func(ctx workflow.Context) {
		if err := workflow.Await(ctx, func() bool { return !t.drives.has(id) }); err != nil {
			return // cancelled
		}
		if stages := t.status.Retried(id); len(stages) > 0 {
			t.driveAlone(system, stages, false)
		}
	})
}

// driveAlone drives a system that no step waits for, through the stages and then
// through those that follow; a second read waits for the settle time when asked to.
// It ends with the case, whoever asked for it.
func (t *termination) driveAlone(system plan.System, stages []access.Stage, settle bool) {
	if t.life.Err() != nil || t.drives.has(system.Name) {
		return
	}
	t.status.Begin(system.Name, stages)
	ctx, cancel := workflow.WithCancel(t.life)
	t.drives.running[system.Name] = &drive{systems: []string{system.Name}, stages: stages, cancel: cancel, alone: true}
	workflow.GoNamed(ctx, "alone", func(ctx workflow.Context) { t.driveSystem(ctx, system, stages, settle) })
}

// again drives the whole case once more: somebody asks for an emergency while this
// one waits for people or clocks. It has begun when again returns, so that the case
// does not close meanwhile.
func (t *termination) again() {
	if t.life.Err() != nil {
		return
	}
	t.begin(t.life, t.systems, []access.Stage{access.Lock, access.Revoke})
	workflow.GoNamed(t.life, "again", t.awaitDriven)
}
