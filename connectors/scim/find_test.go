package scim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	application "github.com/killsignal/killsignal/internal/simulator/scim"
)

// answered makes the application answer requests for users in this way.
func (o *office) answered(status int, body string) {
	o.faults.Add(fault.Rule{Match: fault.Path("/Users"), Effect: fault.Answer(status, nil, body)})
}

func TestFind(t *testing.T) {
	mixed := access.Subject{Key: "P-7", UserNames: []string{"zoe.ash@example.com"}, Emails: []string{"zoe.ash@example.com"}}
	addMixed := func(o *office) string {
		return o.app.AddUser(application.User{UserName: "Zoe.Ash@Example.com", Emails: []string{"zoe@example.com"}})
	}

	t.Run("a prefix of a name is never matched, even where everybody is returned", func(t *testing.T) {
		o := open(t, application.FilterDeaf())
		for _, name := range []string{"ada.marsh", "ada.mars", "ada.marsh@example.co"} {
			require.Empty(t, o.find(t, access.Subject{Key: "P-8", UserNames: []string{name}, Emails: []string{name}}))
		}
		require.Equal(t, []string{o.ada}, o.find(t, ada))
	})
	t.Run("an employee number is compared exactly", func(t *testing.T) {
		o := open(t, application.Habits{ExternalIDFilter: application.Ignored})
		require.Equal(t, []string{o.ada}, o.find(t, access.Subject{Key: "P-8", EmployeeNumber: "1042"}))
		require.Empty(t, o.find(t, access.Subject{Key: "P-8", EmployeeNumber: "104"}))
	})
	t.Run("a name kept in another case is found where case is compared exactly", func(t *testing.T) {
		o := open(t, application.Scimmy())
		require.Equal(t, []string{addMixed(o)}, o.find(t, mixed))
	})
	t.Run("a name given in another case is found where names are kept in lower case", func(t *testing.T) {
		o := open(t, application.Jackson())
		loud := access.Subject{Key: "P-1042", UserNames: []string{strings.ToUpper(ada.UserNames[0])}}
		require.Equal(t, []string{o.ada}, o.find(t, loud))
	})
	t.Run("an employee number is found where the filter finds nothing", func(t *testing.T) {
		o := open(t, application.Jackson())
		require.Equal(t, []string{o.ada}, o.find(t, access.Subject{Key: "P-1042", EmployeeNumber: "1042"}))
	})
	t.Run("everybody is listed and compared where no filter is taken", func(t *testing.T) {
		refuses := application.Habits{UserNameFilter: application.Refused, EmailFilter: application.Refused, ExternalIDFilter: application.Refused, PageSize: 2}
		o := open(t, refuses)
		require.Equal(t, []string{o.ada}, o.find(t, ada))
		require.Empty(t, o.find(t, nobody))
	})
	t.Run("a key by which look-ups are refused falls to the next", func(t *testing.T) {
		o := open(t, application.Habits{UserNameFilter: application.Refused})
		require.Equal(t, []string{o.ada}, o.find(t, ada))
	})
	t.Run("where nothing can be asked, none is never the answer", func(t *testing.T) {
		o := open(t, application.Plain())
		o.answered(http.StatusBadRequest, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"invalidFilter","status":"400"}`)
		_, err := o.Find(t.Context(), ada)
		require.Equal(t, access.Unsupported, access.CodeOf(err))
	})
	t.Run("a look-up that we may not make is denied, and the hint names the permission", func(t *testing.T) {
		o := open(t, application.Plain())
		o.app.Deny("users.read")
		_, err := o.Find(t.Context(), ada)
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.ErrorContains(t, err, "read users")
	})
	t.Run("rows that are announced and do not come are unknown, never absence", func(t *testing.T) {
		o := open(t, application.Habits{Totals: application.Ghosts})
		_, err := o.Find(t.Context(), ada)
		require.Equal(t, access.Unknown, access.CodeOf(err))
	})
	t.Run("an answer that is no list is unknown", func(t *testing.T) {
		for _, body := range []string{`{}`, `{"message":"hello"}`, `[]`, `null`, `"x"`} {
			o := open(t, application.Plain())
			o.answered(http.StatusOK, body)
			_, err := o.Find(t.Context(), ada)
			require.Equal(t, access.Unknown, access.CodeOf(err), body)
		}
	})
	t.Run("two accounts with one user name are ambiguous", func(t *testing.T) {
		o := open(t, application.Plain())
		o.app.AddUser(application.User{UserName: "ADA.marsh@example.com"})
		_, err := o.Find(t.Context(), ada)
		require.Equal(t, access.Ambiguous, access.CodeOf(err))
	})
	t.Run("two accounts with one e-mail address are both found", func(t *testing.T) {
		o := open(t, application.Plain())
		second := o.app.AddUser(application.User{UserName: "ada-admin", Emails: []string{"old@example.com", "Ada.Marsh@example.com"}})
		require.Equal(t, []string{o.ada, second}, o.find(t, ada))
	})
	t.Run("an account known by its id is found by it, and absent when it is gone", func(t *testing.T) {
		o := open(t, application.OldNumbers())
		subject := access.Subject{Key: "P-9", Accounts: []access.AccountRef{o.ref()}}
		require.Equal(t, []string{o.ada}, o.find(t, subject))
		subject.Accounts[0].ID = "999999"
		require.Empty(t, o.find(t, subject))
	})
	t.Run("quotes and backslashes in a key stay in the key", func(t *testing.T) {
		o := open(t, application.Plain())
		odd := `o'neil\"x" or userName pr`
		id := o.app.AddUser(application.User{UserName: odd})
		require.Equal(t, []string{id}, o.find(t, access.Subject{Key: "P-9", UserNames: []string{odd}}))
	})
	t.Run("only the configured correlators are asked", func(t *testing.T) {
		o := open(t, application.Plain(), func(c *scim.Config) { c.Correlators = []scim.Attribute{scim.ExternalID} })
		require.Equal(t, []string{o.ada}, o.find(t, ada))
		require.Zero(t, o.asked("userName"))
		_, err := o.Find(t.Context(), access.Subject{Key: "P-9", Emails: ada.Emails})
		require.Equal(t, access.Invalid, access.CodeOf(err), "no key that may be asked is never everybody")
	})
	t.Run("look-ups are tried on known accounts once, not at every absence", func(t *testing.T) {
		o := open(t, application.Plain())
		require.Empty(t, o.find(t, nobody))
		before := len(o.faults.Requests())
		require.Empty(t, o.find(t, nobody))
		require.Equal(t, before+3, len(o.faults.Requests()), "one request for each correlator")
	})
}

func TestListing(t *testing.T) {
	everybody := func(t *testing.T, o *office) int {
		accounts, err := connectors.Collect(t.Context(), o.Accounts)
		require.NoError(t, err)
		seen := map[string]bool{}
		for _, a := range accounts {
			require.False(t, seen[a.Ref.ID], "an account twice")
			seen[a.Ref.ID] = true
		}
		return len(seen)
	}
	for name, habits := range map[string]application.Habits{
		"pages of one":                         {PageSize: 1},
		"pages of two, counted alone":          {PageSize: 2, Totals: application.PageRows, NoResources: true},
		"pages of one, counted alone":          {PageSize: 1, Totals: application.PageRows, NoResources: true},
		"pages by cursor":                      {PageSize: 2, CursorPages: true},
		"everything on one page that is full":  {PageSize: 3},
		"an empty list that leaves rows out":   {NoResources: true},
		"no announcement of what is supported": {NoConfig: true, PageSize: 2},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, 3, everybody(t, open(t, habits))) })
	}
	t.Run("a page that is repeated although more is announced is unknown", func(t *testing.T) {
		o := open(t, application.Plain())
		o.answered(http.StatusOK, `{"totalResults":9,"Resources":[{"id":"a","userName":"a"},{"id":"b","userName":"b"}]}`)
		_, err := connectors.Collect(t.Context(), o.Accounts)
		require.Equal(t, access.Unknown, access.CodeOf(err))
	})
	t.Run("an application that cannot page and shows all is read to its end", func(t *testing.T) {
		o := open(t, application.Plain())
		o.answered(http.StatusOK, `{"totalResults":2,"Resources":[{"id":"a","userName":"a"},{"id":7,"userName":"b","active":"False"}]}`)
		accounts, err := connectors.Collect(t.Context(), o.Accounts)
		require.NoError(t, err)
		require.Len(t, accounts, 2)
		require.Equal(t, "7", accounts[1].Ref.ID)
		require.Equal(t, access.Locked, accounts[1].Status)
	})
	t.Run("rows that go away while they are listed make it begin again", func(t *testing.T) {
		o := open(t, application.Habits{PageSize: 2, UserNameFilter: application.Refused}, func(c *scim.Config) { c.Correlators = []scim.Attribute{scim.UserName} })
		o.faults.Add(fault.Rule{Match: fault.Path("/Users"), Skip: 1, Times: 1, Effect: fault.Answer(http.StatusOK, nil,
			`{"totalResults":5,"Resources":[{"id":"x1","userName":"x1"},{"id":"x2","userName":"x2"}]}`)})
		require.Equal(t, []string{o.ada}, o.find(t, ada))
	})
}
