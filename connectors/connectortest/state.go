package connectortest

import (
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

func stateChecks() []check {
	return []check{
		{"state", "an account is read under its id", nil, once(readsState)},
		{"state", "a read is fresh", []connectors.Capability{connectors.CanLock}, once(readsAfresh)},
		{"state", "an unknown id is absent", nil, once(knowsAbsence)},
		{"state", "a malformed id never reaches another resource", nil, once(keepsIDsIn)},
	}
}

func readsState(t T, h *Harness) {
	state, err := h.Connector.State(t.Context(), h.ref())
	require.NoError(t, err)
	require.Equal(t, h.ref(), state.Ref)
	require.Equal(t, access.Active, state.Status)
	require.Empty(t, state.Managed)
}

func readsAfresh(t T, h *Harness) {
	requests := func() int { return len(h.Faults.Requests()) }
	for range 2 {
		before := requests()
		_, err := h.Connector.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.Greater(t, requests(), before, "every read goes to the system")
	}
	require.NoError(t, h.Connector.(connectors.Locker).Lock(t.Context(), h.ref()))
	state, err := h.Connector.State(t.Context(), h.ref())
	require.NoError(t, err)
	require.NotEqual(t, access.Active, state.Status)
}

// unknown is an id of the right shape that nobody has.
func (h *Harness) unknown() access.AccountRef {
	last := "a"
	for _, c := range []string{"a", "b", "c", "d", "e", "f", "1", "2", "3", "4"} {
		if _, taken := h.Truth()[h.Account[:len(h.Account)-1]+c]; !taken {
			last = c
		}
	}
	return access.AccountRef{System: h.System, ID: h.Account[:len(h.Account)-1] + last}
}

func knowsAbsence(t T, h *Harness) {
	ref := h.unknown()
	before := h.Truth()
	state, err := h.Connector.State(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, access.Absent, state.Status)
	found, err := h.Connector.Find(t.Context(), access.Subject{Key: "p-1", Accounts: []access.AccountRef{ref}})
	require.NoError(t, err)
	require.Empty(t, found)
	if locker, ok := h.Connector.(connectors.Locker); ok && h.can(connectors.CanLock) {
		require.NoError(t, locker.Lock(t.Context(), ref), "locking what is absent is no error")
	}
	if ender, ok := h.Connector.(connectors.SessionEnder); ok && h.can(connectors.CanEndSessions) {
		require.NoError(t, ender.EndSessions(t.Context(), ref), "ending the sessions of an absent account is no error")
	}
	require.Equal(t, before, h.Truth(), "what is absent cannot be changed")
}

func keepsIDsIn(t T, h *Harness) {
	before := h.Truth()
	for _, id := range []string{"", " ", ".", "..", "../..", "/", "me", "a/b", "a%2Fb", "a?b=c", "a#b", "a\nb", "$count",
		"..%2f" + h.Account, h.Account + "/", h.Account + "/x", "../" + h.Account, h.Account + "?x=y"} {
		ref := access.AccountRef{System: h.System, ID: id}
		seen := len(h.Faults.Requests())
		state, err := h.Connector.State(t.Context(), ref)
		if err == nil {
			require.Equal(t, access.Absent, state.Status, "id %q", id)
		} else {
			require.Contains(t, []access.Code{access.Invalid, access.NotFound}, safe(t, h, err).Code, "id %q", id)
		}
		if locker, ok := h.Connector.(connectors.Locker); ok && h.can(connectors.CanLock) {
			if err := locker.Lock(t.Context(), ref); err != nil {
				require.Contains(t, []access.Code{access.Invalid, access.NotFound}, safe(t, h, err).Code, "id %q", id)
			}
		}
		for _, request := range h.Faults.Requests()[seen:] {
			require.False(t, h.writes(request.Method, request.Path), "a write request for id %q", id)
			require.False(t, astray(request.Path, request.Query, id), "a request for id %q went to %s", id, request.Path)
		}
	}
	require.Equal(t, before, h.Truth())
}

// astray tells whether a malformed id left its place in the path.
func astray(path, query, id string) bool {
	if name, rest, ok := strings.Cut(id, "?"); ok && strings.HasSuffix(path, "/"+name) && strings.HasPrefix(query, rest) {
		return true
	}
	if name, _, ok := strings.Cut(id, "#"); ok && strings.HasSuffix(path, "/"+name) {
		return true
	}
	for _, segment := range strings.Split(path, "/") {
		if segment == "." || segment == ".." || segment == "me" && id == "me" {
			return true
		}
	}
	return strings.Contains(strings.Trim(id, "/"), "/") && strings.Contains(path, "/"+id)
}
