package connectors_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
)

// unsure finds what it finds, and says that there may be more.
type unsure struct {
	*reference.Connector
	why access.Code
}

func (u unsure) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	found, err := u.Connector.Find(ctx, subject)
	if err != nil || u.why == "" {
		return found, err
	}
	return found, &access.Error{Code: u.why, Op: "find accounts"}
}

// forgetful ends no session and shows an instant of its own.
type forgetful struct {
	*reference.Connector
	shows time.Time
}

func (f forgetful) EndSessions(context.Context, access.AccountRef) error { return nil }

func (f forgetful) Sessions(context.Context, access.AccountRef) (access.SessionState, error) {
	return access.SessionState{Proof: access.StateReadBack, ValidFrom: f.shows}, nil
}

// stale answers "not found" once for every account.
type stale struct {
	*reference.Connector
	asked map[string]bool
}

func (s stale) State(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
	if !s.asked[ref.ID] {
		s.asked[ref.ID] = true
		return access.AccountState{Ref: ref, Status: access.Absent}, nil
	}
	return s.Connector.State(ctx, ref)
}

func TestFindThatIsNotSure(t *testing.T) {
	for code, want := range map[access.Code]access.Disposition{
		access.Ambiguous: access.Manual, access.Denied: access.Manual, access.Unavailable: access.Running,
	} {
		t.Run("accounts that are certain are locked, and "+string(code)+" stays open work", func(t *testing.T) {
			h := newHouse(t, func(h *house, o *connectors.Options) { o.Connector = unsure{h.Connector, code} })
			progress := h.drive(t, h.Leaver, access.Lock, access.Revoke)
			requireCell(t, progress, access.Lock, want, code)
			requireCell(t, progress, access.Revoke, access.Verified, "")
			require.False(t, h.active(reference.LeaverID))
		})
	}
	t.Run("an account that was acted on does not hide that the look-up fails later", func(t *testing.T) {
		h := newHouse(t)
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Verified, "")
		h.System = connectors.NewSystem(connectors.Options{Name: "directory", Connector: unsure{h.Connector, access.Denied}, Ledger: h.ledger, Witness: h.Other})
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Manual, access.Denied)
	})
}

func TestSessionsThatWereNotEnded(t *testing.T) {
	with := func(shows time.Time) func(*house, *connectors.Options) {
		return func(h *house, o *connectors.Options) { o.Connector = forgetful{h.Connector, shows} }
	}
	t.Run("an instant from before the act is no proof", func(t *testing.T) {
		h := newHouse(t, with(time.Now().AddDate(-1, 0, 0)))
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Running, access.NotConverged)
	})
	t.Run("an instant within the skew of clocks is one", func(t *testing.T) {
		h := newHouse(t, with(time.Now().Add(-time.Minute)))
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Verified, "")
	})
}

func TestOneStaleNotFoundIsNoState(t *testing.T) {
	h := newHouse(t, func(h *house, o *connectors.Options) { o.Connector = stale{h.Connector, map[string]bool{}} })
	requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Running, access.NotConverged)
	progress := h.drive(t, h.Leaver, access.Lock)
	requireCell(t, progress, access.Lock, access.Verified, "")
	require.Equal(t, access.Active, progress.Receipts[0].Before.Status, "the true state before")
	require.Equal(t, access.Applied, progress.Receipts[0].Outcome)
}

func TestWhatAbsenceNeeds(t *testing.T) {
	numbered := func(h *house, o *connectors.Options) {
		h.Change(reference.OtherID, func(p *reference.Person) { p.Number = "1008" })
		o.Witness = access.Subject{Key: h.Other.Key, EmployeeNumber: "1008"}
	}
	t.Run("an id that was named and is not found proves nothing: it may be mistyped", func(t *testing.T) {
		h := newHouse(t)
		nobody := h.Nobody
		nobody.Accounts = []access.AccountRef{{System: "directory", ID: "p-9999"}}
		requireCell(t, h.drive(t, nobody, access.Lock), access.Lock, access.Manual, access.Unsupported)
	})
	t.Run("somebody without a key by which the system knows people is not proved absent", func(t *testing.T) {
		h := newHouse(t, numbered)
		requireCell(t, h.drive(t, h.Nobody, access.Lock), access.Lock, access.Manual, access.Unsupported)
	})
	t.Run("keys that the witness does not have are not needed", func(t *testing.T) {
		h := newHouse(t, numbered)
		nobody := access.Subject{Key: "P-7", EmployeeNumber: "7777"}
		requireCell(t, h.drive(t, nobody, access.Lock), access.Lock, access.Gone, "")
	})
}

func TestProtectedNamesAreTakenToTheLetterToo(t *testing.T) {
	for _, name := range []string{`corp\ada.marsh`, "ada[ops]", "ada*"} {
		h := newHouse(t, func(h *house, o *connectors.Options) {
			o.Protected = []string{name}
			o.Connector = renamed{h.Connector, name}
		})
		requireCell(t, h.drive(t, h.Leaver, access.Lock), access.Lock, access.Manual, access.Protected)
		require.True(t, h.active(reference.LeaverID), name)
	}
}

// renamed finds accounts under another login name.
type renamed struct {
	*reference.Connector
	name string
}

func (r renamed) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	found, err := r.Connector.Find(ctx, subject)
	for i := range found {
		found[i].Name = r.name
	}
	return found, err
}
