package connectortest

import (
	"github.com/stretchr/testify/require"
	"net/http"
	"strings"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func driveChecks() []check {
	lock := []connectors.Capability{connectors.CanLock}
	return []check{
		{"drive", "it ends the leaver's access, in a fresh read and in truth", lock, once(endsAccess)},
		{"drive", "receipts tell what was done, and the state before and after", lock, once(tellsWhatWasDone)},
		{"drive", "one answer of not found does not make an account gone", lock, once(survivesOneNotFound)},
		{"drive", "a later case finds everything done and changes nothing", lock, once(findsItDone)},
	}
}

func endsAccess(t T, h *Harness) {
	before, rights := h.truth(t), removable(h.rights(t))
	h.settle(t, &Ledger{}, "case-1")
	h.requireEnded(t)
	after := h.truth(t)
	require.NotEqual(t, before, after, "the truth about the leaver")
	for _, right := range rights {
		// Where the truth spells ids as the connector does, they can be looked for.
		if id := `"` + right.ID + `"`; strings.Contains(before, id) {
			require.NotContains(t, after, id, "the truth still holds a %s", right.Type)
		}
	}
}

// requireEnded requires that fresh reads show no way in and nothing left.
func (h *Harness) requireEnded(t T) {
	t.Helper()
	state, err := h.Connector.State(t.Context(), h.ref())
	require.NoError(t, err)
	require.Contains(t, []access.Status{access.Locked, access.Absent}, state.Status)
	if state.Status == access.Absent {
		return
	}
	require.Empty(t, keys(removable(h.rights(t))), "removable rights")
	if ender, ok := h.Connector.(connectors.SessionEnder); ok && h.can(connectors.CanEndSessions) {
		sessions, err := ender.Sessions(t.Context(), h.ref())
		require.NoError(t, err)
		require.Zero(t, sessions.Open)
	}
}

func tellsWhatWasDone(t T, h *Harness) {
	rights := removable(h.rights(t))
	ledger := &Ledger{}
	progress := h.settle(t, ledger, "case-1")
	h.requireApplied(t, progress)
	require.Equal(t, progress.Receipts, ledger.Receipts()[len(ledger.Receipts())-len(progress.Receipts):], "every receipt is stored")
	lock := receiptOf(t, progress, access.Lock)
	require.NotEmpty(t, lock.MatchedBy)
	require.NotEmpty(t, lock.Exchanges, "requests are evidence")
	if lock.Disposition == access.Gone {
		return
	}
	var revoked []access.Right
	for _, receipt := range progress.Receipts {
		for _, act := range receipt.Acts {
			if act.Right != nil {
				require.Equal(t, access.Applied, act.Outcome)
				revoked = append(revoked, *act.Right)
			}
		}
	}
	require.Equal(t, keys(rights), keys(revoked), "the rights on the receipts")
}

// requireApplied requires that the receipts say who changed the account, and from what.
func (h *Harness) requireApplied(t T, progress connectors.Progress) {
	t.Helper()
	lock := receiptOf(t, progress, access.Lock)
	require.Equal(t, h.ref(), lock.Account)
	require.Equal(t, access.Applied, lock.Outcome)
	require.NotNil(t, lock.Before)
	require.Equal(t, access.Active, lock.Before.Status, "the true state before")
	require.NotNil(t, lock.After)
	require.NotEqual(t, access.Active, lock.After.Status)
	require.Contains(t, []access.Proof{access.StateReadBack, access.NotFoundTwice}, lock.Proof)
}

func findsItDone(t T, h *Harness) {
	h.settle(t, &Ledger{}, "case-1")
	after := h.truths(t)
	progress := h.settle(t, &Ledger{}, "case-2")
	for _, receipt := range progress.Receipts {
		require.NotEqual(t, access.Applied, receipt.Outcome, "stage %s", receipt.Stage)
		if receipt.Disposition == access.Verified {
			require.Equal(t, access.Unchanged, receipt.Outcome, "stage %s", receipt.Stage)
		}
	}
	require.Equal(t, after, h.truths(t))
}

// survivesOneNotFound lets one read under the leaver's id answer 404, as a stale
// replica does.
func survivesOneNotFound(t T, h *Harness) {
	ledger := &Ledger{}
	system := h.system(t, ledger)
	underID := func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, h.Account)
	}
	h.Faults.Add(fault.Rule{Match: underID, Times: 1, Effect: fault.Answer(http.StatusNotFound, http.Header{"Content-Type": {"application/json"}}, "{}")})
	progress := system.Drive(t.Context(), h.job("case-1"))
	for _, cell := range progress.Cells {
		require.NotEqual(t, access.Gone, cell.Disposition, "stage %s, after one 404", cell.Stage)
	}
	h.Faults.Clear()
	h.settle(t, ledger, "case-1")
	intents, err := ledger.Intents(t.Context(), "case-1", h.System)
	require.NoError(t, err)
	require.Equal(t, access.Active, intents[0].Before.Status, "the true state before")
}
