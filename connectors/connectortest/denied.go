package connectortest

import (
	"context"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

func deniedChecks() []check {
	need := func(c connectors.Capability) []connectors.Capability { return []connectors.Capability{c} }
	return []check{
		{"denied", "a look-up that is denied is no empty look-up", nil, once(deniedFind)},
		{"denied", "a lock that is denied is open work", need(connectors.CanLock), once(deniedLock)},
		{"denied", "an end of sessions that is denied is open work", need(connectors.CanEndSessions), once(deniedEnd)},
		{"denied", "a revocation that is denied is open work", need(connectors.CanRevoke), once(deniedRevoke)},
		{"denied", "a listing that is denied is no empty listing", need(connectors.CanList), once(deniedList)},
	}
}

// deny takes a capability away and drives. It requires that denial shows nowhere
// as absence.
func (h *Harness) deny(t T, c connectors.Capability) connectors.Progress {
	t.Helper()
	system := h.system(t, &Ledger{})
	h.Deny(c)
	state, err := h.Connector.State(t.Context(), h.ref())
	if err == nil {
		require.Equal(t, access.Active, state.Status, "what we may not see is not absent")
	} else {
		require.Equal(t, access.Denied, safe(t, h, err).Code)
	}
	found, err := h.Connector.Find(t.Context(), h.Subject)
	if err == nil {
		require.Equal(t, []string{h.Account}, ids(found), "what we may not see is not absent")
	} else {
		require.Equal(t, access.Denied, safe(t, h, err).Code)
	}
	if err := h.Connector.Check(t.Context()); err != nil {
		require.Equal(t, access.Denied, safe(t, h, err).Code)
		require.NotEmpty(t, safe(t, h, err).Hint, "the missing permission is named")
	}
	return system.Drive(t.Context(), h.job("case-1"))
}

// requireDenied requires that the stage is a person's work, because of the denial.
func requireDenied(t T, progress connectors.Progress, stage access.Stage) {
	t.Helper()
	for _, cell := range progress.Cells {
		if cell.Stage == stage {
			require.Equal(t, access.Manual, cell.Disposition, "stage %s", stage)
			require.NotNil(t, cell.Error)
			require.Equal(t, access.Denied, cell.Error.Code, "stage %s", stage)
		}
	}
}

func deniedFind(t T, h *Harness) {
	progress := h.deny(t, connectors.CanFind)
	_, err := h.Connector.Find(t.Context(), h.Subject)
	require.Error(t, err)
	requireDenied(t, progress, access.Lock)
	for _, cell := range progress.Cells {
		require.True(t, cell.Disposition.Open(), "stage %s", cell.Stage)
	}
}

func deniedLock(t T, h *Harness) {
	progress := h.deny(t, connectors.CanLock)
	err := h.Connector.(connectors.Locker).Lock(t.Context(), h.ref())
	require.Error(t, err)
	require.Equal(t, access.Denied, safe(t, h, err).Code)
	requireDenied(t, progress, access.Lock)
	for _, cell := range progress.Cells {
		require.True(t, cell.Disposition.Open(), "stage %s", cell.Stage)
	}
}

func deniedEnd(t T, h *Harness) {
	progress := h.deny(t, connectors.CanEndSessions)
	ender := h.Connector.(connectors.SessionEnder)
	err := ender.EndSessions(t.Context(), h.ref())
	if err == nil {
		_, err = ender.Sessions(t.Context(), h.ref())
	}
	require.Error(t, err)
	require.Equal(t, access.Denied, safe(t, h, err).Code)
	requireDenied(t, progress, access.Lock)
}

func deniedRevoke(t T, h *Harness) {
	rights := removable(h.rights(t))
	progress := h.deny(t, connectors.CanRevoke)
	if state, err := h.Connector.State(t.Context(), h.ref()); err == nil && state.Status == access.Absent {
		t.Skip("this connector locks by deleting, and nothing is left to revoke")
	}
	requireDenied(t, progress, access.Revoke)
	requireDenied(t, progress, access.Reclaim)
	revoker := h.Connector.(connectors.RightRevoker)
	for _, right := range rights {
		err := revoker.RevokeRight(t.Context(), h.ref(), right)
		if err == nil {
			_, err = connectors.Collect(t.Context(), func(ctx context.Context, cursor string) (connectors.Page[access.Right], error) {
				return revoker.Rights(ctx, h.ref(), right.Kind, cursor)
			})
		}
		require.Error(t, err, "kind %s", right.Kind)
		require.Equal(t, access.Denied, safe(t, h, err).Code, "kind %s", right.Kind)
	}
}

func deniedList(t T, h *Harness) {
	h.deny(t, connectors.CanList)
	_, err := connectors.Collect(t.Context(), h.Connector.(connectors.Lister).Accounts)
	require.Error(t, err)
	require.Equal(t, access.Denied, safe(t, h, err).Code)
}
