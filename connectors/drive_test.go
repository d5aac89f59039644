package connectors_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func TestDrive(t *testing.T) {
	everything := access.Stages()

	t.Run("it reads, stores the intent, acts, reads again and stores the receipt, in this order", func(t *testing.T) {
		h := newHouse(t)
		h.Faults.OnRequest(func(_ int64, r *http.Request) {
			intents, err := h.ledger.Intents(t.Context(), "case-1", "directory")
			assert.NoError(t, err)
			if fault.Writes(r) {
				assert.Len(t, intents, 1, "the intent comes before the first write")
				assert.Equal(t, access.Active, intents[0].Before.Status)
			}
			assert.Empty(t, h.ledger.Receipts(), "the receipt comes after the last request")
		})
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Verified, "")
		seen := h.Faults.Requests()
		require.Equal(t, http.MethodGet, seen[0].Method)
		require.Equal(t, http.MethodGet, seen[len(seen)-1].Method)
		require.Len(t, h.ledger.Receipts(), 1)
	})
	t.Run("every stage ends verified, one after the other", func(t *testing.T) {
		h := newHouse(t)
		progress := h.drive(t, h.Leaver, everything...)
		var stages []access.Stage
		for _, cell := range progress.Cells {
			require.Equal(t, access.Verified, cell.Disposition, "stage %s: %v", cell.Stage, cell.Error)
			require.Equal(t, 1, cell.Accounts)
			stages = append(stages, cell.Stage)
		}
		require.Equal(t, everything, stages)
		require.NoError(t, progress.Err())
	})
	t.Run("nothing else is done to an account that is not locked, but its sessions are ended", func(t *testing.T) {
		h := newHouse(t)
		h.breaks("/lock", 403)
		progress := h.drive(t, h.Leaver, everything...)
		requireCell(t, progress, access.Lock, access.Manual, access.Denied)
		for _, stage := range everything[1:] {
			requireCell(t, progress, stage, access.Pending, "")
		}
		h.Change(reference.LeaverID, func(p *reference.Person) { require.Empty(t, p.Sessions) })
	})
	t.Run("a right that cannot be revoked does not hold up the seats", func(t *testing.T) {
		h := newHouse(t)
		h.breaks("/rights/grant/operations", 403)
		progress := h.drive(t, h.Leaver, access.Lock, access.Revoke, access.Reclaim)
		requireCell(t, progress, access.Revoke, access.Manual, access.Denied)
		requireCell(t, progress, access.Reclaim, access.Verified, "")
		receipt := progress.Receipts[1]
		require.Len(t, receipt.Acts, 2, "one right was revoked and one could not be")
	})
	t.Run("a right that is revoked and still listed has not converged", func(t *testing.T) {
		h := newHouse(t)
		h.Faults.Add(fault.Rule{Match: fault.Path("/rights/grant/operations"), Effect: fault.Answer(http.StatusNoContent, nil, "")})
		progress := h.drive(t, h.Leaver, access.Lock, access.Revoke)
		requireCell(t, progress, access.Revoke, access.Running, access.NotConverged)
	})
	t.Run("a lock that was answered and does not show is not done", func(t *testing.T) {
		h := newHouse(t, settled)
		h.Faults.Add(fault.Rule{Match: fault.Path("/lock"), Effect: fault.Answer(http.StatusNoContent, nil, "")})
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Running, access.NotConverged)
	})
	t.Run("sessions that stay open are not done", func(t *testing.T) {
		h := newHouse(t)
		h.Faults.Add(fault.Rule{Match: func(r *http.Request) bool { return r.Method == http.MethodDelete }, Effect: fault.Answer(http.StatusNoContent, nil, "")})
		progress := h.drive(t, h.Leaver, access.Lock)
		requireCell(t, progress, access.Lock, access.Running, access.NotConverged)
		require.Equal(t, 2, progress.Receipts[0].Sessions.Open)
		require.Equal(t, access.Locked, progress.Receipts[0].After.Status)
	})
	t.Run("what is locked is not locked again, but its sessions are ended", func(t *testing.T) {
		h := newHouse(t)
		h.Change(reference.LeaverID, func(p *reference.Person) { p.Active = false })
		progress := h.drive(t, h.Leaver, access.Lock)
		requireCell(t, progress, access.Lock, access.Verified, "")
		require.Equal(t, access.Unchanged, progress.Receipts[0].Outcome)
		for _, seen := range h.Faults.Requests() {
			require.NotContains(t, seen.Path, "/lock")
		}
		h.Change(reference.LeaverID, func(p *reference.Person) { require.Empty(t, p.Sessions) })
	})
	t.Run("a cell stands as its worst account", func(t *testing.T) {
		h := newHouse(t, func(_ *house, o *connectors.Options) { o.Protected = []string{"ada.marshall"} })
		both := h.Leaver
		both.Accounts = []access.AccountRef{{System: "directory", ID: reference.OtherID}}
		progress := h.drive(t, both, access.Lock)
		require.Equal(t, 2, requireCell(t, progress, access.Lock, access.Manual, access.Protected).Accounts)
		require.Len(t, progress.Receipts, 2)
		require.False(t, h.active(reference.LeaverID))
		require.True(t, h.active(reference.OtherID))
	})
	t.Run("what outlives the lock is carried with the instant at which it ends", func(t *testing.T) {
		h := newHouse(t)
		h.About.Outlives, h.About.OutlivesWhat = time.Hour, "access tokens"
		cell := requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Verified, "")
		require.Equal(t, "access tokens", cell.Residual.What)
		require.WithinDuration(t, time.Now().Add(time.Hour), cell.Residual.Until, time.Minute)
	})
	t.Run("a dry run says what it would do and does nothing", func(t *testing.T) {
		h := newHouse(t)
		progress := h.System.Drive(t.Context(), connectors.Job{Case: "case-1", Subject: h.Leaver, Stages: everything, DryRun: true})
		acts := map[access.Stage]int{}
		for _, receipt := range progress.Receipts {
			require.True(t, receipt.DryRun)
			require.Equal(t, access.Pending, receipt.Disposition)
			acts[receipt.Stage] = len(receipt.Acts)
		}
		require.Equal(t, map[access.Stage]int{access.Lock: 2, access.Revoke: 2, access.Verify: 0, access.Reclaim: 2}, acts)
		require.Zero(t, h.writes())
		require.Empty(t, h.ledger.Receipts())
	})
	t.Run("a system takes part in the stages that it can and that are asked of it", func(t *testing.T) {
		h := newHouse(t)
		require.Equal(t, everything, h.Stages())
		h = newHouse(t, func(h *house, o *connectors.Options) {
			h.About.Rights, o.Stages = []access.RightKind{access.Grant}, []access.Stage{access.Lock, access.Revoke, access.Reclaim}
		})
		require.Equal(t, []access.Stage{access.Lock, access.Revoke, access.Verify}, h.Stages())
		h = newHouse(t, settled, func(h *house, _ *connectors.Options) { h.About.Without = []connectors.Capability{connectors.CanRevoke} })
		require.Equal(t, []access.Stage{access.Lock}, h.Stages())
		require.False(t, h.Can(connectors.CanRevoke))
	})
	t.Run("a system that cannot lock makes a person's work of it", func(t *testing.T) {
		h := newHouse(t, func(h *house, _ *connectors.Options) { h.About.Without = []connectors.Capability{connectors.CanLock} })
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Manual, access.Unsupported)
		require.True(t, h.active(reference.LeaverID))
	})
}

// panicking panics where it is told to.
type panicking struct {
	*reference.Connector
	find, lock bool
}

func (p panicking) Find(ctx context.Context, s access.Subject) ([]access.Account, error) {
	if p.find {
		panic("ada.marsh@example.com has no profile")
	}
	return p.Connector.Find(ctx, s)
}

func (p panicking) Lock(ctx context.Context, ref access.AccountRef) error {
	if p.lock {
		panic("ada.marsh@example.com has no profile")
	}
	return p.Connector.Lock(ctx, ref)
}

func TestPanic(t *testing.T) {
	t.Run("a panic in a look-up is unknown, and its text is not told", func(t *testing.T) {
		h := newHouse(t, func(h *house, o *connectors.Options) { o.Connector = panicking{Connector: h.Connector, find: true} })
		cell := requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Running, access.Unknown)
		require.NotContains(t, cell.Error.Error(), "profile")
		require.NotContains(t, cell.Error.Cause.Error(), "profile")
	})
	t.Run("a panic in a lock leaves the account as a fresh read shows it", func(t *testing.T) {
		h := newHouse(t, settled, func(h *house, o *connectors.Options) { o.Connector = panicking{Connector: h.Connector, lock: true} })
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Running, access.NotConverged)
		require.Equal(t, access.Unknown, h.ledger.Receipts()[0].Acts[0].Error.Code)
	})
}
