package connectortest

import (
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

func shapeChecks() []check {
	return []check{
		{"shape", "it says what it is and can", nil, once(saysWhatItIs)},
		{"shape", "it names the permissions that each capability needs", nil, once(namesPermissions)},
		{"shape", "what it says of itself does not change once its check has passed", nil, once(staysTheSame)},
		{"shape", "its check changes nothing", nil, once(checksHarmlessly)},
		{"shape", "its system holds the leaver with everything that the suite needs", nil, once(holdsTheLeaver)},
	}
}

func saysWhatItIs(t T, h *Harness) {
	require.NoError(t, h.Connector.Check(t.Context()))
	info, can := h.Connector.Info(), connectors.Capabilities(h.Connector)
	require.NotEmpty(t, info.Kind)
	known := []access.RightKind{access.Grant, access.Credential, access.Seat, access.Device, access.Delegation}
	require.Subset(t, known, info.Rights, "kinds of rights")
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(info.Rights))), len(info.Rights), "a kind is named once")
	require.Equal(t, slices.Contains(can, connectors.CanRevoke), len(info.Rights) > 0, "kinds of rights are named by whoever revokes them, and by nobody else")
	require.Subset(t, capabilities(), info.Without, "capabilities left out")
	require.GreaterOrEqual(t, info.Settle, 0*info.Settle)
	require.GreaterOrEqual(t, info.Outlives, 0*info.Outlives)
	require.Equal(t, info.Outlives > 0, info.OutlivesWhat != "", "what outlives the lock has a name")
	require.NotContains(t, info.OwnAccounts, h.Account)
	if len(info.Restores) > 0 {
		require.Contains(t, can, connectors.CanLock)
	}
}

func namesPermissions(t T, h *Harness) {
	require.NoError(t, h.Connector.Check(t.Context()))
	info, can := h.Connector.Info(), connectors.Capabilities(h.Connector)
	for _, c := range can {
		require.NotEmpty(t, info.Permissions[c], "permissions for %s", c)
		require.NotContains(t, info.Permissions[c], "", "permissions for %s", c)
	}
	for c := range info.Permissions {
		require.Contains(t, capabilities(), c)
	}
}

func staysTheSame(t T, h *Harness) {
	require.NoError(t, h.Connector.Check(t.Context()))
	before := h.Connector.Info()
	h.settle(t, &Ledger{}, "case-1")
	require.NoError(t, h.Connector.Check(t.Context()))
	require.Equal(t, before, h.Connector.Info())
}

func checksHarmlessly(t T, h *Harness) {
	before := h.Truth()
	require.NoError(t, h.Connector.Check(t.Context()))
	require.Zero(t, h.sent(), "write requests")
	require.Equal(t, before, h.Truth())
}

func holdsTheLeaver(t T, h *Harness) {
	require.NoError(t, h.Connector.Check(t.Context()))
	require.Contains(t, h.Truth(), h.Account)
	require.NotEmpty(t, h.others(), "somebody else has an account")
	for _, kind := range h.Connector.Info().Rights {
		require.GreaterOrEqual(t, len(removable(h.rights(t, kind))), 2, "removable rights of kind %s", kind)
	}
	require.Greater(t, len(h.Subject.Identifiers(h.System)), 0)
	require.Greater(t, len(h.Nobody.Identifiers(h.System)), 0)
	require.Greater(t, len(h.Witness.Identifiers(h.System)), 0)
}

func capabilities() []connectors.Capability {
	return []connectors.Capability{connectors.CanFind, connectors.CanLock, connectors.CanEndSessions, connectors.CanRevoke, connectors.CanList}
}
