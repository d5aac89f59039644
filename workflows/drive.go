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
type drives struct {
	running map[string]workflow.CancelFunc
	// alone are the systems that no step waits for any longer: past patience, or
	// tried again on somebody's word. They take all stages that are left by themselves.
	alone map[string]bool
}

func newDrives() drives {
	return drives{running: map[string]workflow.CancelFunc{}, alone: map[string]bool{}}
}

func (d drives) none() bool { return len(d.running) == 0 }

// awaited tells whether a step still waits for a system.
func (d drives) awaited() bool { return len(d.running) > len(d.alone) }

func (d drives) begin(system string, cancel workflow.CancelFunc) { d.running[system] = cancel }

func (d drives) end(system string) {
	delete(d.running, system)
	delete(d.alone, system)
}

// stop cancels what runs on a system.
func (d drives) stop(system string) {
	if cancel := d.running[system]; cancel != nil {
		cancel()
	}
}

// driveAll takes the systems through the stages, in waves that all begin in one
// workflow task, and waits until they are done or patience is over. What is not
// done by then goes on alone, and a person is told.
func (t *termination) driveAll(ctx workflow.Context, systems []plan.System, stages ...access.Stage) {
	if ctx.Err() != nil {
		return
	}
	idle := slices.DeleteFunc(slices.Clone(systems), func(s plan.System) bool {
		return t.drives.running[s.Name] != nil || slices.Contains(t.stuck(s.Name), access.Lock)
	})
	for _, wave := range plan.Waves(idle, stages...) {
		ctx, cancel := workflow.WithCancel(ctx)
		for _, system := range wave.Systems {
			t.drives.begin(system, cancel)
			for _, stage := range stages {
				t.mark(stage, system, access.Running)
			}
		}
		workflow.GoNamed(ctx, "wave", func(ctx workflow.Context) { t.driveWave(ctx, wave, stages) })
	}
	if !t.drives.awaited() {
		return
	}
	waiting, stop := workflow.WithCancel(ctx)
	defer stop() // the timer of patience ends with the wait
	inTime, err := workflow.AwaitWithOptions(waiting, workflow.AwaitOptions{Timeout: t.policy.Patience,
		TimerOptions: workflow.TimerOptions{Summary: "patience: then a person is told"}}, func() bool { return !t.drives.awaited() })
	if err != nil {
		t.awaitStopped(ctx)
		return
	}
	if inTime {
		return
	}
	for _, system := range t.status.Grid.Systems {
		if t.drives.running[system] != nil && !t.drives.alone[system] {
			t.drives.alone[system] = true
			t.openTask(ctx, access.Error{Code: access.Unavailable, System: system})
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
		t.driveSystem(ctx, t.system(wave.Systems[0]), stages)
		return
	}
	var result activities.DriveResult
	err := workflow.ExecuteActivity(forWave(ctx, t.queue(wave.Queue), len(wave.Systems), stages), verbs.DriveWave, activities.DriveInput{
		Case: t.status.Case, Subject: t.status.Subject, Accounts: t.request.Accounts,
		Systems: wave.Systems, Stages: stages, Budget: t.policy.Budget}).Get(ctx, &result)
	if err != nil {
		// A wave that cannot run at all says nothing of its systems: each is tried
		// by itself, and its own trouble is told.
		workflow.GetLogger(ctx).Warn("wave did not end as it should; its systems go on alone", "systems", len(wave.Systems), "error", err)
		result = activities.DriveResult{}
	}
	left := t.apply(ctx, wave.Systems, stages, result)
	for _, name := range wave.Systems {
		if !slices.Contains(left, name) || ctx.Err() != nil {
			t.drives.end(name)
			continue
		}
		ctx, cancel := workflow.WithCancel(ctx)
		t.drives.begin(name, cancel)
		workflow.GoNamed(ctx, "straggler", func(ctx workflow.Context) { t.driveSystem(ctx, t.system(name), stages) })
	}
}

// driveSystem drives one system until it is done or only a person can go on.
func (t *termination) driveSystem(ctx workflow.Context, system plan.System, stages []access.Stage) {
	defer t.drives.end(system.Name)
	for {
		var result activities.DriveResult
		err := workflow.ExecuteActivity(forSystem(ctx, t.queue(system.Queue), system.Name, stages), verbs.DriveSystem, activities.DriveInput{
			Case: t.status.Case, Subject: t.status.Subject, Accounts: t.request.Accounts,
			Systems: []string{system.Name}, Stages: stages}).Get(ctx, &result)
		if ctx.Err() != nil {
			t.apply(ctx, []string{system.Name}, stages, result)
			return
		}
		if err != nil {
			why := activities.ErrorOf(err)
			why.System = system.Name
			t.openTask(ctx, why)
			if !why.Code.Transient() || t.sleepUntil(ctx, workflow.Now(ctx).Add(time.Minute), "until "+system.Name+" is tried again") != nil {
				return
			}
			continue
		}
		t.apply(ctx, []string{system.Name}, stages, result)
		if !t.drives.alone[system.Name] {
			return
		}
		if stages = t.following(system); len(stages) == 0 {
			return
		}
		t.mark(stages[0], system.Name, access.Running)
		if stages[0] == access.Verify {
			if err := t.sleepUntil(ctx, workflow.Now(ctx).Add(system.Settle), "until "+system.Name+" shows its changes"); err != nil {
				return // cancelled
			}
		}
	}
}

// following returns what a system that goes alone does next: the first stage that
// waits for nothing but its turn.
func (t *termination) following(system plan.System) []access.Stage {
	for _, stage := range access.Stages() {
		if t.status.Grid.At(stage, system.Name) == access.Pending && len(t.ready([]plan.System{system}, stage)) > 0 {
			return []access.Stage{stage}
		}
	}
	return nil
}

// apply puts the result of a drive into the grid. It returns the systems that
// shall be tried again.
func (t *termination) apply(ctx workflow.Context, systems []string, stages []access.Stage, result activities.DriveResult) (left []string) {
	why := map[string]access.Error{}
	for _, e := range result.Open {
		why[e.System] = e
	}
	if result.LockedAt.After(t.status.ContainedAt) && slices.Contains(stages, access.Lock) {
		t.status.ContainedAt = result.LockedAt
	}
	if result.ResidualUntil.After(t.status.ResidualUntil) && slices.Contains(stages, access.Lock) {
		t.status.ResidualUntil = result.ResidualUntil
	}
	for i, system := range systems {
		if i < len(result.Outlives) && result.Outlives[i] == 'o' && !slices.Contains(t.outlives, system) {
			t.outlives = append(t.outlives, system)
		}
		worst := access.Running
		for _, stage := range stages {
			d := access.Running
			if row := result.Rows[stage]; i < len(row) {
				d = plan.DispositionOf(row[i])
			}
			t.mark(stage, system, d)
			if stage == stages[0] {
				worst = d
			}
			if d == access.Running || d == access.Manual {
				worst = d
			}
		}
		switch {
		case worst == access.Running:
			left = append(left, system)
		case worst == access.Manual:
			t.openTask(ctx, why[system])
		default:
			t.closeTask(system)
		}
	}
	t.show(ctx)
	return left
}

// mark sets a cell. A cell that a person has vouched for gives way only to proof.
// A system that has no cell for a second read falls back into its lock cell when
// that read finds it alive.
func (t *termination) mark(stage access.Stage, system string, d access.Disposition) {
	if lock := t.status.Grid.At(access.Lock, system); stage == access.Verify && t.status.Grid.At(stage, system) == "" && (d.Open() || lock.Open()) {
		stage = access.Lock
	}
	now := t.status.Grid.At(stage, system)
	if d == "" || (now == access.Vouched || now == access.Excepted) && d.Open() {
		return
	}
	t.status.Grid.Set(stage, system, d)
}

// ready returns the systems on which a stage may begin: it is open, the account is
// locked or gone, and nothing before it is still being done. What waits for a
// person holds up nothing but itself.
func (t *termination) ready(systems []plan.System, stage access.Stage) []plan.System {
	return slices.DeleteFunc(slices.Clone(systems), func(s plan.System) bool {
		if t.status.Grid.At(stage, s.Name) != access.Pending || t.status.Grid.At(access.Lock, s.Name).Open() {
			return true
		}
		for _, earlier := range access.Stages()[:slices.Index(access.Stages(), stage)] {
			if d := t.status.Grid.At(earlier, s.Name); d == access.Pending || d == access.Running {
				return true
			}
		}
		return false
	})
}

func (t *termination) system(name string) plan.System {
	i := slices.IndexFunc(t.systems, func(s plan.System) bool { return s.Name == name })
	if i < 0 {
		return plan.System{Name: name}
	}
	return t.systems[i]
}

func (t *termination) named(names []string) []plan.System {
	var systems []plan.System
	for _, name := range names {
		s := t.system(name)
		s.Stages = access.Stages() // the probe reads all of them, a cell or none
		systems = append(systems, s)
	}
	return systems
}

// queue is the task queue on which this case reaches a system's queue.
func (t *termination) queue(own string) string {
	if own == "" {
		return "" // the case's own
	}
	return EmergencyQueueOf(own)
}
