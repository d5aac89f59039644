package activedirectory_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/activedirectory"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/internal/servers/samba"
)

func (s *site) grants(t *testing.T) []access.Right {
	t.Helper()
	page, err := s.Rights(t.Context(), s.ref(), access.Grant, "")
	require.NoError(t, err)
	return page.Items
}

// right returns the one grant of a type.
func (s *site) right(t *testing.T, kind string) access.Right {
	t.Helper()
	i := slices.IndexFunc(s.grants(t), func(r access.Right) bool { return r.Type == kind })
	require.GreaterOrEqual(t, i, 0, "a right of the type %s", kind)
	return s.grants(t)[i]
}

func (s *site) types(t *testing.T) (all []string) {
	t.Helper()
	for _, right := range s.grants(t) {
		all = append(all, right.Type)
	}
	return all
}

// drive takes Ada through stages of one case, behind the guards.
func (s *site) drive(t *testing.T, ledger *connectortest.Ledger, stages ...access.Stage) connectors.Progress {
	t.Helper()
	guarded := connectors.NewSystem(connectors.Options{Name: system, Connector: s.Connector, Ledger: ledger, Witness: marshall})
	require.NoError(t, guarded.Check(t.Context()))
	return guarded.Drive(t.Context(), connectors.Job{Case: "case-1", Subject: ada, Stages: stages})
}

func (w *world) rightTests(t *testing.T) {
	t.Run("groups go but the primary one, and what a group gives goes with it", func(t *testing.T) {
		s := w.connect(t)
		require.Equal(t, []string{"group", "group", "primary-group", "inherited-group", "organizational-unit"}, s.types(t))
		require.Equal(t, access.ByGroup, s.right(t, "inherited-group").Obstacle, "Staff holds Engineering")
		progress := s.drive(t, &connectortest.Ledger{}, access.Lock, access.Revoke)
		require.NoError(t, progress.Err())
		require.Equal(t, access.Verified, progress.Cells[1].Disposition)
		require.Equal(t, []string{"primary-group"}, s.types(t))
		require.Equal(t, access.Inherent, s.right(t, "primary-group").Obstacle)
		require.Empty(t, w.values(t, w.dn(t, "ada.marsh"), "memberOf"))
	})
	t.Run("the move to the disabled comes last of all, and the account is found again by its id and every key", func(t *testing.T) {
		s := w.connect(t)
		s.drive(t, &connectortest.Ledger{}, access.Lock, access.Revoke)
		var last string
		for _, seen := range s.faults.Requests() {
			if seen.Method != http.MethodGet && seen.Method != http.MethodPost {
				last = seen.Method
			}
		}
		require.Equal(t, "MOVE", last)
		require.Equal(t, "CN=Ada Marsh,"+disabled, w.dn(t, "ada.marsh"))
		state, err := s.State(t.Context(), s.ref())
		require.NoError(t, err)
		require.Equal(t, access.Locked, state.Status)
		for _, subject := range []access.Subject{ada, {Key: "P-1042", UserNames: ada.UserNames}, {Key: "P-1042", Emails: ada.Emails},
			{Key: "P-1042", EmployeeNumber: "1042"}, {Key: "P-1042", Accounts: []access.AccountRef{s.ref()}}} {
			found, err := s.Find(t.Context(), subject)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, s.ref(), found[0].Ref)
			require.Equal(t, access.Locked, found[0].Status)
		}
	})
	t.Run("a name that is taken among the disabled does not keep the account from being moved there", func(t *testing.T) {
		s := w.connect(t)
		w.add(t, "CN=Ada Marsh,"+disabled, "contact", nil)
		t.Cleanup(func() { require.NoError(t, w.door.Del(ldap.NewDelRequest("CN=Ada Marsh,"+disabled, nil))) })
		require.NoError(t, s.RevokeRight(t.Context(), s.ref(), s.right(t, "organizational-unit")))
		require.Equal(t, "CN=Ada Marsh "+w.ids["ada.marsh"][:8]+","+disabled, w.dn(t, "ada.marsh"))
		require.NotContains(t, s.types(t), "organizational-unit")
	})
	t.Run("without a unit for the disabled the account stays where it is", func(t *testing.T) {
		s := w.connect(t, func(c *activedirectory.Config) { c.DisabledOU = "" })
		require.NotContains(t, s.types(t), "organizational-unit")
		s.drive(t, &connectortest.Ledger{}, access.Lock, access.Revoke)
		require.Equal(t, "CN=Ada Marsh,"+people, w.dn(t, "ada.marsh"))
	})
	t.Run("a primary group that gives something is a person's work", func(t *testing.T) {
		s := w.connect(t)
		sid := w.sid(t, "Engineering")
		w.modify(t, w.dn(t, "ada.marsh"), func(r *ldap.ModifyRequest) { r.Replace("primaryGroupID", []string{sid[len(sid)-4:]}) })
		t.Cleanup(func() {
			member := "CN=Domain Users,CN=Users," + samba.Base
			if !slices.Contains(w.values(t, w.dn(t, "ada.marsh"), "memberOf"), member) {
				w.modify(t, member, func(r *ldap.ModifyRequest) { r.Add("member", []string{w.dn(t, "ada.marsh")}) })
			}
			w.modify(t, w.dn(t, "ada.marsh"), func(r *ldap.ModifyRequest) { r.Replace("primaryGroupID", []string{"513"}) })
		})
		progress := s.drive(t, &connectortest.Ledger{}, access.Lock, access.Revoke)
		require.Equal(t, access.Manual, progress.Cells[1].Disposition)
		primary := s.right(t, "primary-group")
		require.Equal(t, access.OtherTool, primary.Obstacle)
		require.Contains(t, primary.Source, "make Domain Users the primary group")
	})
	t.Run("a group that we cannot see is a person's work, not an empty listing", func(t *testing.T) {
		s := w.connect(t)
		hidden := "CN=Hidden," + groups
		w.add(t, hidden, "group", map[string][]string{"sAMAccountName": {"Hidden"}, "member": {"CN=Domain Users,CN=Users," + samba.Base}})
		t.Cleanup(func() { require.NoError(t, w.door.Del(ldap.NewDelRequest(hidden, nil))) })
		w.Tool(t, "dsacl", "set", "-H", w.Database(), "--objectdn="+hidden, "--sddl=(D;;RP;;;"+w.sid(t, "strippers")+")")
		progress := s.drive(t, &connectortest.Ledger{}, access.Lock, access.Revoke)
		require.Equal(t, access.Manual, progress.Cells[1].Disposition)
		require.Equal(t, access.OtherTool, s.right(t, "inherited-group").Obstacle)
	})
	t.Run("an account that comes back to life is locked and moved away again", func(t *testing.T) {
		s := w.connect(t)
		ledger := &connectortest.Ledger{}
		s.drive(t, ledger, access.Lock, access.Revoke)
		dn := w.dn(t, "ada.marsh")
		w.modify(t, dn, func(r *ldap.ModifyRequest) { r.Replace("userAccountControl", []string{"512"}) })
		require.NoError(t, w.door.ModifyDN(ldap.NewModifyDNRequest(dn, "CN=Ada Marsh", true, people)))
		progress := s.drive(t, ledger, access.Verify)
		require.Equal(t, access.NotConverged, progress.Cells[0].Error.Code)
		require.Equal(t, "514", w.attribute(t, "ada.marsh", "userAccountControl"))
		require.Equal(t, "CN=Ada Marsh,"+disabled, w.dn(t, "ada.marsh"))
		require.Equal(t, access.Verified, s.drive(t, ledger, access.Verify).Cells[0].Disposition)
	})
	t.Run("a listing for a scan tells when an account was last used", func(t *testing.T) {
		s := w.connect(t)
		_, err := w.Bind(t, "ada.marsh@corp.example.com", adaPassword)
		require.NoError(t, err)
		accounts, err := connectors.Collect(t.Context(), s.Accounts)
		require.NoError(t, err)
		require.Len(t, accounts, 4, "people and our service, on pages of two")
		used := map[string]bool{}
		for _, account := range accounts {
			used[account.Name] = account.LastUsed != nil
			if account.LastUsed != nil {
				require.Equal(t, filetime(w.entry(t, "<GUID="+account.Ref.ID+">", "lastLogonTimestamp").GetAttributeValue("lastLogonTimestamp")),
					account.LastUsed.Format("2006-01-02T15:04:05.999999999Z07:00"))
			}
		}
		require.True(t, used["ada.marsh@corp.example.com"])
		require.False(t, used["ben.okoro@corp.example.com"], "who has never signed in")
	})
}
