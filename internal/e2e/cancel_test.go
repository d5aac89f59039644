package e2e

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	"github.com/killsignal/killsignal/plan"
	"github.com/killsignal/killsignal/report"
)

func TestACancelledCaseStopsWithinSecondsAndItsLocksStay(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.company.Fault("wiki").Add(fault.Rule{Effect: fault.Hang()})
	h.submit("hr-1")
	h.cancelMidway("wiki")

	r := h.newestReport("hr-1")
	require.Equal(t, report.Final, r.Kind)
	require.Equal(t, plan.Cancelled, r.Verdict.Word)
	require.Contains(t, r.Verdict.Headline, "locks stay")
	t.Run("what was locked stays locked, and nothing is unlocked", func(t *testing.T) {
		for _, left := range h.company.Access(simulator.Leaver) {
			require.False(t, left.Kind == "account" && left.System != "wiki", "%s", left)
		}
		h.othersUntouched()
	})
	t.Run("the system that hung is open in the report", func(t *testing.T) {
		for _, system := range r.Systems {
			require.Equal(t, system.Name == "wiki", system.Standing == report.StandsOpen && system.Cells[0].Disposition.Open(), system.Name)
		}
	})
	t.Run("later stages are not done", func(t *testing.T) {
		require.Equal(t, h.before.pools, h.company.Entra.Pools(), "no seat was given back")
	})
	t.Run("that it was cancelled is on record", func(t *testing.T) {
		require.Equal(t, "cancel", r.Statements[0].What)
	})
}

func TestACancelledCaseEndsAfterWhatSomebodyHadTriedAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	task := h.denied()
	h.allow(task)
	var inHand atomic.Int64
	h.company.Fault(task).Add(fault.Rule{Effect: func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		inHand.Add(1)
		defer inHand.Add(-1)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}})
	h.says("retry", "P-1042", task, "--by", "sam")
	h.until(soon, "the retry", func() bool { return inHand.Load() > 0 })
	require.NoError(t, h.temporal.CancelWorkflow(t.Context(), id, ""))
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, h.ended(soon).GetWorkflowExecutionInfo().GetStatus())
	h.until(time.Second, "nothing to be in hand any longer", func() bool { return inHand.Load() == 0 })
	require.Equal(t, plan.Cancelled, h.newestReport("hr-1").Verdict.Word)
}

// cancelMidway cancels the case, as the button in the Temporal UI does, when
// everything but one system is locked, and holds that it ends so within seconds.
func (h *house) cancelMidway(but string) {
	h.t.Helper()
	h.until(soon, "the other locks", func() bool {
		status, ok := h.status()
		return ok && status.Grid.Count(access.Lock)[access.Verified] == len(h.before.truth)-1 &&
			status.Grid.Count(access.Revoke)[access.Verified] == len(h.before.truth)-1 && status.Grid.At(access.Lock, but) == access.Running
	})
	began := time.Now()
	require.NoError(h.t, h.temporal.CancelWorkflow(h.t.Context(), id, ""))
	require.Equal(h.t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, h.ended(soon).GetWorkflowExecutionInfo().GetStatus())
	require.Less(h.t, time.Since(began), 15*time.Second)
}
