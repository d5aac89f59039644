package workflows_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/activities"
	"github.com/killsignal/killsignal/plan"
	"github.com/killsignal/killsignal/workflows"
)

func alphabet(n int) []plan.System {
	return apps(strings.Split("abcdefghijklmnopqrstuvwxyz", "")[:n]...)
}

func ends(lock, revoke access.Disposition, code access.Code) answer {
	return answer{rows: map[access.Stage]access.Disposition{access.Lock: lock, access.Revoke: revoke}, err: &access.Error{Code: code}}
}

func (h *house) say(message, task string) {
	h.env.SignalWorkflow(message, workflows.Resolution{Task: task, By: "sam", Reason: "said so"})
}

func TestStragglersAndPeople(t *testing.T) {
	t.Run("a word about one system of a wave that nobody serves leaves the others to be driven", func(t *testing.T) {
		h := newHouse(t, alphabet(12)...) // waves of two
		h.wave = 10 * time.Hour
		h.after(time.Hour, func() { h.say(workflows.AttestMessage, "a") })
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict, "a word gives way to proof")
		require.Len(t, h.waves, 6)
	})
	t.Run("a wave of which every system is vouched for is waited for no longer", func(t *testing.T) {
		h := newHouse(t, alphabet(12)...)
		h.wave = 100 * time.Hour
		h.after(time.Hour, func() {
			for _, s := range alphabet(12) {
				h.say(workflows.AttestMessage, s.Name)
			}
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Less(t, conclusion.ClosedAt.Sub(conclusion.SettledAt), 2*time.Hour)
	})
	t.Run("a lock that can be tried again is, also when a person has something to do there", func(t *testing.T) {
		h := newHouse(t, alphabet(12)...)
		h.answers["a"] = []answer{ends(access.Running, access.Manual, access.Unavailable), done}
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
	})
	t.Run("retry does not wait for the next try of a straggler", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		tomorrow := answer{rows: down.rows, err: &access.Error{Code: access.RateLimited, RetryAfter: 24 * time.Hour}}
		h.answers["crm"] = []answer{tomorrow, done}
		h.after(time.Hour, func() { h.say(workflows.RetryMessage, "crm") })
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		require.Less(t, conclusion.ClosedAt.Sub(conclusion.SettledAt), 2*time.Hour)
	})
	t.Run("the leaver cannot have a system tried again", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{denied, done}
		h.after(time.Hour, func() {
			h.env.SignalWorkflow(workflows.RetryMessage, workflows.Resolution{Task: "crm", By: "P-1042"})
			h.after(time.Hour, func() {
				require.Len(t, h.status().Tasks, 1)
				h.env.CancelWorkflow()
			})
		})
		_, _ = h.run()
		require.Equal(t, "the leaver cannot resolve their own case", h.notes[0].Refused)
	})
	t.Run("a word closes what it was about, and not what came up while it was written down", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.note = time.Minute
		h.answers["crm"] = []answer{ends(access.Verified, access.Manual, access.Unsupported), ends(access.Manual, access.Pending, access.Denied)}
		second := request()
		second.Event = "hr-2"
		h.after(time.Hour, func() { h.env.SignalWorkflow(workflows.SubmitMessage, second) }) // drives again in a minute
		h.after(time.Hour+30*time.Second, func() { h.say(workflows.AttestMessage, "crm") })  // about revoke, written down in a minute
		h.after(2*time.Hour, func() {
			require.Equal(t, access.Manual, h.status().Grid.At(access.Lock, "crm"))
			require.Equal(t, access.Denied, h.status().Tasks[0].Code)
			h.env.CancelWorkflow()
		})
		_, _ = h.run()
	})
	t.Run("what a word makes possible is driven by itself, on the queue of its system", func(t *testing.T) {
		h := newHouse(t, plan.System{Name: "vault", Queue: "dc1", Settle: time.Minute, Stages: access.Stages()})
		h.answers["vault"] = []answer{ends(access.Running, access.Pending, access.Unavailable), ends(access.Manual, access.Pending, access.Denied), done}
		h.after(time.Hour, func() { h.say(workflows.RetryMessage, "vault") })
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		for _, queue := range h.queues {
			require.Equal(t, "dc1-emergency", queue)
		}
		require.NotEmpty(t, h.queues)
	})
}

func TestResidualAccess(t *testing.T) {
	t.Run("a lock that comes later brings a clock of its own", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		later := h.env.Now().Add(48 * time.Hour)
		h.answers["wiki"] = []answer{{until: h.env.Now().Add(2 * time.Hour)}, done}
		h.answers["crm"] = []answer{denied, {until: later}, done}
		h.after(time.Hour, func() { h.say(workflows.RetryMessage, "crm") })
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		require.False(t, conclusion.ClosedAt.Before(later))
	})
	t.Run("one that comes when none was there is waited for and ends", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		until := h.env.Now().Add(3 * time.Hour)
		h.answers["crm"] = []answer{denied, {until: until}, done}
		h.after(time.Hour, func() { h.say(workflows.RetryMessage, "crm") })
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		require.WithinDuration(t, until, conclusion.ClosedAt, time.Hour)
	})
	t.Run("a second read that answers nothing is tried, and then is a person's", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{{until: h.env.Now().Add(time.Hour)}, {rows: map[access.Stage]access.Disposition{access.Verify: access.Running},
			err: &access.Error{Code: access.NotConverged}}}
		h.after(10*time.Hour, func() {
			require.Equal(t, access.Running, h.status().Grid.At(access.Lock, "crm"))
			require.Len(t, h.status().Tasks, 1)
			h.say(workflows.SkipMessage, "crm")
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Excepted, conclusion.Verdict)
	})
}

func TestContainment(t *testing.T) {
	h := newHouse(t, apps("crm", "wiki")...)
	h.answers["crm"] = []answer{denied, done}
	h.after(time.Hour, func() {
		require.True(t, h.status().ContainedAt.IsZero(), "a lock is open")
		require.False(t, h.status().LockedAt.IsZero())
		h.say(workflows.RetryMessage, "crm")
	})
	conclusion, err := h.run()
	require.NoError(t, err)
	require.False(t, conclusion.ContainedAt.Before(conclusion.SettledAt.Add(50*time.Minute)))
}

func TestRequestsThatComeLate(t *testing.T) {
	event := func(id string) access.Request {
		r := request()
		r.Event = id
		return r
	}
	t.Run("one that comes while the case is being cancelled gets a run of its own", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{down}
		h.after(5*time.Minute, func() {
			h.env.CancelWorkflow()
			h.env.SignalWorkflow(workflows.SubmitMessage, event("hr-2"))
		})
		_, err := h.run()
		var again *workflow.ContinueAsNewError
		require.True(t, errors.As(err, &again), "%v", err)
		require.Empty(t, h.joins)
	})
	t.Run("of two that come too late the second joins the first", func(t *testing.T) {
		h := newHouse(t)
		h.admits = activities.Admission{HandledBefore: &plan.Conclusion{Case: "hr-1", HandledBefore: true}}
		h.joined = func(caseID string) string { return caseID }
		h.after(0, func() {
			h.update(workflows.SubmitMessage, "u2", event("hr-2"), func(result any, err error) {
				require.NoError(t, err)
				require.Equal(t, "hr-2", result.(workflows.Acceptance).Case)
			})
			h.update(workflows.SubmitMessage, "u3", event("hr-3"), func(result any, err error) {
				require.NoError(t, err)
				require.Equal(t, "hr-2", result.(workflows.Acceptance).Case)
				require.True(t, result.(workflows.Acceptance).Merged)
			})
		})
		_, err := h.run()
		var again *workflow.ContinueAsNewError
		require.True(t, errors.As(err, &again), "%v", err)
		require.Equal(t, "hr-3", h.joins[0].Event)
	})
	t.Run("accounts that are named in a request that joins are driven", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{denied}
		named := event("hr-2")
		named.Accounts = []access.AccountRef{{System: "wiki", ID: "forgotten"}}
		h.after(time.Hour, func() {
			h.env.SignalWorkflow(workflows.SubmitMessage, named)
			h.after(time.Hour, h.env.CancelWorkflow)
		})
		_, _ = h.run()
		last := h.singles[len(h.singles)-1]
		require.Equal(t, []string{"wiki"}, last.Systems)
		require.Equal(t, named.Accounts, last.Accounts)
	})
}

func TestAccountsNamedWhileTheCaseRuns(t *testing.T) {
	h := newHouse(t, append(alphabet(10), plan.System{Name: "y", Settle: time.Minute, Stages: access.Stages()}, plan.System{Name: "z", Settle: time.Minute, Stages: access.Stages()})...)
	h.wave = time.Minute
	named := request()
	named.Event, named.Accounts = "hr-2", []access.AccountRef{{System: "z", ID: "forgotten"}}
	h.after(10*time.Second, func() { h.env.SignalWorkflow(workflows.SubmitMessage, named) }) // the waves know nothing of it
	conclusion, err := h.run()
	require.NoError(t, err)
	require.Equal(t, plan.Complete, conclusion.Verdict)
	var known [][]access.Stage
	for _, in := range h.singles {
		if len(in.Accounts) > 0 && in.Systems[0] == "z" {
			known = append(known, in.Stages)
		}
	}
	require.Equal(t, [][]access.Stage{{access.Lock, access.Revoke}, {access.Verify}, {access.Reclaim}}, known)
}

func TestAWordWhileOthersAreProbed(t *testing.T) {
	h := newHouse(t, alphabet(12)...)
	until := h.env.Now().Add(2 * time.Hour)
	for _, s := range alphabet(4) {
		h.answers[s.Name] = []answer{{until: until}, done}
	}
	h.answers["a"] = []answer{{until: until, rows: ends(access.Verified, access.Manual, access.Unsupported).rows, err: &access.Error{Code: access.Unsupported}}, done}
	h.after(2*time.Hour-time.Second, func() { h.wave = 10 * time.Minute })
	h.after(2*time.Hour+time.Minute, func() {
		h.say(workflows.AttestMessage, "a")
		h.after(time.Minute, func() {
			status := h.status()
			require.Equal(t, "vvvvvvvvvvvv", status.Grid.Rows[access.Lock])
			require.Empty(t, status.Tasks)
		})
	})
	conclusion, err := h.run()
	require.NoError(t, err)
	require.Equal(t, plan.Excepted, conclusion.Verdict)
}

func TestASecondReadAlwaysWaitsForTheSettleTime(t *testing.T) {
	h := newHouse(t, alphabet(11)...)
	settling := plan.System{Name: "entra", Settle: 30 * time.Minute, Stages: []access.Stage{access.Lock, access.Revoke, access.Verify}}
	h.admits.Systems = append(h.admits.Systems, settling)
	h.wave = time.Hour // past patience: what follows is begun by itself
	conclusion, err := h.run()
	require.NoError(t, err)
	require.Equal(t, plan.Complete, conclusion.Verdict)
	require.GreaterOrEqual(t, conclusion.ClosedAt.Sub(conclusion.ContainedAt), 30*time.Minute)
}

func TestNoCaseClosesOnAWordThatTheEvidenceDoesNotBear(t *testing.T) {
	t.Run("a system in doubt is a person's, and the case goes on", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.contradicted = []plan.Doubt{{System: "wiki", Stage: access.Lock}}
		h.after(time.Hour, func() {
			status := h.status()
			require.Equal(t, plan.Settled, status.Phase)
			require.Equal(t, "wiki", status.Tasks[0].ID)
			require.True(t, status.ContainedAt.IsZero())
			h.contradicted = nil
			h.say(workflows.RetryMessage, "wiki")
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
	})
	t.Run("a doubt about another cell than the lock is about that cell", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.contradicted = []plan.Doubt{{System: "wiki", Stage: access.Revoke}}
		h.after(time.Hour, func() {
			require.Equal(t, access.Verified, h.status().Grid.At(access.Lock, "wiki"))
			require.Equal(t, []access.Stage{access.Revoke}, h.status().Tasks[0].Stages)
			h.contradicted = nil
			h.say(workflows.AttestMessage, "wiki")
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Excepted, conclusion.Verdict)
	})
	t.Run("a final report that cannot be written is tried until it can", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.unreported = 5
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		require.Equal(t, "report", conclusion.Report)
	})
}

func TestStragglersDoNotBeginAfterACancel(t *testing.T) {
	h := newHouse(t, alphabet(12)...)
	h.wave = 10 * time.Minute
	h.answers["a"] = []answer{down}
	h.after(5*time.Minute, h.env.CancelWorkflow)
	_, err := h.run()
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	require.Empty(t, h.singles)
}
