package scim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	application "github.com/killsignal/killsignal/internal/simulator/scim"
)

// answered makes the application answer requests for users in this way.
func (o *office) answered(status int, body string) {
	o.faults.Add(fault.Rule{Match: fault.Path("/Users"), Effect: fault.Answer(status, nil, body)})
}

// unsure requires a look-up to return these accounts, and the code of what keeps it
// from being sure that there are no others.
func (o *office) unsure(t *testing.T, subject access.Subject, code access.Code, certain ...string) {
	t.Helper()
	found, err := o.Find(t.Context(), subject)
	require.Equal(t, code, access.CodeOf(err))
	var ids []string
	for _, account := range found {
		ids = append(ids, account.Ref.ID)
	}
	require.ElementsMatch(t, certain, ids)
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
	t.Run("a second account is found where the key that it has is refused, not understood or compared exactly", func(t *testing.T) {
		address := application.User{UserName: "ada-admin", Emails: []string{"ada.marsh@example.com"}}
		other := ada
		other.UserNames = []string{"ada.admin@example.com", "ada.marsh@example.com"}
		for name, c := range map[string]struct {
			habits  application.Habits
			subject access.Subject
			second  application.User
		}{
			"refused":          {application.Habits{EmailFilter: application.Refused}, ada, address},
			"not understood":   {application.Habits{EmailFilter: application.FindsNothing}, ada, address},
			"compared exactly": {application.Scimmy(), other, application.User{UserName: "Ada.Admin@Example.com"}},
			"answered":         {application.Plain(), ada, address},
		} {
			t.Run(name, func(t *testing.T) {
				o := open(t, c.habits)
				second := o.app.AddUser(c.second)
				require.ElementsMatch(t, []string{o.ada, second}, o.find(t, c.subject))
			})
		}
	})
	t.Run("what is found is returned with the reason why there may be more", func(t *testing.T) {
		unlisted := func(r *http.Request) bool {
			return strings.HasSuffix(r.URL.Path, "/Users") && !r.URL.Query().Has("filter")
		}
		byEmail := func(r *http.Request) bool { return strings.HasPrefix(r.URL.Query().Get("filter"), "emails") }
		for name, c := range map[string]struct {
			match  func(*http.Request) bool
			status int
			code   access.Code
		}{
			"nobody is listed, and a key is refused": {unlisted, http.StatusBadRequest, access.Unsupported},
			"a look-up is denied":                    {byEmail, http.StatusForbidden, access.Denied},
			"a look-up fails":                        {byEmail, http.StatusInternalServerError, access.Unavailable},
		} {
			t.Run(name, func(t *testing.T) {
				o := open(t, application.Habits{ExternalIDFilter: application.Refused})
				o.faults.Add(fault.Rule{Match: c.match, Effect: fault.Answer(c.status, nil, "")})
				o.unsure(t, ada, c.code, o.ada)
			})
		}
	})
	t.Run("two accounts with one user name are ambiguous, and one that is known otherwise is found all the same", func(t *testing.T) {
		o := open(t, application.Plain())
		second := o.app.AddUser(application.User{UserName: "ADA.marsh@example.com"})
		o.unsure(t, access.Subject{Key: "P-1042", UserNames: ada.UserNames}, access.Ambiguous)
		o.unsure(t, ada, access.Ambiguous, o.ada)
		o.unsure(t, access.Subject{Key: "P-1042", UserNames: ada.UserNames, Accounts: []access.AccountRef{{System: system, ID: second}}}, access.Ambiguous, second)
		both := []access.AccountRef{{System: system, ID: second}, o.ref()}
		require.Equal(t, []string{second, o.ada}, o.find(t, access.Subject{Key: "P-1042", UserNames: ada.UserNames, Accounts: both}))
	})
	t.Run("two accounts with one employee number are ambiguous, also where no filter finds them", func(t *testing.T) {
		for _, habits := range []application.Habits{application.Plain(), application.Jackson()} {
			o := open(t, habits)
			o.app.AddUser(application.User{UserName: "ada-admin", ExternalID: "1042"})
			o.unsure(t, ada, access.Ambiguous, o.ada)
		}
	})
	t.Run("a colleague who lists the leaver's address as a further one is not taken for the leaver", func(t *testing.T) {
		for name, habits := range map[string]application.Habits{"one by one": application.Plain(), "everybody": application.FilterDeaf()} {
			t.Run(name, func(t *testing.T) {
				o := open(t, habits)
				colleague := o.app.AddUser(application.User{UserName: "zed@example.com", Emails: []string{"zed@example.com", "Ada.Marsh@example.com", nobody.Emails[0]}})
				o.unsure(t, nobody, access.Ambiguous)
				o.unsure(t, ada, access.Ambiguous, o.ada)
				named := nobody
				named.Accounts = []access.AccountRef{{System: system, ID: colleague}}
				require.Equal(t, []string{colleague}, o.find(t, named), "unless it is named by its id")
			})
		}
	})
	t.Run("an address is somebody's when it is the primary one, the only one or the user name", func(t *testing.T) {
		for emails, certain := range map[string]bool{
			`[{"value":"ada.marsh@example.com"}]`: true,
			`"ada.marsh@example.com"`:             true,
			`[{"value":"ada.marsh@example.com","type":"work"},{"value":"Ada.Marsh@example.com","type":"home"}]`:        true,
			`[{"value":"a@example.com"},{"value":"ada.marsh@example.com","primary":true}]`:                             true,
			`[{"value":"a@example.com"},{"value":"ada.marsh@example.com","primary":"True"}]`:                           true,
			`[{"value":"a@example.com"},{"value":"ada.marsh@example.com"}]`:                                            false,
			`[{"value":"a@example.com","primary":true},{"value":"ada.marsh@example.com","primary":false}]`:             false,
			`[{"value":"a@example.com"},{"value":"ada.marsh@example.com"}],"userName":"Ada.Marsh@example.com"`:         true,
			`[{"value":"a@example.com"},{"value":"ada.marsh@example.com"}],"userName":"Ada.Marsh@example.com.invalid"`: false,
		} {
			o := open(t, application.Plain(), func(c *scim.Config) { c.Correlators = []scim.Attribute{scim.EmailsValue} })
			o.answered(http.StatusOK, `{"totalResults":1,"Resources":[{"id":"a","emails":`+emails+`}]}`)
			if !certain {
				o.unsure(t, ada, access.Ambiguous)
				continue
			}
			require.Equal(t, []string{"a"}, o.find(t, ada), emails)
		}
	})
	t.Run("several accounts with one address and nothing else are ambiguous", func(t *testing.T) {
		o := open(t, application.Plain())
		var shared []string
		for _, name := range []string{"desk-1", "desk-2"} {
			shared = append(shared, o.app.AddUser(application.User{UserName: name, Emails: []string{"ada.marsh@example.com"}}))
		}
		o.unsure(t, ada, access.Ambiguous, o.ada)
		named := access.Subject{Key: "P-1042", Emails: ada.Emails, Accounts: []access.AccountRef{{System: system, ID: shared[0]}}}
		o.unsure(t, named, access.Ambiguous, shared[0], o.ada)
		named.Accounts = append(named.Accounts, access.AccountRef{System: system, ID: shared[1]})
		require.ElementsMatch(t, append(shared, o.ada), o.find(t, named), "each is named by its id, or is her by its user name")
	})
	t.Run("naming one of those who share an address by its id does not make the other hers", func(t *testing.T) {
		o := open(t, application.Plain())
		desk := o.app.AddUser(application.User{UserName: "desk-1", Emails: []string{"desk@example.com"}})
		o.app.AddUser(application.User{UserName: "desk-2", Emails: []string{"desk@example.com"}})
		o.unsure(t, access.Subject{Key: "P-9", Emails: []string{"desk@example.com"}, Accounts: []access.AccountRef{{System: system, ID: desk}}}, access.Ambiguous, desk)
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
