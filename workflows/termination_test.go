package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/activities"
	"github.com/killsignal/killsignal/plan"
	"github.com/killsignal/killsignal/workflows"
)

// house answers the activities of one case, system by system, and keeps what was
// asked of it. Only time is simulated here: what activities do is tested elsewhere.
type house struct {
	mu      sync.Mutex // activities run side by side
	t       *testing.T
	env     *testsuite.TestWorkflowEnvironment
	admits  activities.Admission
	refuses error
	// answers has, per system, what each drive of it answers in turn; the last one
	// stays. A system without answers is done at once.
	answers  map[string][]answer
	waves    []activities.DriveInput
	singles  []activities.DriveInput
	notes    []access.Statement
	reports  []activities.ReportInput
	closes   []activities.CloseInput
	joins    []access.Request
	joinedBy string
	joined   func(caseID string) string

	queues       []string
	wave, note   time.Duration // how long these activities take
	contradicted []plan.Doubt  // what the final report does not bear out
	unreported   int           // how often the report cannot be written
}

// answer is how one drive of one system ends.
type answer struct {
	rows  map[access.Stage]access.Disposition // nil: everything verified
	err   *access.Error
	until time.Time
}

var (
	done   = answer{}
	denied = answer{rows: map[access.Stage]access.Disposition{access.Lock: access.Manual, access.Revoke: access.Pending},
		err: &access.Error{Code: access.Denied, Status: 403}}
	down = answer{rows: map[access.Stage]access.Disposition{access.Lock: access.Running, access.Revoke: access.Pending, access.Verify: access.Running},
		err: &access.Error{Code: access.Unavailable}}
)

func newHouse(t *testing.T, systems ...plan.System) *house {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	h := &house{t: t, env: suite.NewTestWorkflowEnvironment(), answers: map[string][]answer{}}
	policy := plan.DefaultPolicy()
	h.admits = activities.Admission{Case: "hr-1", Systems: systems, Policy: policy}
	h.env.RegisterWorkflowWithOptions(workflows.Termination, workflow.RegisterOptions{Name: workflows.TerminationName})
	h.env.RegisterActivity(&activities.Activities{})
	h.env.SetTestTimeout(20 * time.Second)
	h.env.SetWorkflowRunTimeout(1000 * time.Hour)
	h.env.OnActivity("Admit", mock.Anything, mock.Anything).Return(func(context.Context, activities.AdmitInput) (activities.Admission, error) {
		return h.admits, h.refuses
	})
	h.env.OnActivity("DriveWave", mock.Anything, mock.Anything).AfterFn(func() time.Duration { return h.wave }).Return(func(_ context.Context, in activities.DriveInput) (activities.DriveResult, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.waves = append(h.waves, in)
		return h.drive(in), nil
	}).Maybe()
	h.env.OnActivity("DriveSystem", mock.Anything, mock.Anything).Return(func(ctx context.Context, in activities.DriveInput) (activities.DriveResult, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.queues = append(h.queues, activity.GetInfo(ctx).TaskQueue)
		h.singles = append(h.singles, in)
		result := h.drive(in)
		locked := strings.ContainsAny(result.Rows[access.Lock], "va") // told at once, whatever came after it
		if len(result.Open) > 0 && result.Open[0].Code.Transient() && !locked {
			e := result.Open[0]
			return activities.DriveResult{}, temporal.NewApplicationErrorWithOptions(e.Error(), string(e.Code), temporal.ApplicationErrorOptions{Details: []any{e}, NextRetryDelay: e.RetryAfter})
		}
		return result, nil
	}).Maybe()
	h.env.OnActivity("Note", mock.Anything, mock.Anything).AfterFn(func() time.Duration { return h.note }).Return(func(_ context.Context, s access.Statement) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.notes = append(h.notes, s)
		return nil
	}).Maybe()
	h.env.OnActivity("Join", mock.Anything, mock.Anything, mock.Anything).Return(func(_ context.Context, caseID string, r access.Request) (string, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.joins = append(h.joins, r)
		if h.joinedBy != "" {
			return h.joinedBy, nil
		}
		return caseID, nil
	}).Maybe()
	h.env.OnActivity("Report", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.ReportInput) (activities.ReportResult, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.unreported > 0 {
			h.unreported--
			return activities.ReportResult{}, temporal.NewNonRetryableApplicationError("invalid", string(access.Invalid), nil)
		}
		h.reports = append(h.reports, in)
		result := activities.ReportResult{Key: "report", Digest: "digest", Verdict: in.Status.Verdict}
		if in.Final {
			result.Contradicted = h.contradicted
		}
		return result, nil
	}).Maybe()
	h.env.OnActivity("Close", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.CloseInput) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.closes = append(h.closes, in)
		return nil
	}).Maybe()
	return h
}

func (h *house) drive(in activities.DriveInput) activities.DriveResult {
	result := activities.DriveResult{Rows: map[access.Stage]string{}}
	outlives := ""
	for _, system := range in.Systems {
		a := done
		if queue := h.answers[system]; len(queue) > 0 {
			a = queue[0]
			if len(queue) > 1 {
				h.answers[system] = queue[1:]
			}
		}
		for _, stage := range in.Stages {
			d := access.Verified
			if a.rows != nil {
				d = a.rows[stage]
			}
			result.Rows[stage] += string(plan.Letter(d))
		}
		if a.err != nil {
			e := *a.err
			e.System = system
			result.Open = append(result.Open, e)
		}
		if a.until.IsZero() {
			outlives += "."
			continue
		}
		outlives += "o"
		result.ResidualUntil = a.until
	}
	result.Outlives = outlives
	result.LockedAt = h.env.Now()
	return result
}

func request() access.Request {
	return access.Request{Event: "hr-1", Subject: "P-1042", Strategy: access.Emergency,
		RequestedBy: access.Actor{Name: "sam", Authority: access.Claimed}}
}

func (h *house) run() (plan.Conclusion, error) {
	h.env.ExecuteWorkflow(workflows.TerminationName, request())
	require.True(h.t, h.env.IsWorkflowCompleted())
	var conclusion plan.Conclusion
	if err := h.env.GetWorkflowError(); err != nil {
		return conclusion, err
	}
	require.NoError(h.t, h.env.GetWorkflowResult(&conclusion))
	return conclusion, nil
}

func (h *house) status() plan.Status {
	value, err := h.env.QueryWorkflow(workflows.StatusQuery)
	require.NoError(h.t, err)
	var status plan.Status
	require.NoError(h.t, value.Get(&status))
	return status
}

// after does something at an instant of the case, in its own time.
func (h *house) after(d time.Duration, do func()) { h.env.RegisterDelayedCallback(do, d) }

// update sends a message as an update and returns what became of it.
func (h *house) update(name, id string, message any, then func(result any, err error)) {
	h.env.UpdateWorkflow(name, id, &testsuite.TestUpdateCallback{
		OnAccept: func() {}, OnReject: func(err error) { then(nil, err) }, OnComplete: then}, message)
}

func apps(names ...string) []plan.System {
	var systems []plan.System
	for _, name := range names {
		systems = append(systems, plan.System{Name: name})
	}
	return systems
}

func TestTermination(t *testing.T) {
	t.Run("it locks identity providers alone and all others in waves, at once, and closes complete", func(t *testing.T) {
		systems := append(apps("crm", "wiki"), plan.System{Name: "okta", IdentityProvider: true})
		for _, name := range strings.Split("abcdefghijklmnopqr", "") {
			systems = append(systems, plan.System{Name: name})
		}
		h := newHouse(t, systems...)
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		require.Equal(t, []string{"okta"}, h.singles[0].Systems)
		require.Len(t, h.waves, 10)
		require.Equal(t, []access.Stage{access.Lock, access.Revoke}, h.waves[0].Stages)
		require.Len(t, h.reports, 1, "nothing is waited for, so one report says all")
		require.True(t, h.reports[0].Final)
		require.Equal(t, "hr-1", h.closes[0].Conclusion.Case)
	})

	t.Run("a system that is down is tried again until it answers", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki", "a", "b", "c", "d", "e", "f", "g", "h", "i")...)
		h.answers["crm"] = []answer{down, down, down, done}
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		require.Len(t, h.singles, 4, "the system of the last wave, and three attempts at crm by itself")
	})

	t.Run("a lock that holds is told at once, and what cannot follow it yet is tried by itself", func(t *testing.T) {
		h := newHouse(t, plan.System{Name: "okta", IdentityProvider: true})
		h.answers["okta"] = []answer{{rows: map[access.Stage]access.Disposition{access.Lock: access.Verified, access.Revoke: access.Running},
			err: &access.Error{Code: access.Unavailable}}, down, done}
		h.after(500*time.Millisecond, func() {
			require.Equal(t, access.Verified, h.status().Grid.At(access.Lock, "okta"))
			require.Equal(t, access.Running, h.status().Grid.At(access.Revoke, "okta"))
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		require.Equal(t, [][]access.Stage{{access.Lock, access.Revoke}, {access.Revoke}, {access.Revoke}},
			[][]access.Stage{h.singles[0].Stages, h.singles[1].Stages, h.singles[2].Stages})
	})

	t.Run("past patience a person is told, trying goes on, and success closes the task", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = append(slices.Repeat([]answer{down}, 40), done)
		h.after(20*time.Minute, func() {
			status := h.status()
			require.Equal(t, plan.Settled, status.Phase)
			require.Len(t, status.Tasks, 1)
			require.True(t, status.Tasks[0].Retrying)
			require.Len(t, h.reports, 1)
			require.False(t, h.reports[0].Final)
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		require.Zero(t, conclusion.Open)
	})

	t.Run("denied becomes a task, and the case settles and does not close", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{denied}
		h.after(time.Hour, func() {
			status := h.status()
			require.Equal(t, plan.Settled, status.Phase)
			require.Equal(t, plan.Incomplete, status.Verdict)
			require.Equal(t, access.Manual, status.Grid.At(access.Lock, "crm"))
			require.Equal(t, access.Denied, status.Tasks[0].Code)
			require.Len(t, h.reports, 1)
			h.update(workflows.AttestMessage, "u1", workflows.Resolution{Task: "crm", By: "sam", Artefact: "ticket 7"}, func(result any, err error) {
				require.NoError(t, err)
				require.Empty(t, result.(plan.Status).Tasks)
			})
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Excepted, conclusion.Verdict)
		final := h.reports[len(h.reports)-1].Status
		require.Equal(t, access.Vouched, final.Grid.At(access.Lock, "crm"))
		require.Equal(t, access.Vouched, final.Grid.At(access.Revoke, "crm"))
		require.Equal(t, "attest", h.notes[0].What)
		require.Equal(t, access.Claimed, h.notes[0].By.Authority)
	})

	t.Run("retry drives the system again, and what it finds closes the task", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{denied, done}
		h.after(time.Hour, func() {
			h.env.SignalWorkflow(workflows.RetryMessage, workflows.Resolution{Task: "crm", By: "sam"})
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		require.Equal(t, "retry", h.notes[0].What)
	})

	t.Run("a skipped task stays an exception with its reason", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{denied}
		h.after(time.Hour, func() {
			h.update(workflows.SkipMessage, "u1", workflows.Resolution{Task: "crm", By: "sam"}, func(_ any, err error) {
				require.ErrorContains(t, err, "skip needs a reason")
			})
			h.env.SignalWorkflow(workflows.SkipMessage, workflows.Resolution{Task: "crm", By: "sam", Reason: "the vendor is gone"})
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Excepted, conclusion.Verdict)
		require.Equal(t, access.Excepted, h.reports[len(h.reports)-1].Status.Grid.At(access.Lock, "crm"))
	})

	t.Run("a straggler that somebody attests is not tried any longer", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{down}
		h.after(time.Hour, func() {
			h.env.SignalWorkflow(workflows.AttestMessage, workflows.Resolution{Task: "crm", By: "sam", Reason: "switched off for good"})
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Excepted, conclusion.Verdict)
	})

	t.Run("a right that only a person can remove holds up neither the second read nor the seats", func(t *testing.T) {
		h := newHouse(t, plan.System{Name: "entra", IdentityProvider: true, Settle: 30 * time.Second, Stages: access.Stages()})
		h.answers["entra"] = []answer{{
			rows: map[access.Stage]access.Disposition{access.Lock: access.Verified, access.Revoke: access.Manual},
			err:  &access.Error{Code: access.Unsupported, Hint: "exclude the person from the rule"}}, done}
		h.after(time.Hour, func() {
			status := h.status()
			require.Equal(t, []access.Stage{access.Revoke}, status.Tasks[0].Stages)
			require.Equal(t, access.Verified, status.Grid.At(access.Verify, "entra"))
			require.Equal(t, access.Verified, status.Grid.At(access.Reclaim, "entra"))
			h.env.SignalWorkflow(workflows.AttestMessage, workflows.Resolution{Task: "entra", By: "sam", Reason: "excluded"})
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Excepted, conclusion.Verdict)
	})

	t.Run("what was blocked by a lock is done after somebody has vouched for the lock's system by a retry", func(t *testing.T) {
		h := newHouse(t, plan.System{Name: "entra", IdentityProvider: true, Settle: 30 * time.Second, Stages: access.Stages()})
		h.answers["entra"] = []answer{denied, done}
		h.after(time.Hour, func() {
			require.Equal(t, access.Stages(), h.status().Tasks[0].Stages)
			h.env.SignalWorkflow(workflows.RetryMessage, workflows.Resolution{Task: "entra", By: "sam"})
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		var stages [][]access.Stage
		for _, single := range h.singles {
			stages = append(stages, single.Stages)
		}
		require.Equal(t, [][]access.Stage{{access.Lock, access.Revoke}, {access.Lock, access.Revoke}, {access.Verify}, {access.Reclaim}}, stages)
	})

	t.Run("a system with a settle time is read again after it, and seats are reclaimed last", func(t *testing.T) {
		h := newHouse(t, plan.System{Name: "entra", IdentityProvider: true, Settle: 30 * time.Second, Stages: access.Stages()})
		started := h.env.Now()
		var at []time.Duration
		h.env.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) {
			at = append(at, h.env.Now().Sub(started))
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		require.Equal(t, [][]access.Stage{{access.Lock, access.Revoke}, {access.Verify}, {access.Reclaim}},
			[][]access.Stage{h.singles[0].Stages, h.singles[1].Stages, h.singles[2].Stages})
		require.GreaterOrEqual(t, at[2], 30*time.Second)
	})

	t.Run("tokens that cannot be recalled keep the case open until they are over and were looked for", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		until := h.env.Now().Add(time.Hour)
		h.answers["crm"] = []answer{{until: until}, done}
		h.after(30*time.Minute, func() { require.Equal(t, plan.Settled, h.status().Phase) })
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Complete, conclusion.Verdict)
		require.False(t, conclusion.ClosedAt.Before(until))
		last := h.singles[len(h.singles)-1]
		require.Equal(t, []string{"crm"}, last.Systems)
		require.Equal(t, []access.Stage{access.Verify}, last.Stages)
	})

	t.Run("an account that is alive again when its tokens are over reopens its lock", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{{until: h.env.Now().Add(time.Hour)}, {
			rows: map[access.Stage]access.Disposition{access.Verify: access.Manual}, err: &access.Error{Code: access.Denied}}}
		h.after(2*time.Hour, func() {
			require.Equal(t, access.Manual, h.status().Grid.At(access.Lock, "crm"))
			h.env.SignalWorkflow(workflows.SkipMessage, workflows.Resolution{Task: "crm", By: "sam", Reason: "accepted"})
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Excepted, conclusion.Verdict)
	})
}

func TestTerminationThatMayNotBegin(t *testing.T) {
	t.Run("an event that was handled before is answered with that conclusion, and nothing is done", func(t *testing.T) {
		h := newHouse(t, apps("crm")...)
		h.admits = activities.Admission{HandledBefore: &plan.Conclusion{Case: "hr-1", Verdict: plan.Complete, HandledBefore: true}}
		conclusion, err := h.run()
		require.NoError(t, err)
		require.True(t, conclusion.HandledBefore)
		require.Empty(t, h.waves)
		require.Empty(t, h.singles)
		require.Empty(t, h.reports)
	})
	t.Run("somebody whom nobody knows fails the case with the code", func(t *testing.T) {
		h := newHouse(t, apps("crm")...)
		h.refuses = temporal.NewNonRetryableApplicationError("not found", string(access.NotFound), nil)
		_, err := h.run()
		var failure *temporal.ApplicationError
		require.True(t, errors.As(err, &failure))
		require.Equal(t, string(access.NotFound), failure.Type())
	})
}

func TestCancelledTermination(t *testing.T) {
	t.Run("cancelled while a system is down, remaining steps stop, locks stay, and the report says so", func(t *testing.T) {
		h := newHouse(t, append(apps("crm", "wiki"), plan.System{Name: "entra", IdentityProvider: true, Stages: access.Stages(), Settle: time.Hour})...)
		h.answers["crm"] = []answer{down}
		h.after(5*time.Minute, h.env.CancelWorkflow)
		_, err := h.run()
		require.True(t, temporal.IsCanceledError(err), "%v", err)
		require.Len(t, h.reports, 1)
		final := h.reports[0]
		require.True(t, final.Final)
		require.True(t, final.Status.Cancelled)
		require.Equal(t, plan.Cancelled, final.Status.Verdict)
		require.Equal(t, access.Verified, final.Status.Grid.At(access.Lock, "wiki"))
		require.Equal(t, access.Pending, final.Status.Grid.At(access.Lock, "crm"))
		require.Equal(t, access.Pending, final.Status.Grid.At(access.Reclaim, "entra"))
		require.Equal(t, plan.Cancelled, h.closes[0].Conclusion.Verdict)
		require.Equal(t, "cancel", h.notes[0].What)
	})
	t.Run("cancelled before anything was done, nothing is done and the report says so", func(t *testing.T) {
		h := newHouse(t, apps("crm")...)
		h.after(0, h.env.CancelWorkflow)
		_, err := h.run()
		require.True(t, temporal.IsCanceledError(err), "%v", err)
		require.Equal(t, plan.Cancelled, h.reports[0].Status.Verdict)
	})
	t.Run("cancelled while it waits for a person, it reports and ends", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{denied}
		h.after(time.Hour, h.env.CancelWorkflow)
		_, err := h.run()
		require.True(t, temporal.IsCanceledError(err), "%v", err)
		require.Len(t, h.reports, 2)
	})
}

func TestSubmit(t *testing.T) {
	second := request()
	second.Event = "hr-2"
	waiting := func(t *testing.T) *house {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{denied}
		return h
	}
	t.Run("the event that started the case changes nothing", func(t *testing.T) {
		h := waiting(t)
		h.after(time.Minute, func() {
			h.update(workflows.SubmitMessage, "u1", request(), func(result any, err error) {
				require.NoError(t, err)
				require.Equal(t, workflows.Acceptance{Case: "hr-1", Subject: "P-1042", Systems: 2}, result)
			})
			h.after(time.Minute, h.env.CancelWorkflow)
		})
		_, _ = h.run()
		require.Empty(t, h.joins)
	})
	t.Run("another event joins the live case, which is driven again when it had settled", func(t *testing.T) {
		h := waiting(t)
		var driven int
		h.after(time.Minute, func() {
			driven = len(h.waves) + len(h.singles)
			h.update(workflows.SubmitMessage, "u1", second, func(result any, err error) {
				require.NoError(t, err)
				require.True(t, result.(workflows.Acceptance).Merged)
				require.Equal(t, "hr-1", result.(workflows.Acceptance).Case)
			})
			h.after(time.Minute, h.env.CancelWorkflow)
		})
		_, _ = h.run()
		require.Len(t, h.joins, 1)
		require.Greater(t, len(h.waves)+len(h.singles), driven)
	})
	t.Run("an event that an earlier case of the person has handled is answered with that case", func(t *testing.T) {
		h := waiting(t)
		h.joinedBy = "hr-0"
		h.after(time.Minute, func() {
			h.update(workflows.SubmitMessage, "u1", second, func(result any, err error) {
				require.NoError(t, err)
				require.False(t, result.(workflows.Acceptance).Merged)
				require.Equal(t, "hr-0", result.(workflows.Acceptance).HandledBefore.Case)
			})
			h.after(time.Minute, h.env.CancelWorkflow)
		})
		_, _ = h.run()
	})
	t.Run("a new event that finds a run which only answers an old one gets a run of its own", func(t *testing.T) {
		h := newHouse(t)
		h.admits = activities.Admission{HandledBefore: &plan.Conclusion{Case: "hr-1", HandledBefore: true}}
		h.after(0, func() { h.env.SignalWorkflow(workflows.SubmitMessage, second) })
		_, err := h.run()
		var again *workflow.ContinueAsNewError
		require.True(t, errors.As(err, &again), "%v", err)
	})
	t.Run("a request about somebody else is refused", func(t *testing.T) {
		h := waiting(t)
		other := second
		other.Subject = "P-7"
		h.after(time.Minute, func() {
			h.update(workflows.SubmitMessage, "u1", other, func(_ any, err error) { require.ErrorContains(t, err, "another person") })
			h.after(time.Minute, h.env.CancelWorkflow)
		})
		_, _ = h.run()
		require.Empty(t, h.joins)
	})
}

func TestMessagesOnRecord(t *testing.T) {
	t.Run("a signal of the wrong shape is recorded, ignored, and harms nothing", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{denied}
		h.after(time.Minute, func() {
			h.env.SignalWorkflow(workflows.AttestMessage, []int{1, 2})
			h.env.SignalWorkflow(workflows.AttestMessage, "crm")
			h.env.SignalWorkflow(workflows.SkipMessage, workflows.Resolution{Task: "crm"})
		})
		h.after(time.Hour, func() {
			require.Equal(t, 3, h.status().Ignored)
			h.env.SignalWorkflow(workflows.AttestMessage, workflows.Resolution{Task: "crm", By: "sam", Reason: "done"})
		})
		conclusion, err := h.run()
		require.NoError(t, err)
		require.Equal(t, plan.Excepted, conclusion.Verdict)
		require.Len(t, h.notes, 4)
		require.NotEmpty(t, h.notes[0].Refused)
	})
	t.Run("a message about no task is refused inside the handler, on record", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{denied}
		h.after(time.Minute, func() {
			h.update(workflows.AttestMessage, "u1", workflows.Resolution{Task: "wiki", By: "sam", Reason: "x"}, func(_ any, err error) {
				require.ErrorContains(t, err, "no open task")
			})
			h.update(workflows.AttestMessage, "u2", workflows.Resolution{Task: "crm", By: "P-1042", Reason: "x"}, func(_ any, err error) {
				require.ErrorContains(t, err, "leaver")
			})
			h.after(time.Minute, h.env.CancelWorkflow)
		})
		_, _ = h.run()
		require.NotEmpty(t, h.notes[0].Refused)
		require.NotEmpty(t, h.notes[1].Refused)
	})
	t.Run("an e-mail address in a message is refused before it reaches the history", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{denied}
		h.after(time.Minute, func() {
			h.update(workflows.AttestMessage, "u1", workflows.Resolution{Task: "crm", By: "sam", Reason: "told ada@example.com"}, func(_ any, err error) {
				require.ErrorContains(t, err, "e-mail")
			})
			h.after(time.Minute, h.env.CancelWorkflow)
		})
		_, _ = h.run()
	})
	t.Run("a signal that waits when the case ends is not lost", func(t *testing.T) {
		h := newHouse(t, apps("crm", "wiki")...)
		h.answers["crm"] = []answer{denied}
		h.after(time.Minute, func() {
			h.env.SignalWorkflow(workflows.AttestMessage, workflows.Resolution{Task: "crm", By: "sam", Reason: "done"})
			h.env.SignalWorkflow(workflows.AttestMessage, workflows.Resolution{Task: "crm", By: "sam", Reason: "said twice"})
			h.env.SignalWorkflow(workflows.RetryMessage, workflows.Resolution{Task: "crm", By: "sam"})
		})
		_, err := h.run()
		require.NoError(t, err)
		require.Len(t, h.notes, 3)
	})
}
