package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator"
	"github.com/killsignal/killsignal/plan"
	"github.com/killsignal/killsignal/workflows"
)

func TestWhatPeopleSayOfATaskCloses(t *testing.T) {
	t.Parallel()
	for _, does := range []struct {
		name    string
		say     func(h *house, task string)
		verdict plan.Verdict
		cell    access.Disposition
	}{
		{"attest, by the command line", func(h *house, task string) {
			h.says("attest", "P-1042", task, "--by", "sam", "--artefact", "ticket 7")
		}, plan.Excepted, access.Vouched},
		{"attest, as a signal", func(h *house, task string) {
			h.signal(workflows.AttestMessage, workflows.Resolution{Task: task, By: "sam", Reason: "locked by hand"})
		}, plan.Excepted, access.Vouched},
		{"skip, by the command line", func(h *house, task string) {
			h.says("skip", "P-1042", task, "--by", "sam", "--reason", "the vendor is gone")
		}, plan.Excepted, access.Excepted},
		{"skip, as a signal", func(h *house, task string) {
			h.signal(workflows.SkipMessage, workflows.Resolution{Task: task, By: "sam", Reason: "the vendor is gone"})
		}, plan.Excepted, access.Excepted},
		{"retry, by the command line, with the permission granted", func(h *house, task string) {
			h.allow(task)
			h.says("retry", "P-1042", task, "--by", "sam")
		}, plan.Complete, access.Verified},
		{"retry, as a signal, with the permission granted", func(h *house, task string) {
			h.allow(task)
			h.signal(workflows.RetryMessage, workflows.Resolution{Task: task, By: "sam"})
		}, plan.Complete, access.Verified},
	} {
		t.Run(does.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			task := h.denied()
			does.say(h, task)
			conclusion := h.closed(soon)
			require.Equal(t, does.verdict, conclusion.Verdict)
			r := h.newestReport("hr-1")
			require.Equal(t, does.verdict, r.Verdict.Word, "%s", r.Contradictions)
			for _, system := range r.Systems {
				if system.Name == task {
					require.Equal(t, does.cell, system.Cells[0].Disposition)
				}
			}
			require.Len(t, r.Statements, 1)
			require.Equal(t, "sam", r.Statements[0].By.Name)
			h.othersUntouched()
			if does.verdict == plan.Complete {
				h.complete(conclusion)
			}
		})
	}
}

func TestRetryWithoutThePermissionLeavesTheTask(t *testing.T) {
	t.Parallel()
	h := open(t)
	task := h.denied()
	tried := len(h.company.Fault(task).Requests())
	h.says("retry", "P-1042", task, "--by", "sam")
	h.until(soon, "the second attempt", func() bool {
		status, ok := h.status()
		return ok && len(h.company.Fault(task).Requests()) > tried && status.Grid.At(access.Lock, task) == access.Manual
	})
	status, _ := h.status()
	require.Equal(t, plan.Settled, status.Phase)
	require.Len(t, status.Tasks, 1)
}

// denied has one application deny the permission to lock, and waits until the case
// has settled with a task for it. It returns the task.
func (h *house) denied() (task string) {
	h.t.Helper()
	require.NoError(h.t, h.company.SwitchOn("denied"))
	h.submit("hr-1")
	status := h.settled(soon)
	require.Equal(h.t, plan.Settled, status.Phase)
	require.Equal(h.t, plan.Incomplete, status.Verdict)
	require.Len(h.t, status.Tasks, 1)
	require.Equal(h.t, access.Denied, status.Tasks[0].Code)
	for _, left := range h.company.Access(simulator.Leaver) {
		require.False(h.t, left.Kind == "account" && left.System != status.Tasks[0].System, "%s", left)
	}
	return status.Tasks[0].ID
}

// allow grants the permission again.
func (h *house) allow(system string) {
	for _, app := range h.company.Apps {
		if app.Name == system {
			app.Allow()
		}
	}
}

func (h *house) says(arguments ...string) {
	h.t.Helper()
	said := h.starter(arguments...)
	require.Zero(h.t, said.code, said.err)
}

func (h *house) signal(message string, r workflows.Resolution) {
	h.t.Helper()
	require.NoError(h.t, h.temporal.SignalWorkflow(h.t.Context(), id, "", message, r))
}
