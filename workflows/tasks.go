package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// openTask hands what keeps a system from its end to a person. A system has one
// task: a newer reason replaces the older, and the clock of the first goes on.
func (t *termination) openTask(ctx workflow.Context, why access.Error) {
	system := why.System
	open := t.status.Grid.Open(system)
	if len(open) == 0 {
		return
	}
	if !why.Code.Transient() && len(t.stuck(system)) == 0 {
		t.status.Grid.Set(open[0], system, access.Manual)
	}
	stuck := t.stuck(system)
	if len(stuck) == 0 {
		stuck = open
	}
	task := plan.NewTask(t.policy, system, stuck, why, workflow.Now(ctx))
	if i := t.task(system); i >= 0 {
		task.OpenedAt, task.Deadline = t.status.Tasks[i].OpenedAt, t.status.Tasks[i].Deadline
		t.status.Tasks[i] = task
	} else {
		t.status.Tasks = append(t.status.Tasks, task)
	}
	t.show(ctx)
}

// stuck returns the stages of a system that wait for a person: those that only a
// person can do, and when the lock is among them, all that is open, since nothing
// else is done to an account that is not locked.
func (t *termination) stuck(system string) []access.Stage {
	open := t.status.Grid.Open(system)
	if t.status.Grid.At(access.Lock, system) == access.Manual {
		return open
	}
	return slices.DeleteFunc(open, func(stage access.Stage) bool { return t.status.Grid.At(stage, system) != access.Manual })
}

// closeTask closes the task of a system on which nothing is open any longer.
func (t *termination) closeTask(system string) {
	if i := t.task(system); i >= 0 && t.done(system) {
		t.status.Tasks = slices.Delete(t.status.Tasks, i, i+1)
	}
}

// done tells whether no cell of the system waits for a person or is being tried.
func (t *termination) done(system string) bool {
	return !slices.ContainsFunc(t.status.Grid.Open(system), func(stage access.Stage) bool {
		d := t.status.Grid.At(stage, system)
		return d == access.Manual || d == access.Running
	})
}

// task returns the index of the system's open task, or -1.
func (t *termination) task(id string) int {
	return slices.IndexFunc(t.status.Tasks, func(task plan.Task) bool { return task.ID == id })
}

// resolve closes a task on somebody's word: every cell that it kept open ends as d,
// what was still being tried is stopped, and what is left of the system goes on.
func (t *termination) resolve(ctx workflow.Context, id string, d access.Disposition) {
	i := t.task(id)
	if i < 0 {
		return
	}
	task := t.status.Tasks[i]
	t.drives.stop(task.System)
	for _, stage := range task.Stages {
		if t.status.Grid.At(stage, task.System).Open() {
			t.status.Grid.Set(stage, task.System, d)
		}
	}
	t.status.Tasks = slices.Delete(t.status.Tasks, i, i+1)
	t.show(ctx)
	t.goOn(ctx)
}

// goOn drives, once no step does so any longer, what is left to do on systems whose
// earlier stages have come to an end since.
func (t *termination) goOn(ctx workflow.Context) {
	if t.status.Phase != plan.Settled {
		return
	}
	for _, system := range t.systems {
		if stages := t.following(system); len(stages) > 0 && t.drives.running[system.Name] == nil {
			t.driveAlone(ctx, system, stages)
		}
	}
}

// retry tries a system again, from the first stage that is open. The task stays
// until it is done.
func (t *termination) retry(ctx workflow.Context, id string) {
	i := t.task(id)
	if i < 0 || t.drives.running[t.status.Tasks[i].System] != nil {
		return // it is being tried already
	}
	system := t.system(t.status.Tasks[i].System)
	stages := t.status.Tasks[i].Stages
	if stages[0] == access.Lock {
		stages = slices.DeleteFunc(slices.Clone(stages), func(s access.Stage) bool { return s != access.Lock && s != access.Revoke })
	}
	t.driveAlone(ctx, system, stages)
}

// driveAlone drives a system that no step waits for, through the stages and then
// through those that follow.
func (t *termination) driveAlone(ctx workflow.Context, system plan.System, stages []access.Stage) {
	for _, stage := range stages {
		t.mark(stage, system.Name, access.Running)
	}
	ctx, cancel := workflow.WithCancel(ctx)
	t.drives.begin(system.Name, cancel)
	t.drives.alone[system.Name] = true
	workflow.GoNamed(ctx, "alone", func(ctx workflow.Context) { t.driveSystem(ctx, system, stages) })
}

// again drives the whole case once more: somebody asks for an emergency while this
// one waits for people or clocks.
func (t *termination) again(ctx workflow.Context) {
	workflow.GoNamed(ctx, "again", func(ctx workflow.Context) { t.driveAll(ctx, t.systems, access.Lock, access.Revoke) })
}
