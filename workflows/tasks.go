package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// openTask hands what is open on a system to a person. A system has one task: a
// newer reason replaces the older, and the clock of the first goes on.
func (t *termination) openTask(ctx workflow.Context, why access.Error) {
	system := why.System
	open := t.status.Grid.Open(system)
	if len(open) == 0 {
		return
	}
	task := plan.NewTask(t.policy, system, open, why, workflow.Now(ctx))
	if i := t.task(system); i >= 0 {
		task.OpenedAt, task.Deadline = t.status.Tasks[i].OpenedAt, t.status.Tasks[i].Deadline
		t.status.Tasks[i] = task
	} else {
		t.status.Tasks = append(t.status.Tasks, task)
	}
	if !task.Retrying {
		t.status.Grid.Set(open[0], system, access.Manual)
		for _, stage := range open[1:] {
			t.status.Grid.Set(stage, system, access.Pending)
		}
	}
	t.show(ctx)
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
// and what was still being tried is stopped.
func (t *termination) resolve(ctx workflow.Context, id string, d access.Disposition) {
	i := t.task(id)
	if i < 0 {
		return
	}
	system := t.status.Tasks[i].System
	t.drives.stop(system)
	for _, stage := range t.status.Grid.Open(system) {
		t.status.Grid.Set(stage, system, d)
	}
	t.status.Tasks = slices.Delete(t.status.Tasks, i, i+1)
	t.show(ctx)
}

// retry tries a system again, from the first stage that is open. The task stays
// until it is done.
func (t *termination) retry(ctx workflow.Context, id string) {
	i := t.task(id)
	if i < 0 || t.drives.running[t.status.Tasks[i].System] != nil {
		return // it is being tried already
	}
	system := t.system(t.status.Tasks[i].System)
	stages := t.status.Grid.Open(system.Name)
	if stages[0] == access.Lock && slices.Contains(stages, access.Revoke) {
		stages = []access.Stage{access.Lock, access.Revoke}
	} else {
		stages = stages[:1]
	}
	for _, stage := range stages {
		t.status.Grid.Set(stage, system.Name, access.Running)
	}
	ctx, cancel := workflow.WithCancel(ctx)
	t.drives.begin(system.Name, cancel)
	t.drives.alone[system.Name] = true
	workflow.GoNamed(ctx, "retry", func(ctx workflow.Context) { t.driveSystem(ctx, system, stages) })
}

// again drives the whole case once more: somebody asks for an emergency while this
// one waits for people or clocks.
func (t *termination) again(ctx workflow.Context) {
	idle := slices.DeleteFunc(slices.Clone(t.systems), func(s plan.System) bool { return t.task(s.Name) >= 0 })
	workflow.GoNamed(ctx, "again", func(ctx workflow.Context) { t.driveAll(ctx, idle, access.Lock, access.Revoke) })
}
