package connectors_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
)

func TestProtectedAccounts(t *testing.T) {
	for _, c := range []struct {
		name      string
		change    func(*house, *connectors.Options)
		protected bool
	}{
		{"an id", func(_ *house, o *connectors.Options) { o.Protected = []string{reference.LeaverID} }, true},
		{"a login name", func(_ *house, o *connectors.Options) { o.Protected = []string{"ada.marsh"} }, true},
		{"a login name in another case", func(_ *house, o *connectors.Options) { o.Protected = []string{"ADA.Marsh"} }, true},
		{"a wildcard", func(_ *house, o *connectors.Options) { o.Protected = []string{"break-glass", "ada.m*"} }, true},
		{"a pattern that cannot be read", func(_ *house, o *connectors.Options) { o.Protected = []string{"[ada"} }, true},
		{"an account of our own", func(h *house, _ *connectors.Options) { h.About.OwnAccounts = []string{reference.LeaverID} }, true},
		{"somebody else's name", func(_ *house, o *connectors.Options) { o.Protected = []string{"ada.marshall", "ada", "p-000"} }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, c.change)
			progress := h.drive(t, h.Leaver, access.Stages()...)
			if !c.protected {
				requireCell(t, progress, access.Lock, access.Verified, "")
				return
			}
			requireCell(t, progress, access.Lock, access.Manual, access.Protected)
			for _, stage := range []access.Stage{access.Revoke, access.Verify, access.Reclaim} {
				requireCell(t, progress, stage, access.Pending, "")
			}
			require.Zero(t, h.writes(), "a protected account is not touched")
		})
	}
}

func TestLimit(t *testing.T) {
	oneAnHour := func(_ *house, o *connectors.Options) { o.Limit = connectors.Limit{Accounts: 1, Window: time.Hour} }

	t.Run("the account beyond the limit is refused until the window has rolled on", func(t *testing.T) {
		h := newHouse(t, oneAnHour)
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Verified, "")
		h.ahead = 59 * time.Minute
		requireCell(t, h.drive(t, h.Other, access.Lock), access.Lock, access.Manual, access.Protected)
		require.True(t, h.active(reference.OtherID))
		h.ahead = time.Hour
		requireCell(t, h.drive(t, h.Other, access.Lock), access.Lock, access.Verified, "")
		require.False(t, h.active(reference.OtherID))
	})
	t.Run("an account counts once within the window", func(t *testing.T) {
		h := newHouse(t, oneAnHour)
		for range 3 {
			h.Change(reference.LeaverID, func(p *reference.Person) { p.Active = true })
			requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Verified, "")
		}
	})
	t.Run("what is locked already and what is only planned do not count", func(t *testing.T) {
		h := newHouse(t, oneAnHour)
		h.Change(reference.LeaverID, func(p *reference.Person) { p.Active = false })
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Verified, "")
		h.System.Drive(t.Context(), connectors.Job{Case: "case-2", Subject: h.Leaver, Stages: []access.Stage{access.Lock}, DryRun: true})
		requireCell(t, h.drive(t, h.Other, access.Lock), access.Lock, access.Verified, "")
	})
}

func TestWitness(t *testing.T) {
	for _, c := range []struct {
		name        string
		change      func(*house, *connectors.Options)
		disposition access.Disposition
		code        access.Code
		proof       access.Proof
	}{
		{"without a witness an empty look-up proves nothing",
			func(_ *house, o *connectors.Options) { o.Witness = access.Subject{} }, access.Manual, access.Unsupported, access.Unprovable},
		{"a look-up that does not find the witness proves nothing",
			func(h *house, _ *connectors.Options) { h.Delete(reference.OtherID) }, access.Manual, access.Unsupported, access.Unprovable},
		{"a witness that may not be seen proves nothing",
			func(h *house, _ *connectors.Options) { h.Deny(reference.MayRead) }, access.Manual, access.Denied, access.Unprovable},
		{"a look-up that finds the witness proves that there is no account",
			func(*house, *connectors.Options) {}, access.Gone, "", access.NoRow},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, c.change)
			progress := h.drive(t, h.Nobody, access.Lock, access.Reclaim)
			requireCell(t, progress, access.Lock, c.disposition, c.code)
			require.Equal(t, c.proof, progress.Receipts[0].Proof)
			later := access.Gone
			if c.code != "" {
				later = access.Pending
			}
			requireCell(t, progress, access.Reclaim, later, "")
			require.Zero(t, h.writes())
		})
	}
	t.Run("a check fails when the witness is not found", func(t *testing.T) {
		h := newHouse(t)
		require.NoError(t, h.System.Check(t.Context()))
		h = newHouse(t)
		h.Delete(reference.OtherID)
		require.Equal(t, access.Unsupported, access.CodeOf(h.System.Check(t.Context())))
	})
	t.Run("a look-up that fails for a while is tried again", func(t *testing.T) {
		h := newHouse(t)
		h.breaks("/people", 500)
		progress := h.drive(t, h.Nobody, access.Lock)
		requireCell(t, progress, access.Lock, access.Running, access.Unavailable)
		require.Equal(t, access.Unavailable, access.CodeOf(progress.Err()))
	})
	t.Run("a subject without a key is refused", func(t *testing.T) {
		h := newHouse(t)
		requireCell(t, h.drive(t, access.Subject{Key: "P1007", Name: "Ada Marsh"}, access.Lock), access.Lock, access.Manual, access.Invalid)
		require.Empty(t, h.Faults.Requests())
	})
}
