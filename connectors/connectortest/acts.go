package connectortest

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

func actChecks() []check {
	lock := []connectors.Capability{connectors.CanLock}
	end := []connectors.Capability{connectors.CanEndSessions}
	return []check{
		{"acts", "a lock holds, in a fresh read and in truth", lock, once(locks)},
		{"acts", "locking what is locked changes nothing", lock, once(locksTwice)},
		{"acts", "what is declared restorable is restored", lock, once(restores)},
		{"acts", "sessions are ended, in a fresh read and in truth", end, once(endsSessions)},
		{"acts", "ending sessions twice is no error", end, once(endsSessionsTwice)},
	}
}

func locks(t T, h *Harness) {
	unharmed, before := h.watch(), h.truth(t)
	require.NoError(t, h.Connector.(connectors.Locker).Lock(t.Context(), h.ref()))
	state, err := h.Connector.State(t.Context(), h.ref())
	require.NoError(t, err)
	require.Contains(t, []access.Status{access.Locked, access.Absent}, state.Status)
	require.NotEqual(t, before, h.truth(t), "the truth about the leaver")
	unharmed(t)
}

func locksTwice(t T, h *Harness) {
	locker := h.Connector.(connectors.Locker)
	require.NoError(t, locker.Lock(t.Context(), h.ref()))
	after := h.Truth()
	require.NoError(t, locker.Lock(t.Context(), h.ref()))
	require.Equal(t, after, h.Truth())
}

func restores(t T, h *Harness) {
	restored := h.Connector.Info().Restores
	if len(restored) == 0 {
		t.Skip("this connector declares nothing restorable")
	}
	locker := h.Connector.(connectors.Locker)
	before, err := h.Connector.State(t.Context(), h.ref())
	require.NoError(t, err)
	require.NoError(t, locker.Lock(t.Context(), h.ref()))
	require.NoError(t, locker.Unlock(t.Context(), before))
	after, err := h.Connector.State(t.Context(), h.ref())
	require.NoError(t, err)
	require.Equal(t, access.Active, after.Status)
	for _, name := range restored {
		require.Equal(t, before.Attributes[name], after.Attributes[name], "attribute %s", name)
	}
}

func endsSessions(t T, h *Harness) {
	unharmed, before, began := h.watch(), h.Truth()[h.Account], time.Now()
	ender := h.Connector.(connectors.SessionEnder)
	require.NoError(t, ender.EndSessions(t.Context(), h.ref()))
	require.NotEqual(t, before, h.Truth()[h.Account], "the truth about the leaver, who had sessions open")
	sessions, err := ender.Sessions(t.Context(), h.ref())
	require.NoError(t, err)
	require.Zero(t, sessions.Open)
	require.Contains(t, []access.Proof{access.SessionsZero, access.StateReadBack, access.Asserted, access.Unprovable}, sessions.Proof)
	if sessions.Proof == access.StateReadBack {
		require.WithinDuration(t, began, sessions.ValidFrom, 5*time.Minute, "the instant from which sessions are valid is now, clocks apart")
	}
	unharmed(t)
}

func endsSessionsTwice(t T, h *Harness) {
	ender := h.Connector.(connectors.SessionEnder)
	require.NoError(t, ender.EndSessions(t.Context(), h.ref()))
	after := h.truth(t)
	require.NoError(t, ender.EndSessions(t.Context(), h.ref()))
	require.Equal(t, after, h.truth(t))
}

func rightChecks() []check {
	revoke := []connectors.Capability{connectors.CanRevoke}
	return []check{
		{"rights", "every right is listed once, with a type and an id", revoke, once(listsRights)},
		{"rights", "revoking one right takes that one away and no other", revoke, once(revokesOne)},
		{"rights", "revoking what is gone is no error and changes nothing", revoke, once(revokesTwice)},
		{"rights", "a reclaimed seat goes back to its pool", revoke, once(reclaims)},
	}
}

func listsRights(t T, h *Harness) {
	var keys []string
	for _, kind := range h.Connector.Info().Rights {
		for _, right := range h.rights(t, kind) {
			require.Equal(t, kind, right.Kind)
			require.NotEmpty(t, right.Type)
			if right.Obstacle != access.Invisible {
				require.NotEmpty(t, right.ID)
			}
			keys = append(keys, key(right))
		}
	}
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(keys))), len(keys), "no right twice")
}

func key(r access.Right) string { return string(r.Kind) + "/" + r.Type + "/" + r.ID }

func keys(rights []access.Right) (all []string) {
	for _, r := range rights {
		all = append(all, key(r))
	}
	slices.Sort(all)
	return all
}

func revokesOne(t T, h *Harness) {
	unharmed := h.watch()
	revoker := h.Connector.(connectors.RightRevoker)
	for _, kind := range h.Connector.Info().Rights {
		before, truth := removable(h.rights(t, kind)), h.truth(t)
		require.NotEmpty(t, before)
		require.NoError(t, revoker.RevokeRight(t.Context(), h.ref(), before[0]), "kind %s", kind)
		require.Equal(t, keys(before[1:]), keys(removable(h.rights(t, kind))), "kind %s", kind)
		require.NotEqual(t, truth, h.truth(t), "the truth about the leaver")
	}
	unharmed(t)
}

func revokesTwice(t T, h *Harness) {
	revoker := h.Connector.(connectors.RightRevoker)
	for _, kind := range h.Connector.Info().Rights {
		right := removable(h.rights(t, kind))[0]
		require.NoError(t, revoker.RevokeRight(t.Context(), h.ref(), right), "kind %s", kind)
		after := h.Truth()
		require.NoError(t, revoker.RevokeRight(t.Context(), h.ref(), right), "kind %s", kind)
		require.Equal(t, after, h.Truth())
	}
}

func reclaims(t T, h *Harness) {
	counter, ok := h.Connector.(connectors.PoolCounter)
	if !ok || !slices.Contains(h.Connector.Info().Rights, access.Seat) {
		t.Skip("this connector counts no seats")
	}
	for _, seat := range removable(h.rights(t, access.Seat)) {
		if seat.Pool == nil {
			continue
		}
		require.NoError(t, h.Connector.(connectors.RightRevoker).RevokeRight(t.Context(), h.ref(), seat))
		pool, err := counter.Pool(t.Context(), seat)
		require.NoError(t, err)
		require.Equal(t, access.Pool{Total: seat.Pool.Total, Used: seat.Pool.Used - 1}, pool)
	}
}
