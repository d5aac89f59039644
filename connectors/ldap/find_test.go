package ldap_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/internal/directory"
	"github.com/killsignal/killsignal/connectors/ldap"
	"github.com/killsignal/killsignal/internal/servers/openldap"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

// person adds somebody with these keys.
func (c *company) person(t testing.TB, uid, mail, number string) access.AccountRef {
	t.Helper()
	request := goldap.NewAddRequest("cn="+uid+"-entry,"+people, nil)
	for name, value := range map[string]string{"uid": uid, "mail": mail, "employeeNumber": number, "sn": "Extra", "objectClass": "inetOrgPerson"} {
		if value != "" {
			request.Attribute(name, []string{value})
		}
	}
	require.NoError(t, c.admin.Add(request))
	added := c.read(t, "cn="+uid+"-entry,"+people)
	return access.AccountRef{System: system, ID: added.GetEqualFoldAttributeValue(c.id)}
}

func ids(accounts []access.Account) (all []string) {
	for _, a := range accounts {
		all = append(all, a.Ref.ID)
	}
	return all
}

func TestFind(t *testing.T) {
	onBoth(t, func(t *testing.T, c *company) {
		t.Run("case does not count, and blanks around a key do not either", func(t *testing.T) {
			o := c.open(t)
			found, err := o.Find(t.Context(), access.Subject{Key: "P-1", UserNames: []string{" ADA.Marsh "}, Emails: []string{"Ada.Marsh@EXAMPLE.com"}})
			require.NoError(t, err)
			require.Equal(t, []string{o.ref().ID}, ids(found))
			require.Equal(t, access.ByUserName, found[0].MatchedBy)
			require.Equal(t, "ada.marsh", found[0].Name)
		})
		t.Run("an entry that comes and does not carry the key is not believed", func(t *testing.T) {
			o := c.open(t, func(c *ldap.Config) { c.Attributes.UserName = []string{"cn"} })
			for name, expected := range map[string][]string{"ada marsh": {o.ref().ID}, "Ada  Marsh": nil} { // blanks within a name do not count for directories
				found, err := o.Find(t.Context(), access.Subject{Key: "P-1", UserNames: []string{name}})
				require.NoError(t, err)
				require.Equal(t, expected, ids(found))
			}
		})
		t.Run("two accounts of one person that share an address are both found", func(t *testing.T) {
			o := c.open(t)
			other := o.person(t, "adm-ada", ada.Emails[0], "")
			found, err := o.Find(t.Context(), ada)
			require.NoError(t, err)
			require.ElementsMatch(t, []string{o.ref().ID, other.ID}, ids(found))
		})
		t.Run("a user name that two accounts have is ambiguous", func(t *testing.T) {
			o := c.open(t)
			o.person(t, "ada.marsh", "", "")
			found, err := o.Find(t.Context(), access.Subject{Key: "P-1042", UserNames: []string{"ada.marsh"}})
			require.Equal(t, access.Ambiguous, access.CodeOf(err))
			require.Empty(t, found)
			found, err = o.Find(t.Context(), ada)
			require.Equal(t, access.Ambiguous, access.CodeOf(err), "one of them has nothing but the user name")
			require.Equal(t, []string{o.ref().ID}, ids(found), "and the one that the employee number names is beyond doubt")
		})
		t.Run("an account with the user name and another's employee number is not touched", func(t *testing.T) {
			o := c.open(t)
			o.person(t, "nils.ohm", "", "777")
			found, err := o.Find(t.Context(), nobody)
			require.Equal(t, access.Ambiguous, access.CodeOf(err))
			require.ErrorContains(t, err, "somebody new")
			require.Empty(t, found)
		})
		t.Run("nobody is found by an attribute only when somebody else is to be seen by it", func(t *testing.T) {
			o := c.open(t, func(c *ldap.Config) { c.Attributes.EmployeeNumber = []string{"departmentNumber"} })
			for _, err := range []error{o.Check(t.Context()), findError(t, o, access.Subject{Key: "P-1099", EmployeeNumber: "1099"})} {
				require.Equal(t, access.Denied, access.CodeOf(err))
				require.ErrorContains(t, err, "departmentNumber")
			}
			found, err := o.Find(t.Context(), access.Subject{Key: "P-1099", UserNames: nobody.UserNames})
			require.NoError(t, err)
			require.Empty(t, found)
		})
		t.Run("a kind of key that is left out is not asked for", func(t *testing.T) {
			o := c.open(t, func(c *ldap.Config) { c.Attributes.EmployeeNumber = []string{} })
			require.Equal(t, []access.Correlator{access.ByUserName, access.ByEmail}, o.Info().Keys)
			require.NoError(t, o.Check(t.Context()))
			require.Equal(t, access.Invalid, access.CodeOf(findError(t, o, access.Subject{Key: "P-1042", EmployeeNumber: "1042"})))
		})
		t.Run("a base that is not there is no empty base", func(t *testing.T) {
			o := c.open(t, func(c *ldap.Config) { c.BaseDN = "ou=nowhere,dc=example,dc=com" })
			require.Equal(t, access.Denied, access.CodeOf(o.Check(t.Context())))
			require.Equal(t, access.Denied, access.CodeOf(findError(t, o, ada)))
			_, err := o.Accounts(t.Context(), "")
			require.Equal(t, access.Denied, access.CodeOf(err))
		})
		t.Run("a deleted account is absent", func(t *testing.T) {
			o := c.open(t)
			left := o.person(t, "left.long.ago", "", "")
			require.NoError(t, o.admin.Del(goldap.NewDelRequest("cn=left.long.ago-entry,"+people, nil)))
			state, err := o.State(t.Context(), left)
			require.NoError(t, err)
			require.Equal(t, access.Absent, state.Status)
			require.NoError(t, o.Lock(t.Context(), left))
			require.Empty(t, o.writes())
		})
		t.Run("a root entry that was denied once does not narrow later look-ups", func(t *testing.T) {
			o := c.open(t)
			o.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return r.URL.Path == "/" }, Times: 1, Effect: fault.Answer(403, nil, "")})
			_, err := o.State(t.Context(), o.ref())
			require.Equal(t, access.Denied, access.CodeOf(err))
			o.move(t, dn(ada), "uid=ada.marsh", "ou=services,dc=example,dc=com")
			t.Cleanup(func() { o.move(t, "uid=ada.marsh,ou=services,dc=example,dc=com", "uid=ada.marsh", people) })
			require.Equal(t, access.Active, o.state(t).Status)
		})
		t.Run("a listing of many accounts is read page by page, each once", func(t *testing.T) {
			o := c.open(t)
			for i := range 1100 {
				o.person(t, fmt.Sprintf("many-%04d", i), "", "")
			}
			pages := 0
			all, err := connectors.Collect(t.Context(), func(ctx context.Context, cursor string) (connectors.Page[access.Account], error) {
				pages++
				return o.Accounts(ctx, cursor)
			})
			require.NoError(t, err)
			require.Len(t, all, 1103)
			require.Equal(t, 3, pages)
			seen := map[string]bool{}
			for _, a := range all {
				seen[a.Ref.ID] = true
			}
			require.Len(t, seen, 1103)
			if o.dialect == ldap.OpenLDAP {
				config := o.config
				config.BindDN = openldap.ReaderDN
				limited, err := ldap.New(system, config)
				require.NoError(t, err)
				_, err = connectors.Collect(t.Context(), limited.Accounts)
				require.Equal(t, access.Denied, access.CodeOf(err), "a listing that the directory cuts short is no shorter listing")
			}
			_, err = o.Accounts(t.Context(), "no such cursor")
			require.True(t, access.CodeOf(err).Transient(), "a listing that was cut off is begun again")
		})
	})
}

func findError(t *testing.T, o *office, s access.Subject) error {
	found, err := o.Find(t.Context(), s)
	require.Empty(t, found)
	return err
}

func TestLastUsed(t *testing.T) {
	c, _ := startOpenLDAP(t)
	o := c.open(t)
	_, err := o.bind(t, dn(ada), password)
	require.NoError(t, err)
	all, err := connectors.Collect(t.Context(), o.Accounts)
	require.NoError(t, err)
	require.Len(t, all, 3)
	for _, a := range all {
		if a.Ref == o.ref() {
			require.NotNil(t, a.LastUsed)
			require.WithinDuration(t, time.Now(), *a.LastUsed, time.Minute)
		} else {
			require.Nil(t, a.LastUsed)
		}
	}
}

func TestFilters(t *testing.T) {
	t.Run("no value becomes syntax", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			value := rapid.OneOf(rapid.String(), rapid.StringMatching(`[()*\\&|!=~<>:\x00a]{0,12}`)).Draw(t, "value")
			packet, err := goldap.CompileFilter(directory.All("(objectClass=person)", directory.Any(directory.Equal("uid", value), directory.Equal("mail", value))))
			require.NoError(t, err)
			require.EqualValues(t, goldap.FilterAnd, packet.Tag)
			require.Len(t, packet.Children, 2)
			for _, clause := range packet.Children[1].Children {
				require.EqualValues(t, goldap.FilterEqualityMatch, clause.Tag)
				require.Equal(t, value, clause.Children[1].Data.String())
			}
		})
	})
	t.Run("no key finds anybody but who has it", func(t *testing.T) {
		c, _ := startOpenLDAP(t)
		o := c.open(t)
		rapid.Check(t, func(r *rapid.T) {
			part := rapid.SampledFrom([]string{"ada.marsh", "*", "ada", ")(", "uid=", "\\2a", "(", "|", "\x00", "é", " "})
			value := strings.Join(rapid.SliceOfN(part, 1, 4).Draw(r, "parts"), "")
			found, err := o.Find(t.Context(), access.Subject{Key: "P-1", UserNames: []string{value}})
			if strings.TrimSpace(value) == "" {
				require.Equal(t, access.Invalid, access.CodeOf(err))
				return
			}
			require.NoError(t, err)
			if strings.EqualFold(strings.TrimSpace(value), "ada.marsh") {
				require.Equal(t, []string{o.ref().ID}, ids(found))
			} else {
				require.Empty(t, found)
			}
		})
	})
}

func TestReferences(t *testing.T) {
	c, _ := startOpenLDAP(t)
	o := c.open(t)
	request := goldap.NewAddRequest("ou=branch,"+people, []goldap.Control{goldap.NewControlManageDsaIT(true)})
	request.Attribute("objectClass", []string{"referral", "extensibleObject"})
	request.Attribute("ou", []string{"branch"})
	request.Attribute("ref", []string{"ldap://127.0.0.1:1/ou=branch," + people})
	require.NoError(t, o.admin.Add(request))
	t.Run("a part of the tree that is on another server is not taken for empty", func(t *testing.T) {
		for _, s := range []access.Subject{ada, nobody} {
			_, err := o.Find(t.Context(), s)
			require.Equal(t, access.Unsupported, access.CodeOf(err))
			require.ErrorContains(t, err, "another server")
		}
	})
}
