package activedirectory_test

import (
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/activedirectory"
)

func (w *world) findTests(t *testing.T) {
	ids := func(accounts []access.Account) (all []string) {
		for _, a := range accounts {
			all = append(all, a.Ref.ID)
		}
		return all
	}
	// another makes a further account, and removes it with the test.
	another := func(t *testing.T, name string, attributes map[string][]string) string {
		t.Helper()
		attributes["sAMAccountName"] = []string{name}
		w.add(t, "CN="+name+","+people, "user", attributes)
		t.Cleanup(func() { require.NoError(t, w.door.Del(ldap.NewDelRequest("CN="+name+","+people, nil))) })
		return uuid(w.entry(t, "CN="+name+","+people, "objectGUID").GetRawAttributeValue("objectGUID"))
	}
	t.Run("a person's second account, with the same address, is found too", func(t *testing.T) {
		s := w.connect(t)
		second := another(t, "adm-ada.marsh", map[string][]string{"mail": ada.Emails})
		found, err := s.Find(t.Context(), ada)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{w.ids["ada.marsh"], second}, ids(found))
	})
	t.Run("an address that was given to somebody new leads to a person, and the certain account is known all the same", func(t *testing.T) {
		s := w.connect(t)
		another(t, "new.ada", map[string][]string{"mail": ada.Emails, "employeeID": {"3003"}})
		found, err := s.Find(t.Context(), ada)
		require.Equal(t, access.Ambiguous, access.CodeOf(err))
		require.Equal(t, []string{w.ids["ada.marsh"]}, ids(found))
	})
	t.Run("an employee number that two accounts have is ambiguous where nothing else tells them apart", func(t *testing.T) {
		s := w.connect(t)
		another(t, "old.ada", map[string][]string{"employeeID": {"1042"}})
		found, err := s.Find(t.Context(), access.Subject{Key: "P-1042", EmployeeNumber: "1042"})
		require.Equal(t, access.Ambiguous, access.CodeOf(err))
		require.Empty(t, found)
	})
	t.Run("a further address is a key, and so is any case of a name", func(t *testing.T) {
		s := w.connect(t)
		second := another(t, "zoe.quill", map[string][]string{"proxyAddresses": {"SMTP:zoe.quill@example.com", "smtp:zq@example.com"}})
		found, err := s.Find(t.Context(), access.Subject{Key: "P-7", Emails: []string{"ZQ@example.com"}})
		require.NoError(t, err)
		require.Equal(t, []string{second}, ids(found))
		found, err = s.Find(t.Context(), access.Subject{Key: "P-7", UserNames: []string{"ZOE.Quill"}})
		require.NoError(t, err)
		require.Equal(t, []string{second}, ids(found))
	})
	t.Run("a name that differs in its accents only finds nobody", func(t *testing.T) {
		s := w.connect(t)
		another(t, "jose.diaz", map[string][]string{})
		found, err := s.Find(t.Context(), access.Subject{Key: "P-8", UserNames: []string{"josé.diaz"}})
		require.NoError(t, err)
		require.Empty(t, found)
	})
	t.Run("nobody is found by a key by which nobody else is to be seen", func(t *testing.T) {
		s := w.connect(t, func(c *activedirectory.Config) { c.EmployeeNumber = "employeeNumber" })
		_, err := s.Find(t.Context(), access.Subject{Key: "P-9", EmployeeNumber: "9009"})
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.ErrorContains(t, err, "employee-number")
	})
	t.Run("computers and contacts are nobody's accounts", func(t *testing.T) {
		s := w.connect(t)
		w.add(t, "CN=kiosk,"+people, "computer", map[string][]string{"sAMAccountName": {"kiosk"}, "mail": {"kiosk@example.com"}})
		w.add(t, "CN=visitor,"+people, "contact", map[string][]string{"mail": {"kiosk@example.com"}})
		t.Cleanup(func() {
			for _, name := range []string{"kiosk", "visitor"} {
				require.NoError(t, w.door.Del(ldap.NewDelRequest("CN="+name+","+people, nil)))
			}
		})
		found, err := s.Find(t.Context(), access.Subject{Key: "P-10", Emails: []string{"kiosk@example.com"}})
		require.NoError(t, err)
		require.Empty(t, found)
	})
	t.Run("a deleted account is absent", func(t *testing.T) {
		s := w.connect(t)
		w.add(t, "CN=brief,"+people, "user", map[string][]string{"sAMAccountName": {"brief"}})
		id := uuid(w.entry(t, "CN=brief,"+people, "objectGUID").GetRawAttributeValue("objectGUID"))
		require.NoError(t, w.door.Del(ldap.NewDelRequest("CN=brief,"+people, nil)))
		ref := access.AccountRef{System: system, ID: id}
		state, err := s.State(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, access.Absent, state.Status)
		require.NoError(t, s.Lock(t.Context(), ref))
		require.NoError(t, s.RevokeRight(t.Context(), ref, access.Right{Kind: access.Grant, Type: "group", ID: uuid(w.entry(t, "CN=Engineering,"+groups, "objectGUID").GetRawAttributeValue("objectGUID"))}))
		_, err = s.Rights(t.Context(), ref, access.Grant, "")
		require.Equal(t, access.NotFound, access.CodeOf(err))
	})
}
