package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/activities"
	"github.com/killsignal/killsignal/plan"
)

// drives knows which systems are being driven.
type drives struct{ running map[string]*drive }

// drive is what runs on one system, or on several in a wave.
type drive struct {
	systems []string
	stages  []access.Stage
	cancel  workflow.CancelFunc
	// alone: no step waits for it any longer, because it is past patience or was tried
	// again on somebody's word. It takes all stages that are left by itself.
	alone bool
}

func newDrives() drives { return drives{running: map[string]*drive{}} }

func (d drives) none() bool { return len(d.running) == 0 }

func (d drives) has(system string) bool { return d.running[system] != nil }

func (d drives) end(system string) { delete(d.running, system) }

// awaited tells whether a step still waits for one of the systems.
func (d drives) awaited(systems []string) bool {
	return slices.ContainsFunc(systems, func(system string) bool { return d.has(system) && !d.running[system].alone })
}

// stop cancels what runs on a system, unless it runs for others as well: in a wave
// the system is left to the wave's end, and what that finds gives way to what was said.
// A wave that only reads again is never stopped by a word.
func (d drives) stop(system string, needed func(system string) bool) {
	one := d.running[system]
	if one == nil || slices.ContainsFunc(one.systems, needed) || len(one.systems) > 1 && !slices.Contains(one.stages, access.Lock) {
		return
	}
	one.cancel()
}

// driveAll takes the systems through the stages, in waves that all begin in one
// workflow task, and waits until they are done or patience is over. What is not
// done by then goes on alone, and a person is told.
func (t *termination) driveAll(ctx workflow.Context, systems []plan.System, stages ...access.Stage) {
	if ctx.Err() != nil {
		return
	}
	t.begin(ctx, systems, stages)
	t.awaitDriven(ctx)
}

// begin begins the waves of the systems that are not being driven.
func (t *termination) begin(ctx workflow.Context, systems []plan.System, stages []access.Stage) {
	idle := slices.DeleteFunc(slices.Clone(systems), func(s plan.System) bool {
		return t.drives.has(s.Name) || slices.Contains(t.status.Stuck(s.Name), access.Lock)
	})
	for _, wave := range plan.Waves(idle, stages...) {
		ctx, cancel := workflow.WithCancel(ctx)
		for _, system := range wave.Systems {
			t.drives.running[system] = &drive{systems: wave.Systems, stages: stages, cancel: cancel}
			t.status.Begin(system, stages)
		}
		workflow.GoNamed(ctx, "wave", func(ctx workflow.Context) { t.driveWave(ctx, wave, stages) })
	}
}

// awaitDriven waits for what is being driven, as long as patience lasts.
func (t *termination) awaitDriven(ctx workflow.Context) {
	awaited := func() bool { return t.drives.awaited(t.status.Grid.Systems) }
	if !awaited() {
		return
	}
	waiting, stop := workflow.WithCancel(ctx)
	defer stop() // the timer of patience ends with the wait
	inTime, err := workflow.AwaitWithOptions(waiting, workflow.AwaitOptions{Timeout: t.policy.Patience,
		TimerOptions: workflow.TimerOptions{Summary: "patience: then a person is told"}}, func() bool { return !awaited() })
	if err != nil {
		t.awaitStopped(ctx)
		return
	}
	if inTime {
		return
	}
	for _, system := range t.status.Grid.Systems {
		if one := t.drives.running[system]; one != nil && !one.alone {
			one.alone = true
			t.hand(ctx, access.Error{Code: access.Unavailable, System: system})
		}
	}
}

// awaitStopped waits, after a cancel, for what is in hand: activities finish it
// within seconds, and their results tell how the grid stands.
func (t *termination) awaitStopped(ctx workflow.Context) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := workflow.Await(ctx, t.drives.none); err != nil {
		workflow.GetLogger(ctx).Error("wait for activities to stop", "error", err)
	}
}

// driveWave drives the systems of a wave together, and then each that is not done
// by itself.
func (t *termination) driveWave(ctx workflow.Context, wave plan.Wave, stages []access.Stage) {
	if len(wave.Systems) == 1 {
		t.driveSystem(ctx, t.system(wave.Systems[0]), stages, false)
		return
	}
	var result activities.DriveResult
	err := workflow.ExecuteActivity(forWave(ctx, t.queue(wave.Queue), len(wave.Systems), stages), verbs.DriveWave, activities.DriveInput{
		Case: t.status.Case, Subject: t.status.Subject, Accounts: t.accounts,
		Systems: wave.Systems, Stages: stages, Budget: t.policy.Budget}).Get(ctx, &result)
	if err != nil {
		// A wave that cannot run at all says nothing of its systems: each is tried
		// by itself, and its own trouble is told.
		workflow.GetLogger(ctx).Warn("wave did not end as it should; its systems go on alone", "systems", len(wave.Systems), "error", err)
		result = activities.DriveResult{}
	}
	var again []string
	if err == nil || ctx.Err() == nil { // what was stopped has told nothing
		again = t.apply(ctx, wave.Systems, stages, result)
	}
	for _, name := range wave.Systems {
		if !slices.Contains(again, name) || ctx.Err() != nil {
			t.drives.end(name)
			continue
		}
		ctx, cancel := workflow.WithCancel(ctx)
		t.drives.running[name].systems, t.drives.running[name].cancel = []string{name}, cancel
		workflow.GoNamed(ctx, "straggler", func(ctx workflow.Context) { t.driveSystem(ctx, t.system(name), stages, false) })
	}
	t.payOwed()
	t.goOn(ctx)
}

// driveSystem drives one system until it is done or only a person can go on. One
// that goes alone takes the stages that follow as well. A second read waits for the
// settle time when asked to, and always after another stage or another read.
func (t *termination) driveSystem(ctx workflow.Context, system plan.System, stages []access.Stage, settle bool) {
	defer func() { t.drives.end(system.Name); t.payOwed(); t.goOn(ctx) }()
	for ; len(stages) > 0; settle = true {
		if settle && stages[0] == access.Verify {
			if err := t.sleepUntil(ctx, workflow.Now(ctx).Add(system.Settle), "until "+system.Name+" shows its changes"); err != nil {
				return // cancelled
			}
		}
		var result activities.DriveResult
		err := workflow.ExecuteActivity(forSystem(ctx, t.queue(system.Queue), system.Name, stages), verbs.DriveSystem, activities.DriveInput{
			Case: t.status.Case, Subject: t.status.Subject, Accounts: t.accounts,
			Systems: []string{system.Name}, Stages: stages}).Get(ctx, &result)
		if ctx.Err() != nil {
			if err == nil {
				t.apply(ctx, []string{system.Name}, stages, result)
			}
			return
		}
		if err != nil {
			why := activities.ErrorOf(err)
			why.System = system.Name
			t.hand(ctx, why)
			if !why.Code.Transient() || t.sleepUntil(ctx, workflow.Now(ctx).Add(time.Minute), "until "+system.Name+" is tried again") != nil {
				return
			}
			continue
		}
		if again := t.apply(ctx, []string{system.Name}, stages, result); len(again) > 0 {
			stages = t.running(system.Name, stages) // what is done is not done again
			continue
		}
		if !t.drives.running[system.Name].alone {
			return
		}
		if stages = t.status.Following(system.Name); len(stages) == 0 {
			return
		}
		t.status.Begin(system.Name, stages)
	}
}

// running returns those of the stages that are still being done on a system. A
// second read without a cell of its own is being done while the lock cell says so.
func (t *termination) running(system string, stages []access.Stage) []access.Stage {
	return slices.DeleteFunc(slices.Clone(stages), func(stage access.Stage) bool {
		cell := stage
		if stage == access.Verify && t.status.Grid.At(stage, system) == "" {
			cell = access.Lock
		}
		return t.status.Grid.At(cell, system) != access.Running
	})
}

// apply puts the result of a drive into the case. It returns the systems that shall
// be tried again.
func (t *termination) apply(ctx workflow.Context, systems []string, stages []access.Stage, result activities.DriveResult) (again []string) {
	why := map[string]access.Error{}
	for _, e := range result.Open {
		why[e.System] = e
	}
	t.status.Locked(result.LockedAt)
	for i, system := range systems {
		if i < len(result.Outlives) && result.Outlives[i] == 'o' {
			t.outlive(system, result.ResidualUntil)
		}
		ends := make([]access.Disposition, len(stages))
		for j, stage := range stages {
			ends[j] = access.Running
			if row := result.Rows[stage]; i < len(row) {
				ends[j] = plan.DispositionOf(row[i])
			}
		}
		next := t.status.Apply(system, stages, ends, why[system], t.policy, workflow.Now(ctx))
		if next == plan.Repeat && len(t.running(system, stages)) > 0 {
			again = append(again, system)
		}
	}
	t.show(ctx)
	return again
}

// ready returns the systems on which a stage may begin.
func (t *termination) ready(systems []plan.System, stage access.Stage) []plan.System {
	return slices.DeleteFunc(slices.Clone(systems), func(s plan.System) bool { return !t.status.Ready(s.Name, stage) })
}

func (t *termination) system(name string) plan.System {
	i := slices.IndexFunc(t.systems, func(s plan.System) bool { return s.Name == name })
	if i < 0 {
		return plan.System{Name: name}
	}
	return t.systems[i]
}

// queue is the task queue on which this case reaches a system's queue.
func (t *termination) queue(own string) string {
	if own == "" {
		return "" // the case's own
	}
	return EmergencyQueueOf(own)
}
