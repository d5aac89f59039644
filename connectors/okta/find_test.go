package okta

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	simulator "github.com/killsignal/killsignal/internal/simulator/okta"
)

func TestFind(t *testing.T) {
	h := newHouse(t, simulator.Options{})
	only := func(t *testing.T, subject access.Subject, by access.Correlator, status access.Status) {
		t.Helper()
		found, err := h.Find(t.Context(), subject)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, h.ref(), found[0].Ref)
		require.Equal(t, by, found[0].MatchedBy)
		require.Equal(t, status, found[0].Status)
	}
	t.Run("login and e-mail address of one account find it once, by the stronger key", func(t *testing.T) {
		only(t, ada, access.ByUserName, access.Active)
	})
	t.Run("an e-mail address that is the login finds it, in whatever case", func(t *testing.T) {
		only(t, access.Subject{Key: "1041", Emails: []string{"ADA.MARSH@EXAMPLE.COM"}}, access.ByEmail, access.Active)
	})
	t.Run("the id finds it", func(t *testing.T) {
		only(t, access.Subject{Key: "1041", Accounts: []access.AccountRef{h.ref()}}, access.ByID, access.Active)
	})
	t.Run("the id of another system is no key here", func(t *testing.T) {
		_, err := h.Find(t.Context(), access.Subject{Key: "1041", Accounts: []access.AccountRef{{System: "okta-other", ID: h.leaver}}})
		require.Equal(t, access.Invalid, access.CodeOf(err))
	})
	t.Run("when it was last used is told", func(t *testing.T) {
		found, err := h.Find(t.Context(), ada)
		require.NoError(t, err)
		require.Equal(t, time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), found[0].LastUsed.UTC())
	})
	t.Run("a short login finds nobody whose login is longer", func(t *testing.T) {
		found, err := h.Find(t.Context(), access.Subject{Key: "1", UserNames: []string{"ada.marsh"}})
		require.NoError(t, err)
		require.Empty(t, found)
	})
	t.Run("a stranger is an empty list", func(t *testing.T) {
		found, err := h.Find(t.Context(), access.Subject{Key: "9", Emails: []string{"nobody@example.com"},
			Accounts: []access.AccountRef{{System: "okta-test", ID: "00u00000000000000000"}}})
		require.NoError(t, err)
		require.NotNil(t, found)
		require.Empty(t, found)
	})
	t.Run("a subject without a usable key is refused, not everybody", func(t *testing.T) {
		_, err := h.Find(t.Context(), access.Subject{Key: "9", EmployeeNumber: "17"})
		require.Equal(t, access.Invalid, access.CodeOf(err))
	})
	t.Run("a server that ignores the filter does not make everybody the leaver", func(t *testing.T) {
		h.faults.Add(fault.Rule{Match: fault.Path("/api/v1/users"), Effect: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			r.URL.RawQuery = ""
			next.ServeHTTP(w, r)
		}})
		defer h.faults.Clear()
		only(t, ada, access.ByUserName, access.Active)
	})
	t.Run("more keys than fit one expression are all looked for", func(t *testing.T) {
		subject := access.Subject{Key: "1041"}
		for _, letter := range "abcdefghijklmnopqrst" {
			subject.Emails = append(subject.Emails, string(letter)+"@example.com")
		}
		subject.Emails = append(subject.Emails, "ada.marsh@example.com")
		only(t, subject, access.ByEmail, access.Active)
	})
	t.Run("a look-up that we may not make is denied, not none", func(t *testing.T) {
		h.org.Deny("okta.users.read")
		defer h.org.Allow("okta.users.read")
		_, err := h.Find(t.Context(), ada)
		require.Equal(t, access.Denied, access.CodeOf(err))
	})
	t.Run("a deactivated user is found although a filter leaves her out", func(t *testing.T) {
		h.org.SetStatus(h.leaver, simulator.Deprovisioned)
		defer h.org.SetStatus(h.leaver, simulator.Active)
		h.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return r.URL.Query().Has("filter") }, Effect: fault.Answer(http.StatusOK, nil, "[]")})
		defer h.faults.Clear()
		only(t, ada, access.ByUserName, access.Locked)
	})
	t.Run("a change that searches do not show yet does not make the status stale", func(t *testing.T) {
		h.org.SetLag(time.Hour)
		defer h.org.SetLag(0)
		h.org.SetStatus(h.leaver, simulator.Deprovisioned)
		defer h.org.SetStatus(h.leaver, simulator.Active)
		h.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return r.URL.Query().Has("filter") }, Effect: fault.Answer(http.StatusOK, nil, "[]")})
		defer h.faults.Clear()
		only(t, ada, access.ByUserName, access.Locked)
	})
	t.Run("somebody added a moment ago is found although searches do not show her yet", func(t *testing.T) {
		h.org.SetLag(time.Hour)
		defer h.org.SetLag(0)
		h.org.AddUser(simulator.Person{Login: "new.hire@example.com"})
		found, err := h.Find(t.Context(), access.Subject{Key: "2", UserNames: []string{"new.hire@example.com"}})
		require.NoError(t, err)
		require.Len(t, found, 1)
	})
}

func TestFindWithSharedKeys(t *testing.T) {
	h := newHouse(t, simulator.Options{})
	second := h.org.AddUser(simulator.Person{Login: "svc-reports@example.com", Email: "ada.marsh@example.com"})
	for _, login := range []string{"svc-a@example.com", "svc-b@example.com"} {
		h.org.AddUser(simulator.Person{Login: login, Email: "reports@example.com"})
	}
	byMail := access.Subject{Key: "1041", Emails: []string{"ada.marsh@example.com"}}
	t.Run("two users with one e-mail address are ambiguous", func(t *testing.T) {
		found, err := h.Find(t.Context(), access.Subject{Key: "1041", Emails: []string{"reports@example.com"}})
		require.Equal(t, access.Ambiguous, access.CodeOf(err))
		require.False(t, access.ContainsAddress(err.Error()))
		require.Empty(t, found)
	})
	t.Run("the one whose login is the address is hers all the same, and the doubt about the other stays", func(t *testing.T) {
		for _, subject := range []access.Subject{ada, byMail} {
			found, err := h.Find(t.Context(), subject)
			require.Equal(t, access.Ambiguous, access.CodeOf(err))
			require.Equal(t, []string{h.leaver}, ids(found))
		}
		require.Equal(t, access.Manual, h.drive(t, access.Lock)[0].Disposition)
		truth, _ := h.org.User(h.leaver)
		require.Equal(t, simulator.Suspended, truth.Status)
		h.org.SetStatus(h.leaver, simulator.Active)
	})
	t.Run("they stay so when only one of them is known by its id", func(t *testing.T) {
		subject := byMail
		subject.Accounts = []access.AccountRef{h.ref()}
		found, err := h.Find(t.Context(), subject)
		require.Equal(t, access.Ambiguous, access.CodeOf(err))
		require.Equal(t, []string{h.leaver}, ids(found))
	})
	t.Run("both are hers when both are known by their ids", func(t *testing.T) {
		subject := byMail
		subject.Accounts = []access.AccountRef{h.ref(), {System: "okta-test", ID: second}}
		found, err := h.Find(t.Context(), subject)
		require.NoError(t, err)
		require.Len(t, found, 2)
	})
	t.Run("two logins are two accounts", func(t *testing.T) {
		found, err := h.Find(t.Context(), access.Subject{Key: "1041", UserNames: []string{"ada.marsh@example.com", "svc-reports@example.com"}})
		require.NoError(t, err)
		require.Len(t, found, 2)
	})
}

func TestFindWithTrouble(t *testing.T) {
	search := func(r *http.Request) bool { return r.URL.Query().Has("search") }
	refused := fault.Answer(http.StatusForbidden, nil, `{"errorCode":"E0000006"}`)
	unknown := access.AccountRef{System: "okta-test", ID: "00u00000000000000000"}
	t.Run("an id that is refused hides no account that another key finds", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.disturb("/users/"+unknown.ID, refused)
		subject := ada
		subject.Accounts = []access.AccountRef{unknown}
		found, err := h.Find(t.Context(), subject)
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.Equal(t, []string{h.leaver}, ids(found))
	})
	t.Run("a search that is refused hides no account that is known by its id or its login", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.faults.Add(fault.Rule{Match: search, Effect: refused})
		for _, subject := range []access.Subject{ada, {Key: "1041", Emails: []string{"x@example.com"}, Accounts: []access.AccountRef{h.ref()}}} {
			found, err := h.Find(t.Context(), subject)
			require.Equal(t, access.Denied, access.CodeOf(err))
			require.Equal(t, []string{h.leaver}, ids(found))
		}
	})
	t.Run("nor makes it anybody hers for an address that somebody unseen may have too", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.AddUser(simulator.Person{Login: "svc-a@example.com", Email: "reports@example.com"})
		h.faults.Add(fault.Rule{Match: search, Effect: refused})
		found, err := h.Find(t.Context(), access.Subject{Key: "1041", Emails: []string{"reports@example.com"}})
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.Empty(t, found)
	})
	t.Run("what can be tried again is told before what cannot", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.disturb("/users/"+unknown.ID, refused)
		h.faults.Add(fault.Rule{Match: search, Effect: fault.Cut()})
		subject := ada
		subject.Accounts = []access.AccountRef{unknown}
		_, err := h.Find(t.Context(), subject)
		require.Equal(t, access.Unavailable, access.CodeOf(err))
	})
}

func ids(accounts []access.Account) []string {
	var all []string
	for _, account := range accounts {
		all = append(all, account.Ref.ID)
	}
	return all
}

func TestAccounts(t *testing.T) {
	h := newHouse(t, simulator.Options{PageSize: 2})
	h.org.SetStatus(h.lookalike, simulator.Deprovisioned)
	all, err := connectors.Collect(t.Context(), h.Accounts)
	require.NoError(t, err)
	byID := map[string]access.Account{}
	for _, account := range all {
		byID[account.Ref.ID] = account
	}
	require.Len(t, byID, 3, "everybody is listed once, deactivated users too")
	require.Equal(t, access.Locked, byID[h.lookalike].Status)
	require.Equal(t, "ada.marsh@example.com", byID[h.leaver].Name)
	require.NotNil(t, byID[h.leaver].LastUsed)
	require.Nil(t, byID[h.lookalike].LastUsed, "never signed in")
}
