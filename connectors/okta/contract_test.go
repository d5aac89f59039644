package okta

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/contract"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	simulator "github.com/killsignal/killsignal/internal/simulator/okta"
)

// Every request of the connector is one that Okta's API description allows, and
// every answer of the simulated org is one that it could give.
func TestOktasOwnDescriptionAllowsEveryExchange(t *testing.T) {
	checker := contract.Okta(t)
	key, _, pkcs8 := newKey(t)
	for _, lock := range []LockBy{Suspend, Deactivate} {
		t.Run("from the check to the last right, to "+string(lock), func(t *testing.T) {
			h := &house{org: simulator.New(simulator.Options{Token: apiTokenValue, Seed: 11}), faults: fault.New()}
			h.populate()
			server := httptest.NewServer(h.faults.Wrap(checker.Wrap(unembedded(h.org))))
			defer server.Close()
			h.url = server.URL
			h.Connector = h.connect(t, func(c *Config) { c.Lock = lock })
			require.NoError(t, h.Check(t.Context()))
			walkThrough(t, h)

			id := h.org.AddService(&key.PublicKey, "k1", everyPermission()...)
			h.Connector = h.connect(t, func(c *Config) {
				c.Token, c.OAuth = connectors.Secret{}, &OAuth{ClientID: id, PrivateKey: secret(t, pkcs8), KeyID: "k1"}
			})
			require.NoError(t, h.Check(t.Context()))
			h.org.Remove(h.leaver)
			state, err := h.State(t.Context(), h.ref())
			require.NoError(t, err)
			require.Equal(t, access.Absent, state.Status)
		})
	}
}

// unembedded keeps the application user out of listed applications: the description
// types its members as objects, which no real answer is. The connector then reads
// it by itself.
func unembedded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		query.Del("expand")
		r.URL.RawQuery = query.Encode()
		next.ServeHTTP(w, r)
	})
}

// walkThrough calls everything that the connector can do.
func walkThrough(t *testing.T, h *house) {
	found, err := h.Find(t.Context(), ada)
	require.NoError(t, err)
	require.Len(t, found, 1)
	before, err := h.State(t.Context(), h.ref())
	require.NoError(t, err)
	for _, kind := range h.Info().Rights {
		for _, right := range h.rights(t, kind) {
			if right.Removable() {
				require.NoError(t, h.RevokeRight(t.Context(), h.ref(), right))
			}
		}
	}
	require.NoError(t, h.Lock(t.Context(), h.ref()))
	require.NoError(t, h.EndSessions(t.Context(), h.ref()))
	_, err = h.Sessions(t.Context(), h.ref())
	require.NoError(t, err)
	if len(h.Info().Restores) > 0 {
		require.NoError(t, h.Unlock(t.Context(), before))
	}
	_, err = connectors.Collect(t.Context(), h.Accounts)
	require.NoError(t, err)
}
