package plan

import (
	"slices"
	"time"

	"github.com/killsignal/killsignal/access"
)

// The rules by which the grid and the tasks of a case move. One holds always: an
// open cell is being driven, or is kept open by a task, or waits for an earlier
// stage of its system.

// Begin marks the open cells of a system that is about to be driven.
func (s *Status) Begin(system string, stages []access.Stage) {
	for _, stage := range stages {
		if s.Grid.At(stage, system).Open() {
			s.Grid.Set(stage, system, access.Running)
		}
	}
	s.contain()
}

// Applied is what comes next for a system whose drive has ended.
type Applied int

// What comes next.
const (
	Done   Applied = iota // its cells are closed, or a person has them
	Repeat                // it shall be tried again
)

// Apply puts the end of a drive into the grid: how each of the stages stands, and
// why, when one is not done. What only a person can do becomes a task.
func (s *Status) Apply(system string, stages []access.Stage, ends []access.Disposition, why access.Error, p Policy, now time.Time) Applied {
	for i, stage := range stages {
		s.mark(stage, system, ends[i])
	}
	defer s.contain()
	switch access.Worst(ends...) {
	case access.Running:
		return Repeat
	case access.Manual:
		why.System = system
		s.Hand(why, p, now)
	default:
		s.settle(system)
	}
	return Done
}

// mark sets a cell. A cell that a person has vouched for gives way only to proof. A
// system that has no cell for a second read answers it in its lock cell: the lock is
// open again when that read finds the account alive, and closed when it does not.
func (s *Status) mark(stage access.Stage, system string, d access.Disposition) {
	if stage == access.Verify && s.Grid.At(stage, system) == "" {
		if stage = access.Lock; !d.Open() && !s.Grid.At(stage, system).Open() {
			return // a lock that was verified stays so, also when the account is gone now
		}
	}
	now := s.Grid.At(stage, system)
	if d == "" || (now == access.Vouched || now == access.Excepted) && d.Open() {
		return
	}
	s.Grid.Set(stage, system, d)
}

// Locked notes when a lock was verified; the case is contained by the last one.
func (s *Status) Locked(at time.Time) {
	if at.After(s.LockedAt) {
		s.LockedAt = at
	}
}

// contain keeps the instant of containment: set once, when the last lock is
// verified, and taken back when a lock is open again.
func (s *Status) contain() {
	switch {
	case !s.Grid.Contained():
		s.ContainedAt = time.Time{}
	case s.ContainedAt.IsZero():
		s.ContainedAt = s.LockedAt
	}
}

// Hand gives what keeps a system from its end to a person. A system has one task: a
// newer reason replaces the older, and the clock of the first goes on. While trying
// goes on, the task is about all that is open.
func (s *Status) Hand(why access.Error, p Policy, now time.Time) {
	if lock := s.Grid.At(access.Lock, why.System); lock == access.Verified && len(s.Grid.Open(why.System)) == 0 {
		s.Grid.Set(access.Lock, why.System, access.Running) // a later read of it is in trouble
	}
	open := s.Grid.Open(why.System)
	if len(open) == 0 {
		return
	}
	if !why.Code.Transient() {
		s.giveUp(why.System, open)
	}
	stuck := s.Stuck(why.System)
	if len(stuck) == 0 {
		stuck = open
	}
	task := NewTask(p, why.System, stuck, why, now)
	if i := s.Task(why.System); i >= 0 {
		task.OpenedAt, task.Deadline = s.Tasks[i].OpenedAt, s.Tasks[i].Deadline
		s.Tasks[i] = task
	} else {
		s.Tasks = append(s.Tasks, task)
	}
	s.contain()
}

// giveUp turns what is being tried on a system into a person's work: all of it waits
// for the lock, when that is among it.
func (s *Status) giveUp(system string, open []access.Stage) {
	for _, stage := range open {
		if s.Grid.At(stage, system) == access.Running {
			s.Grid.Set(stage, system, access.Manual)
			if stage == access.Lock {
				break
			}
		}
	}
	if len(s.Stuck(system)) == 0 {
		s.Grid.Set(open[0], system, access.Manual)
	}
	if s.Grid.At(access.Lock, system) == access.Manual {
		for _, stage := range open {
			if s.Grid.At(stage, system) == access.Running {
				s.Grid.Set(stage, system, access.Pending)
			}
		}
	}
}

// Doubt is a cell that the case holds for done and the evidence does not.
type Doubt struct {
	System string       `json:"system"`
	Stage  access.Stage `json:"stage"`
}

// Reopen gives a cell that the case held for done back to a person.
func (s *Status) Reopen(doubt Doubt, why access.Error, p Policy, now time.Time) {
	if doubt.Stage == "" || s.Grid.At(doubt.Stage, doubt.System) == "" {
		doubt.Stage = access.Lock
	}
	s.Grid.Set(doubt.Stage, doubt.System, access.Manual)
	why.System = doubt.System
	s.Hand(why, p, now)
}

// Renew begins a system anew: an account has been named that it has not been driven
// for.
func (s *Status) Renew(system string) {
	for _, stage := range access.Stages() {
		s.Grid.Set(stage, system, access.Pending)
	}
	s.settle(system)
}

// Task returns the index of an open task, or -1.
func (s *Status) Task(id string) int {
	return slices.IndexFunc(s.Tasks, func(task Task) bool { return task.ID == id })
}

// Stuck returns the stages of a system that wait for a person: those that only a
// person can do, and when the lock is among them, all that is open, since nothing
// else is done to an account that is not locked.
func (s *Status) Stuck(system string) []access.Stage {
	open := s.Grid.Open(system)
	if s.Grid.At(access.Lock, system) == access.Manual {
		return open
	}
	return slices.DeleteFunc(open, func(stage access.Stage) bool { return s.Grid.At(stage, system) != access.Manual })
}

// Resolve closes, on somebody's word, those cells of a task that the word was about.
// The task ends when nothing else of the system waits for a person.
func (s *Status) Resolve(id string, stages []access.Stage, d access.Disposition) {
	i := s.Task(id)
	if i < 0 {
		return
	}
	system := s.Tasks[i].System
	for _, stage := range stages {
		if s.Grid.At(stage, system).Open() {
			s.Grid.Set(stage, system, d)
		}
	}
	s.settle(system)
}

// settle ends the task of a system, or narrows it to what still waits for a person.
func (s *Status) settle(system string) {
	defer s.contain()
	i := s.Task(system)
	if i < 0 {
		return
	}
	stuck := s.Stuck(system)
	trying := slices.ContainsFunc(s.Grid.Open(system), func(stage access.Stage) bool { return s.Grid.At(stage, system) == access.Running })
	switch {
	case len(stuck) > 0:
		s.Tasks[i].Stages = stuck
	case !trying:
		s.Tasks = slices.Delete(s.Tasks, i, i+1)
	}
}

// Ready tells whether a stage of a system may begin: its cell waits, the account is
// locked or gone, and nothing before it is still being done. What waits for a person
// holds up nothing but itself.
func (s *Status) Ready(system string, stage access.Stage) bool {
	if s.Grid.At(stage, system) != access.Pending || stage != access.Lock && s.Grid.At(access.Lock, system).Open() {
		return false
	}
	for _, earlier := range access.Stages()[:slices.Index(access.Stages(), stage)] {
		if d := s.Grid.At(earlier, system); d == access.Pending || d == access.Running {
			return false
		}
	}
	return true
}

// Following returns what a system does next by itself: the first stage that waits
// for nothing but its turn.
func (s *Status) Following(system string) []access.Stage {
	for _, stage := range access.Stages() {
		if s.Ready(system, stage) {
			return []access.Stage{stage}
		}
	}
	return nil
}

// Retried returns the stages that trying a system again begins with.
func (s *Status) Retried(system string) []access.Stage {
	open := s.Grid.Open(system)
	if len(open) == 0 || open[0] != access.Lock {
		return open[:min(len(open), 1)]
	}
	return slices.DeleteFunc(open, func(stage access.Stage) bool { return stage != access.Lock && stage != access.Revoke })
}

// Forsaken returns the systems with open cells that nobody works on: neither driven,
// nor a person's, nor about to begin. There should be none.
func (s *Status) Forsaken(driven func(system string) bool) []string {
	return slices.DeleteFunc(slices.Clone(s.Grid.Systems), func(system string) bool {
		return len(s.Grid.Open(system)) == 0 || driven(system) || s.Task(system) >= 0 || len(s.Following(system)) > 0
	})
}

// Idle tells whether the grid and the tasks leave nothing to wait for.
func (s *Status) Idle() bool {
	return len(s.Tasks) == 0 && !slices.ContainsFunc(s.Grid.Systems, func(system string) bool { return len(s.Grid.Open(system)) > 0 })
}
