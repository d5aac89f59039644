package entraid_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/entra"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func TestFind(t *testing.T) {
	t.Run("all keys together take one request", func(t *testing.T) {
		h := newHouse(t)
		require.NoError(t, h.Check(t.Context()))
		before := len(h.faults.Requests())
		found, err := h.Find(t.Context(), leaver())
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, access.Account{Ref: h.ref(), Name: "ada.marsh@example.com", MatchedBy: access.ByUserName, Status: access.Active}, found[0])
		require.Len(t, h.faults.Requests(), before+1)
	})
	t.Run("more keys than a filter takes are all asked for", func(t *testing.T) {
		h := newHouse(t)
		s := leaver()
		s.UserNames = nil
		for range 20 {
			s.UserNames = append(s.UserNames, time.Duration(len(s.UserNames)).String()+"@example.com")
		}
		s.UserNames = append(s.UserNames, "ADA.MARSH@example.com")
		found, err := h.Find(t.Context(), s)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, access.ByUserName, found[0].MatchedBy, "case does not matter")
	})
	t.Run("a name with a quote in it is found", func(t *testing.T) {
		h := newHouse(t)
		id := h.tenant.AddUser(entra.User{UserPrincipalName: "o'neil#EXT#@example.com"})
		found, err := h.Find(t.Context(), access.Subject{Key: "p-1", UserNames: []string{"o'neil#EXT#@example.com"}})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, id, found[0].Ref.ID)
	})
	t.Run("an account without a mailbox is found by an e-mail address that is its login name", func(t *testing.T) {
		h := newHouse(t)
		id := h.tenant.AddUser(entra.User{UserPrincipalName: "bo.lind@example.com"})
		found, err := h.Find(t.Context(), access.Subject{Key: "p-1", Emails: []string{"bo.lind@example.com"}})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, id, found[0].Ref.ID)
	})
	t.Run("two accounts under different keys are both the leaver's", func(t *testing.T) {
		h := newHouse(t)
		second := h.tenant.AddUser(entra.User{UserPrincipalName: "adm-ada@example.com"})
		s := leaver()
		s.UserNames = append(s.UserNames, "adm-ada@example.com")
		found, err := h.Find(t.Context(), s)
		require.NoError(t, err)
		require.Len(t, found, 2)
		require.Equal(t, second, found[1].Ref.ID)
	})
	t.Run("a server that ignores the filter does not make everybody the leaver", func(t *testing.T) {
		h := newHouse(t, ignoreFilters)
		found, err := h.Find(t.Context(), leaver())
		require.NoError(t, err)
		require.Len(t, found, 1)
		found, err = h.Find(t.Context(), access.Subject{Key: "p-9", EmployeeNumber: "9"})
		require.NoError(t, err)
		require.Empty(t, found)
	})
	t.Run("an account id that is no GUID is refused, and the other keys are asked for all the same", func(t *testing.T) {
		h := newHouse(t)
		s := access.Subject{Key: "p-1", Accounts: []access.AccountRef{{System: system, ID: "me"}}}
		found, err := h.Find(t.Context(), s)
		require.Equal(t, access.Invalid, codeOf(t, err))
		require.Empty(t, found)
		s.UserNames = leaver().UserNames
		found, err = h.Find(t.Context(), s)
		require.Equal(t, access.Invalid, codeOf(t, err))
		require.Equal(t, []string{h.ada}, ids(found))
	})
	t.Run("what a part of the look-up finds is not lost when another part fails", func(t *testing.T) {
		h := newHouse(t)
		s := access.Subject{Key: "p-1", UserNames: []string{"ada.marsh@example.com"}}
		for i := range 15 {
			s.UserNames = append(s.UserNames, time.Duration(i).String()+"@example.com")
		}
		require.NoError(t, h.Check(t.Context()))
		h.faults.Add(fault.Rule{Match: fault.Path("/users"), Skip: 1, Effect: fault.Answer(403, nil, `{"error":{"code":"Authorization_RequestDenied"}}`)})
		found, err := h.Find(t.Context(), s)
		require.Equal(t, access.Denied, codeOf(t, err))
		require.Equal(t, []string{h.ada}, ids(found))
	})
}

func TestFindByAddress(t *testing.T) {
	byEmail := func(emails ...string) access.Subject { return access.Subject{Key: "p-1", Emails: emails} }
	for _, row := range []struct {
		sentence, email string
		user            entra.User
	}{
		{"the primary address", "zoe.quill@example.com", entra.User{Mail: "zoe.quill@example.com"}},
		{"an alias", "ZQ@example.com", entra.User{Mail: "zoe.quill@example.com", Aliases: []string{"zq@example.com"}}},
		{"an alias with a quote in it", "o'quill@example.com", entra.User{Aliases: []string{"o'quill@example.com"}}},
		{"an address elsewhere", "zoe@example.net", entra.User{OtherMails: []string{"Zoe@example.net"}}},
	} {
		t.Run("an account is found by "+row.sentence, func(t *testing.T) {
			h := newHouse(t)
			row.user.UserPrincipalName = "quill@example.com"
			id := h.tenant.AddUser(row.user)
			found, err := h.Find(t.Context(), byEmail(row.email))
			require.NoError(t, err)
			require.Equal(t, []string{id}, ids(found))
			require.Equal(t, access.ByEmail, found[0].MatchedBy)
		})
	}
	t.Run("part of an alias finds nobody, nor does its prefix", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.AddUser(entra.User{UserPrincipalName: "quill@example.com", Aliases: []string{"zq@example.com"}})
		found, err := h.Find(t.Context(), byEmail("q@example.com", "smtp:zq@example.com"))
		require.NoError(t, err)
		require.Empty(t, found)
	})
	t.Run("aliases are compared here when the server ignores the filter", func(t *testing.T) {
		h := newHouse(t, ignoreFilters)
		id := h.tenant.AddUser(entra.User{UserPrincipalName: "quill@example.com", Aliases: []string{"zq@example.com"}})
		found, err := h.Find(t.Context(), byEmail("zq@example.com"))
		require.NoError(t, err)
		require.Equal(t, []string{id}, ids(found))
	})
	t.Run("a tenant that does not find aliases fails the check", func(t *testing.T) {
		h := newHouse(t)
		h.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return strings.Contains(r.URL.Query().Get("$filter"), "proxyAddresses") },
			Effect: fault.Answer(200, nil, `{"value":[]}`)})
		require.Equal(t, access.Unavailable, codeOf(t, h.Check(t.Context())))
	})
}

func TestFindThatIsInDoubt(t *testing.T) {
	for _, row := range []struct {
		sentence string
		other    entra.User
	}{
		{"an employee number that two accounts have", entra.User{EmployeeID: "10042"}},
		{"an address that another account has for contact", entra.User{OtherMails: []string{"ada.marsh@example.com"}}},
	} {
		t.Run(row.sentence+" is ambiguous, and what is certain is found", func(t *testing.T) {
			h := newHouse(t)
			row.other.UserPrincipalName = "adm-ada@example.com"
			other := h.tenant.AddUser(row.other)
			found, err := h.Find(t.Context(), leaver())
			require.Equal(t, access.Ambiguous, codeOf(t, err))
			require.Equal(t, []string{h.ada}, ids(found))

			s := leaver()
			s.Accounts = []access.AccountRef{{System: system, ID: other}}
			found, err = h.Find(t.Context(), s)
			require.NoError(t, err, "it was named by its id")
			require.ElementsMatch(t, []string{h.ada, other}, ids(found))
		})
	}
	t.Run("an address that two accounts have for contact finds neither", func(t *testing.T) {
		h := newHouse(t)
		for _, name := range []string{"a@example.com", "b@example.com"} {
			h.tenant.AddUser(entra.User{UserPrincipalName: name, OtherMails: []string{"zoe@example.net"}})
		}
		found, err := h.Find(t.Context(), access.Subject{Key: "p-1", Emails: []string{"zoe@example.net"}})
		require.Equal(t, access.Ambiguous, codeOf(t, err))
		require.Empty(t, found)
	})
}

func ids(accounts []access.Account) (all []string) {
	for _, account := range accounts {
		all = append(all, account.Ref.ID)
	}
	return all
}

// ignoreFilters makes the tenant answer as if there were no $filter.
func ignoreFilters(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if query := r.URL.Query(); query.Has("$filter") {
			query.Del("$filter")
			r.URL.RawQuery = query.Encode()
		}
		next.ServeHTTP(w, r)
	})
}
