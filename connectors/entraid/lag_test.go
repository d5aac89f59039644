package entraid_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
)

// A termination at a tenant whose readers lag behind its writers.
func TestATenantThatLags(t *testing.T) {
	h := newHouse(t)
	guarded := connectors.NewSystem(connectors.Options{Name: system, Connector: h.Connector, Ledger: &connectortest.Ledger{}, Witness: h.harness().Witness})
	drive := func() map[access.Stage]access.Receipt {
		progress := guarded.Drive(t.Context(), connectors.Job{Case: "case-1", Subject: leaver(), Stages: []access.Stage{access.Lock, access.Revoke, access.Reclaim}})
		receipts := map[access.Stage]access.Receipt{}
		for _, receipt := range progress.Receipts {
			receipts[receipt.Stage] = receipt
		}
		return receipts
	}
	require.NoError(t, h.Check(t.Context()))
	h.tenant.SetLag(10 * time.Minute)

	locked := drive()[access.Lock]
	require.Contains(t, h.tenant.Truth()[h.ada], `"enabled":false`)
	t.Run("a lock that is not seen yet is not converged", func(t *testing.T) {
		require.Equal(t, access.Running, locked.Disposition)
		require.Equal(t, access.NotConverged, locked.Error.Code)
	})
	h.skew.Add(int64(10 * time.Minute))
	for _, sentence := range []string{"what is gone and still listed is not converged", "to remove it again is no error and no proof"} {
		t.Run(sentence, func(t *testing.T) {
			receipts := drive()
			require.Equal(t, access.Verified, receipts[access.Lock].Disposition)
			require.NotRegexp(t, "Harbour|Helpdesk|Tide|Tier", h.tenant.Truth()[h.ada], "all of it is gone")
			revoked := receipts[access.Revoke]
			require.Equal(t, access.Running, revoked.Disposition)
			require.Equal(t, access.NotConverged, revoked.Error.Code)
			for _, name := range []string{"Harbour team", "Helpdesk Administrator", "Tide tables", "Crane control"} {
				named(t, revoked.Remaining, name)
			}
		})
	}
	t.Run("it converges when readers catch up", func(t *testing.T) {
		h.skew.Add(int64(10 * time.Minute))
		receipts := drive()
		require.Len(t, receipts, 3)
		for stage, receipt := range receipts {
			require.Equal(t, access.Verified, receipt.Disposition, "%s: %v", stage, receipt.Error)
			require.Empty(t, receipt.Remaining)
		}
	})
}
