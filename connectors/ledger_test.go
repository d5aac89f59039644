package connectors_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
)

// down is a ledger whose store is down, as its contract has it: what belongs to
// the lock is taken all the same.
type down struct{ *connectortest.Ledger }

var errDown = &access.Error{Code: access.Unavailable, Op: "store evidence"}

func (d down) Intend(ctx context.Context, intent access.Intent) (access.Intent, error) {
	if intent.Stage != access.Lock {
		return access.Intent{}, errDown
	}
	return d.Ledger.Intend(ctx, intent)
}

func (d down) Intents(context.Context, string, string) ([]access.Intent, error) { return nil, errDown }

func (d down) Record(ctx context.Context, receipt access.Receipt) error {
	if receipt.Stage != access.Lock {
		return errDown
	}
	return d.Ledger.Record(ctx, receipt)
}

// lost is a ledger that takes nothing at all.
type lost struct{ down }

func (lost) Intend(context.Context, access.Intent) (access.Intent, error) {
	return access.Intent{}, errDown
}

func (lost) Record(context.Context, access.Receipt) error { return errDown }

func TestEvidence(t *testing.T) {
	with := func(ledger connectors.Ledger) func(*house, *connectors.Options) {
		return func(_ *house, o *connectors.Options) { o.Ledger = ledger }
	}
	t.Run("with the store down the lock goes on, and what destroys stops", func(t *testing.T) {
		h := newHouse(t, with(down{&connectortest.Ledger{}}))
		before := h.Bystanders("")
		progress := h.drive(t, h.Leaver, access.Lock, access.Revoke, access.Reclaim)
		requireCell(t, progress, access.Lock, access.Verified, "")
		requireCell(t, progress, access.Revoke, access.Running, access.Unavailable)
		requireCell(t, progress, access.Reclaim, access.Running, access.Unavailable)
		require.False(t, h.active(reference.LeaverID))
		require.Equal(t, before, h.Bystanders(""), "no group was touched")
	})
	t.Run("without the earlier intents nothing but the lock begins", func(t *testing.T) {
		h := newHouse(t, with(down{&connectortest.Ledger{}}))
		requireCell(t, h.drive(t, h.Leaver, access.Revoke), access.Revoke, access.Running, access.Unavailable)
		require.Empty(t, h.Faults.Requests())
	})
	t.Run("nothing is written without an intent", func(t *testing.T) {
		h := newHouse(t, with(lost{}))
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Running, access.Unavailable)
		require.Zero(t, h.writes())
		require.True(t, h.active(reference.LeaverID))
	})
	t.Run("a receipt that cannot be stored is not done", func(t *testing.T) {
		h := newHouse(t, with(lost{}))
		requireCell(t, h.drive(t, h.Nobody, access.Lock), access.Lock, access.Running, access.Unavailable)
	})
	t.Run("an account that a case has acted upon is driven on when its names have moved", func(t *testing.T) {
		h := newHouse(t)
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Verified, "")
		h.Change(reference.LeaverID, func(p *reference.Person) { p.UserName, p.Email, p.Number = "left-1007", "", "" })
		requireCell(t, h.drive(t, h.Leaver, access.Revoke), access.Revoke, access.Verified, "")
		require.NotContains(t, h.Truth()[reference.LeaverID], "engineering")
	})
}
