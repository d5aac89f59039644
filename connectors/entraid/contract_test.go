package entraid_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/contract"
	"github.com/killsignal/killsignal/internal/simulator/entra"
)

// Everything that the connector sends, and all that the simulated tenant answers,
// is as Microsoft describes Graph.
func TestRequestsAndAnswersKeepTheContract(t *testing.T) {
	checker := contract.Graph(t)
	h := newHouse(t, func(tenant http.Handler) http.Handler {
		checked := checker.Wrap(tenant)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("$skiptoken") {
				tenant.ServeHTTP(w, r) // a link of the tenant's own, which no description describes
				return
			}
			checked.ServeHTTP(w, r)
		})
	})
	h.addObstacles()
	h.tenant.SetPageSize(1)
	require.NoError(t, h.Check(t.Context()))
	found, err := h.Find(t.Context(), leaver())
	require.NoError(t, err)
	require.Len(t, found, 1)
	before, err := h.State(t.Context(), h.ref())
	require.NoError(t, err)
	require.NoError(t, h.Lock(t.Context(), h.ref()))
	require.NoError(t, h.EndSessions(t.Context(), h.ref()))
	_, err = h.Sessions(t.Context(), h.ref())
	require.NoError(t, err)
	for _, kind := range []access.RightKind{access.Grant, access.Seat} {
		for _, right := range removable(t, h, kind) {
			require.NoError(t, h.RevokeRight(t.Context(), h.ref(), right))
			require.NoError(t, h.RevokeRight(t.Context(), h.ref(), right), "and once more, to be refused")
		}
		require.Empty(t, removable(t, h, kind))
	}
	_, err = connectors.Collect(t.Context(), h.Accounts)
	require.NoError(t, err)
	require.NoError(t, h.Unlock(t.Context(), before))
	_, err = h.State(t.Context(), access.AccountRef{System: system, ID: h.tenant.TenantID()})
	require.NoError(t, err, "of an account that is not there")
	h.tenant.Deny("User.EnableDisableAccount.All")
	require.Error(t, h.Lock(t.Context(), h.ref()))
	synced := h.tenant.AddUser(entra.User{UserPrincipalName: "cy@example.com", Synced: true})
	require.Error(t, h.Lock(t.Context(), access.AccountRef{System: system, ID: synced}))
}
