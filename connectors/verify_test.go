package connectors_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
)

func TestVerify(t *testing.T) {
	killed := func(t *testing.T) *house {
		h := newHouse(t)
		requireCell(t, h.drive(t, h.Leaver, access.Lock, access.Revoke), access.Revoke, access.Verified, "")
		return h
	}
	for _, c := range []struct {
		name   string
		revive func(*house)
	}{
		{"an account that came back to life is killed again, and stays open until that holds",
			func(h *house) { h.Change(reference.LeaverID, func(p *reference.Person) { p.Active = true }) }},
		{"a right that came back is taken again, and stays open until that holds",
			func(h *house) { h.Join("engineering", reference.LeaverID) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := killed(t)
			dead := h.Truth()
			c.revive(h)
			cell := requireCell(t, h.drive(t, h.Leaver, access.Verify), access.Verify, access.Running, access.NotConverged)
			require.Equal(t, h.About.Settle, cell.Error.RetryAfter)
			require.Equal(t, dead, h.Truth())
			requireCell(t, h.drive(t, h.Leaver, access.Verify), access.Verify, access.Verified, "")
		})
	}
	t.Run("an account that stayed dead is verified and not touched", func(t *testing.T) {
		h := killed(t)
		writes := h.writes()
		progress := h.drive(t, h.Leaver, access.Verify)
		requireCell(t, progress, access.Verify, access.Verified, "")
		require.Equal(t, access.Unchanged, progress.Receipts[0].Outcome)
		require.Equal(t, writes, h.writes())
	})
	for _, stage := range []access.Stage{access.Lock, access.Revoke, access.Verify, access.Reclaim} {
		t.Run("an account that was deleted meanwhile is gone in the stage "+string(stage), func(t *testing.T) {
			h := killed(t)
			h.Delete(reference.LeaverID)
			progress := h.drive(t, h.Leaver, stage)
			requireCell(t, progress, stage, access.Gone, "")
			require.Equal(t, access.NotFoundTwice, progress.Receipts[0].Proof)
		})
	}
	t.Run("an account that is not found under its id and found by another key is not gone", func(t *testing.T) {
		h := newHouse(t, func(h *house, o *connectors.Options) { o.Connector = blind{h.Connector} })
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Running, access.NotConverged)
	})
}

// blind sees no account under its id.
type blind struct{ *reference.Connector }

func (blind) State(_ context.Context, ref access.AccountRef) (access.AccountState, error) {
	return access.AccountState{Ref: ref, Status: access.Absent}, nil
}

func TestObstacles(t *testing.T) {
	for _, c := range []struct {
		obstacle    access.Obstacle
		disposition access.Disposition
		code        access.Code
	}{
		{access.Inherent, access.Verified, ""},
		{access.ByGroup, access.Running, access.NotConverged},
		{access.ByRule, access.Manual, access.Unsupported},
		{access.Synced, access.Manual, access.Unsupported},
		{access.OtherTool, access.Manual, access.Unsupported},
		{access.Invisible, access.Manual, access.Unsupported},
	} {
		t.Run("a right that is "+string(c.obstacle)+" ends as "+string(c.disposition), func(t *testing.T) {
			h := newHouse(t)
			h.AddGroup(reference.Group{ID: "obstinate", Kind: access.Grant, Obstacle: c.obstacle, Members: []string{reference.LeaverID}})
			progress := h.drive(t, h.Leaver, access.Lock, access.Revoke)
			cell := requireCell(t, progress, access.Revoke, c.disposition, c.code)
			require.Len(t, progress.Receipts[1].Remaining, 2, "it is on the receipt, beside the group that everybody is in")
			if c.code != "" {
				require.NotEmpty(t, cell.Error.Hint)
				require.NotContains(t, cell.Error.Error(), "obstinate", "names of groups are for the report only")
			}
			require.Len(t, progress.Receipts[1].Acts, 2, "what can be removed is removed all the same")
		})
	}
}
