package plan_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func started(systems ...plan.System) *plan.Status {
	return &plan.Status{Grid: plan.NewGrid(systems)}
}

func TestApply(t *testing.T) {
	lockAndRevoke := []access.Stage{access.Lock, access.Revoke}
	for _, c := range []struct {
		name         string
		lock, revoke access.Disposition
		code         access.Code
		next         plan.Applied
		task         []access.Stage
		row          string
	}{
		{"both verified leave nothing", access.Verified, access.Verified, "", plan.Done, nil, "v v"},
		{"no account leaves nothing", access.Gone, access.Gone, "", plan.Done, nil, "a a"},
		{"a lock that only a person can do keeps all that is open", access.Manual, access.Pending, access.Denied, plan.Done, lockAndRevoke, "m p"},
		{"a right that only a person can remove keeps itself", access.Verified, access.Manual, access.Unsupported, plan.Done, []access.Stage{access.Revoke}, "v m"},
		{"trouble that may heal is tried again", access.Running, access.Pending, access.Unavailable, plan.Repeat, nil, "r p"},
		{"trouble that may heal comes before what a person must do", access.Running, access.Manual, access.Unavailable, plan.Repeat, nil, "r m"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := started(plan.System{Name: "crm"})
			s.Begin("crm", lockAndRevoke)
			next := s.Apply("crm", lockAndRevoke, []access.Disposition{c.lock, c.revoke}, access.Error{Code: c.code}, plan.DefaultPolicy(), noon)
			require.Equal(t, c.next, next)
			require.Equal(t, c.row, s.Grid.Rows[access.Lock]+" "+s.Grid.Rows[access.Revoke])
			if c.task == nil {
				require.Empty(t, s.Tasks)
				return
			}
			require.Equal(t, c.task, s.Tasks[0].Stages)
		})
	}
	t.Run("a word gives way to proof and to nothing else", func(t *testing.T) {
		s := started(plan.System{Name: "crm"})
		s.Hand(access.Error{System: "crm", Code: access.Denied}, plan.DefaultPolicy(), noon)
		s.Resolve("crm", lockAndRevoke, access.Vouched)
		s.Apply("crm", lockAndRevoke, []access.Disposition{access.Running, access.Running}, access.Error{}, plan.DefaultPolicy(), noon)
		require.Equal(t, access.Vouched, s.Grid.At(access.Lock, "crm"))
		s.Apply("crm", lockAndRevoke, []access.Disposition{access.Verified, access.Verified}, access.Error{}, plan.DefaultPolicy(), noon)
		require.Equal(t, access.Verified, s.Grid.At(access.Lock, "crm"))
	})
	t.Run("a second read without a cell reopens the lock, heals it, and leaves it when the account is gone", func(t *testing.T) {
		s := started(plan.System{Name: "crm"})
		verify := func(d access.Disposition) {
			s.Apply("crm", []access.Stage{access.Verify}, []access.Disposition{d}, access.Error{Code: access.NotConverged}, plan.DefaultPolicy(), noon)
		}
		s.Apply("crm", lockAndRevoke, []access.Disposition{access.Verified, access.Verified}, access.Error{}, plan.DefaultPolicy(), noon)
		verify(access.Running)
		require.Equal(t, access.Running, s.Grid.At(access.Lock, "crm"))
		verify(access.Verified)
		require.Equal(t, access.Verified, s.Grid.At(access.Lock, "crm"))
		verify(access.Gone)
		require.Equal(t, access.Verified, s.Grid.At(access.Lock, "crm"))
	})
}

func TestContainedAt(t *testing.T) {
	lock := []access.Stage{access.Lock}
	s := started(plan.System{Name: "crm"}, plan.System{Name: "wiki"})
	end := func(system string, d access.Disposition, at time.Time) {
		if !d.Open() {
			s.Locked(at)
		}
		s.Apply(system, lock, []access.Disposition{d}, access.Error{Code: access.Denied}, plan.DefaultPolicy(), at)
	}
	end("crm", access.Verified, noon)
	require.True(t, s.ContainedAt.IsZero(), "one lock is open")
	end("wiki", access.Verified, noon.Add(time.Minute))
	require.Equal(t, noon.Add(time.Minute), s.ContainedAt)
	end("crm", access.Verified, noon.Add(time.Hour))
	require.Equal(t, noon.Add(time.Minute), s.ContainedAt, "driving again does not move it")
	end("crm", access.Manual, noon.Add(2*time.Hour))
	require.True(t, s.ContainedAt.IsZero(), "a lock is open again")
}

// Whatever happens to a case, in whatever order, no open cell is forgotten, and a
// case that is idle has none.
func TestNoOpenCellIsForgotten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		systems := []plan.System{{Name: "crm"}, {Name: "entra", Settle: time.Minute, Stages: access.Stages()}, {Name: "wiki", Stages: []access.Stage{access.Lock}}}
		s := started(systems...)
		driven := map[string][]access.Stage{}
		begin := func(system string, stages []access.Stage) {
			if driven[system] == nil && len(stages) > 0 {
				driven[system] = stages
				s.Begin(system, stages)
			}
		}
		for _, system := range systems {
			begin(system.Name, []access.Stage{access.Lock, access.Revoke})
		}
		anEnd := rapid.SampledFrom([]access.Disposition{access.Verified, access.Verified, access.Gone, access.Manual, access.Running})
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			system := rapid.SampledFrom(systems).Draw(t, "system").Name
			switch rapid.SampledFrom([]string{"end", "end", "end", "next", "word", "late", "retry", "again", "probe", "doubt", "lost", "renew"}).Draw(t, "step") {
			case "end":
				if stages := driven[system]; stages != nil {
					ends := make([]access.Disposition, len(stages))
					for i := range stages {
						ends[i] = anEnd.Draw(t, "end")
						if s.Grid.At(stages[i], system) == "" && stages[i] != access.Verify {
							ends[i] = ""
						} else if i > 0 && ends[0].Open() {
							ends[i] = access.Pending
						}
					}
					code := access.Denied
					if access.Worst(ends...) == access.Running {
						code = access.Unavailable
					}
					delete(driven, system)
					if s.Apply(system, stages, ends, access.Error{Code: code}, plan.DefaultPolicy(), noon) == plan.Repeat {
						driven[system] = stages
					}
				}
			case "next":
				begin(system, s.Following(system))
			case "word":
				if i := s.Task(system); i >= 0 {
					s.Resolve(system, s.Tasks[i].Stages, rapid.SampledFrom([]access.Disposition{access.Vouched, access.Excepted}).Draw(t, "word"))
				}
			case "late":
				if driven[system] != nil {
					s.Hand(access.Error{System: system, Code: access.Unavailable}, plan.DefaultPolicy(), noon)
				}
			case "retry":
				if s.Task(system) >= 0 {
					begin(system, s.Retried(system))
				}
			case "again":
				begin(system, []access.Stage{access.Lock, access.Revoke})
			case "probe":
				begin(system, []access.Stage{access.Verify})
			case "doubt":
				stage := rapid.SampledFrom(access.Stages()).Draw(t, "stage")
				s.Reopen(plan.Doubt{System: system, Stage: stage}, access.Error{Code: access.Invalid}, plan.DefaultPolicy(), noon)
			case "lost":
				if driven[system] != nil {
					delete(driven, system)
					s.Hand(access.Error{System: system, Code: access.Invalid}, plan.DefaultPolicy(), noon)
				}
			case "renew":
				if driven[system] == nil {
					s.Renew(system)
					begin(system, []access.Stage{access.Lock, access.Revoke})
				}
			}
			forsaken := s.Forsaken(func(system string) bool { return driven[system] != nil })
			require.Empty(t, forsaken, "lock %q revoke %q verify %q reclaim %q tasks %v", s.Grid.Rows[access.Lock], s.Grid.Rows[access.Revoke],
				s.Grid.Rows[access.Verify], s.Grid.Rows[access.Reclaim], s.Tasks)
			if s.Idle() {
				require.NotEqual(t, plan.Incomplete, s.Grid.Judge())
			}
			require.Equal(t, s.Grid.Contained() && !s.LockedAt.IsZero(), !s.ContainedAt.IsZero())
		}
	})
}
