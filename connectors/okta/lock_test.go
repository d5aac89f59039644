package okta

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	simulator "github.com/killsignal/killsignal/internal/simulator/okta"
)

func TestLock(t *testing.T) {
	for _, c := range []struct {
		from    string
		by      LockBy
		becomes string
	}{
		{simulator.Active, Suspend, simulator.Suspended},
		{simulator.LockedOut, Suspend, simulator.Deprovisioned},
		{simulator.PasswordExpired, Suspend, simulator.Deprovisioned},
		{simulator.Recovery, Suspend, simulator.Deprovisioned},
		{simulator.Staged, Suspend, simulator.Deprovisioned},
		{simulator.Provisioned, Suspend, simulator.Deprovisioned},
		{simulator.Suspended, Suspend, simulator.Suspended},
		{simulator.Deprovisioned, Suspend, simulator.Deprovisioned},
		{simulator.Active, Deactivate, simulator.Deprovisioned},
		{simulator.LockedOut, Deactivate, simulator.Deprovisioned},
		{simulator.Suspended, Deactivate, simulator.Deprovisioned},
		{simulator.Deprovisioned, Deactivate, simulator.Deprovisioned},
	} {
		t.Run(c.from+" becomes "+c.becomes+" with "+string(c.by), func(t *testing.T) {
			h := newHouse(t, simulator.Options{}, func(config *Config) { config.Lock = c.by })
			bystander := h.org.Truth()[h.lookalike]
			h.org.SetStatus(h.leaver, c.from)
			require.NoError(t, h.Lock(t.Context(), h.ref()))
			require.NoError(t, h.Lock(t.Context(), h.ref()), "twice is once")
			truth, there := h.org.User(h.leaver)
			require.True(t, there, "nobody is deleted")
			require.Equal(t, c.becomes, truth.Status)
			state, err := h.State(t.Context(), h.ref())
			require.NoError(t, err)
			require.Equal(t, access.Locked, state.Status)
			require.Equal(t, c.becomes, state.Word)
			require.Equal(t, bystander, h.org.Truth()[h.lookalike])
		})
	}
	t.Run("nothing is written to a user who is locked", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		require.NoError(t, h.Lock(t.Context(), h.ref()))
		before := len(h.faults.Requests())
		require.NoError(t, h.Lock(t.Context(), h.ref()))
		for _, seen := range h.faults.Requests()[before:] {
			require.Equal(t, http.MethodGet, seen.Method)
		}
	})
	t.Run("a user whose status changes meanwhile is locked all the same", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.faults.OnRequest(func(_ int64, r *http.Request) {
			if fault.Path("/suspend")(r) {
				h.org.SetStatus(h.leaver, simulator.LockedOut)
			}
		})
		require.NoError(t, h.Lock(t.Context(), h.ref()))
		truth, _ := h.org.User(h.leaver)
		require.Equal(t, simulator.Deprovisioned, truth.Status)
	})
	t.Run("a user who is gone is no error", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.Remove(h.leaver)
		require.NoError(t, h.Lock(t.Context(), h.ref()))
		require.NoError(t, h.EndSessions(t.Context(), h.ref()))
	})
	t.Run("a lock that we may not set is denied, with Okta's code", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.Deny("okta.users.manage")
		err := h.Lock(t.Context(), h.ref())
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.Equal(t, "E0000006", access.AsError(err, "").ProviderCode)
		require.NotEmpty(t, access.AsError(err, "").RequestID)
	})
}

func TestState(t *testing.T) {
	t.Run("a suspended user, whose applications live on, is not locked where a lock deactivates", func(t *testing.T) {
		h := newHouse(t, simulator.Options{}, func(c *Config) { c.Lock = Deactivate })
		h.org.SetStatus(h.leaver, simulator.Suspended)
		state, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.Equal(t, access.Active, state.Status)
		require.Equal(t, simulator.Suspended, state.Word)
		require.Equal(t, access.Verified, h.drive(t, access.Lock)[0].Disposition)
		truth, _ := h.org.User(h.leaver)
		require.Equal(t, simulator.Deprovisioned, truth.Status)
		require.Empty(t, truth.Apps)
	})
	for _, word := range []string{simulator.Active, simulator.Staged, simulator.Provisioned, simulator.LockedOut, simulator.PasswordExpired, simulator.Recovery} {
		t.Run(word+" does not exclude sign-in", func(t *testing.T) {
			h := newHouse(t, simulator.Options{})
			h.org.SetStatus(h.leaver, word)
			state, err := h.State(t.Context(), h.ref())
			require.NoError(t, err)
			require.Equal(t, access.Active, state.Status)
			require.Equal(t, word, state.Word)
		})
	}
	t.Run("a user on the way from locked to active is not locked", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.disturb("/users/", fault.Answer(http.StatusOK, nil, `{"id":"`+h.leaver+`","status":"DEPROVISIONED","transitioningToStatus":"ACTIVE"}`))
		state, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.Equal(t, access.Active, state.Status)
	})
	t.Run("a deleted user is absent", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.Remove(h.leaver)
		state, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.Equal(t, access.Absent, state.Status)
	})
	t.Run("one that is not found and still listed is not absent", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.disturb("/users/", fault.Answer(http.StatusNotFound, nil, `{"errorCode":"E0000007"}`))
		_, err := h.State(t.Context(), h.ref())
		require.Equal(t, access.NotConverged, access.CodeOf(err))
	})
	t.Run("one that we may not see is denied, not absent", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.Deny("okta.users.read")
		_, err := h.State(t.Context(), h.ref())
		require.Equal(t, access.Denied, access.CodeOf(err))
	})
}

func TestUnlock(t *testing.T) {
	t.Run("a suspension is lifted, and everything declared restorable is back", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		before, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.NoError(t, h.Lock(t.Context(), h.ref()))
		require.NoError(t, h.Unlock(t.Context(), before))
		require.NoError(t, h.Unlock(t.Context(), before), "twice is once")
		after, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		for _, attribute := range h.Info().Restores {
			require.Equal(t, before.Attributes[attribute], after.Attributes[attribute])
		}
		require.NotEmpty(t, h.Info().Restores)
	})
	t.Run("who was locked before stays locked", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.SetStatus(h.leaver, simulator.Suspended)
		before, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.NoError(t, h.Unlock(t.Context(), before))
		truth, _ := h.org.User(h.leaver)
		require.Equal(t, simulator.Suspended, truth.Status)
	})
	t.Run("a deactivation is not undone behind anybody's back", func(t *testing.T) {
		h := newHouse(t, simulator.Options{}, func(c *Config) { c.Lock = Deactivate })
		before, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.NoError(t, h.Lock(t.Context(), h.ref()))
		require.Equal(t, access.Unsupported, access.CodeOf(h.Unlock(t.Context(), before)))
		require.Empty(t, h.Info().Restores)
	})
}

func TestEndSessions(t *testing.T) {
	h := newHouse(t, simulator.Options{})
	state, err := h.Sessions(t.Context(), h.ref())
	require.NoError(t, err)
	require.Equal(t, access.SessionState{Proof: access.Asserted, Open: 2}, state, "refresh tokens are counted")

	require.NoError(t, h.Lock(t.Context(), h.ref()))
	require.True(t, h.org.SessionAlive(h.sessions[0]), "suspension alone ends no session")
	require.True(t, h.org.TokenAlive(h.refresh))

	require.NoError(t, h.EndSessions(t.Context(), h.ref()))
	require.NoError(t, h.EndSessions(t.Context(), h.ref()), "twice is once")
	require.False(t, h.org.SessionAlive(h.sessions[0]))
	require.False(t, h.org.TokenAlive(h.refresh))
	require.True(t, h.org.TokenAlive(h.accessToken), "an access token lives on until it expires")
	require.Positive(t, h.Info().Outlives, "which the connector declares")
	require.True(t, h.org.SessionAlive(h.sessions[1]), "the lookalike is still signed in")

	state, err = h.Sessions(t.Context(), h.ref())
	require.NoError(t, err)
	require.Equal(t, access.SessionState{Proof: access.ListingEmpty}, state)

	t.Run("an active user without tokens may still have a browser session, so nothing is proved", func(t *testing.T) {
		h.org.SetStatus(h.leaver, simulator.Active)
		state, err := h.Sessions(t.Context(), h.ref())
		require.NoError(t, err)
		require.Equal(t, access.SessionState{Proof: access.Asserted}, state)
	})
}
