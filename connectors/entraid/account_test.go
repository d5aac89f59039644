package entraid_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/entra"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func TestState(t *testing.T) {
	t.Run("an enabled account is active", func(t *testing.T) {
		h := newHouse(t)
		state, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.Equal(t, access.Active, state.Status)
		require.Equal(t, "enabled", state.Word)
		require.Equal(t, map[string]string{"accountEnabled": "true", "userType": "Member"}, state.Attributes)
		require.Empty(t, state.Managed)
	})
	t.Run("a change that is not seen yet is not seen", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.SetLag(time.Minute)
		require.NoError(t, h.Lock(t.Context(), h.ref()))
		state, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.Equal(t, access.Active, state.Status)
		h.skew.Add(int64(time.Minute))
		state, err = h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.Equal(t, access.Locked, state.Status)
	})
	t.Run("a deleted account is absent, and acts upon it are no error", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.Delete(h.ada)
		state, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.Equal(t, access.Absent, state.Status)
		require.NoError(t, h.Lock(t.Context(), h.ref()))
		require.NoError(t, h.EndSessions(t.Context(), h.ref()))
		sessions, err := h.Sessions(t.Context(), h.ref())
		require.NoError(t, err)
		require.Equal(t, access.SessionState{Proof: access.SessionsZero}, sessions)
	})
	t.Run("a 404 from a replica that lags proves no absence", func(t *testing.T) {
		h := newHouse(t)
		h.faults.Add(fault.Rule{Match: fault.Path("/users/"), Times: 1, Effect: fault.Answer(404, nil, `{"error":{"code":"Request_ResourceNotFound"}}`)})
		_, err := h.State(t.Context(), h.ref())
		require.Equal(t, access.NotConverged, codeOf(t, err))
	})
	t.Run("an answer that hides accountEnabled is denied", func(t *testing.T) {
		h := newHouse(t)
		require.NoError(t, h.Check(t.Context()))
		h.faults.Add(fault.Rule{Effect: fault.Answer(200, nil, `{"id":"`+h.ada+`"}`)})
		_, err := h.State(t.Context(), h.ref())
		require.Equal(t, access.Denied, codeOf(t, err))
	})
}

func TestLock(t *testing.T) {
	t.Run("refresh tokens die and access tokens live on until they expire", func(t *testing.T) {
		h := newHouse(t)
		require.True(t, h.tenant.Redeem(h.tokens.Refresh))
		require.NoError(t, h.Lock(t.Context(), h.ref()))
		require.False(t, h.tenant.Redeem(h.tokens.Refresh))
		require.True(t, h.tenant.Works(h.tokens.Access), "which is why Info says that access outlives the lock")
		require.GreaterOrEqual(t, h.Info().Outlives, time.Hour)
		_, ok := h.tenant.SignIn(h.ada)
		require.False(t, ok)
	})
	t.Run("an account mastered on premises is refused, with the reason", func(t *testing.T) {
		h := newHouse(t)
		ref := access.AccountRef{System: system, ID: h.tenant.AddUser(entra.User{UserPrincipalName: "cy@example.com", Synced: true})}
		err := h.Lock(t.Context(), ref)
		require.Equal(t, access.Unsupported, codeOf(t, err))
		require.Contains(t, err.(*access.Error).Hint, "Active Directory")
		state, err := h.State(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, "on-premises Active Directory", state.Managed)
		require.NoError(t, h.EndSessions(t.Context(), ref), "sessions can be ended all the same")
	})
	t.Run("one mastered on premises that is disabled already is no error", func(t *testing.T) {
		h := newHouse(t)
		id := h.tenant.AddUser(entra.User{UserPrincipalName: "cy@example.com", Synced: true, Disabled: true})
		require.NoError(t, h.Lock(t.Context(), access.AccountRef{System: system, ID: id}))
	})
	t.Run("an administrator whom the application may not disable is denied, with the role it lacks", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.Deny("PrivilegedAuthenticationAdministrator")
		err := h.Lock(t.Context(), h.ref())
		require.Equal(t, access.Denied, codeOf(t, err))
		require.Contains(t, err.(*access.Error).Hint, "Privileged Authentication Administrator")
	})
	t.Run("an account that was disabled before stays so when it is unlocked", func(t *testing.T) {
		h := newHouse(t)
		ref := access.AccountRef{System: system, ID: h.tenant.AddUser(entra.User{UserPrincipalName: "di@example.com", Disabled: true})}
		before, err := h.State(t.Context(), ref)
		require.NoError(t, err)
		require.NoError(t, h.Unlock(t.Context(), before))
		after, err := h.State(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, access.Locked, after.Status)
	})
}

func TestEndSessions(t *testing.T) {
	h := newHouse(t)
	before, err := h.Sessions(t.Context(), h.ref())
	require.NoError(t, err)
	asked := time.Now().Truncate(time.Second)
	require.NoError(t, h.EndSessions(t.Context(), h.ref()))
	after, err := h.Sessions(t.Context(), h.ref())
	require.NoError(t, err)
	require.Equal(t, access.StateReadBack, after.Proof)
	require.True(t, after.ValidFrom.After(before.ValidFrom))
	require.False(t, after.ValidFrom.Before(asked))
	require.False(t, h.tenant.Redeem(h.tokens.Refresh))
	require.True(t, h.tenant.Works(h.tokens.Access))
}
