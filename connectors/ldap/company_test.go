package ldap_test

import (
	"slices"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/ldap"
	"github.com/killsignal/killsignal/internal/servers/ds389"
	"github.com/killsignal/killsignal/internal/servers/openldap"
)

const (
	system   = "directory"
	people   = "ou=people,dc=example,dc=com"
	groups   = "ou=groups,dc=example,dc=com"
	password = "canary-Leaver-1" // of everybody
)

var (
	ada = access.Subject{Key: "P-1042", Name: "Ada Marsh", UserNames: []string{"ada.marsh"}, Emails: []string{"ada.marsh@example.com"}, EmployeeNumber: "1042"}
	// marshall looks like Ada Marsh.
	marshall = access.Subject{Key: "P-1043", Name: "Ada Marshall", UserNames: []string{"ada.marshall"}, Emails: []string{"ada.marshall@example.com"}, EmployeeNumber: "10423"}
	ben      = access.Subject{Key: "P-2001", Name: "Ben Okoro", UserNames: []string{"ben.okoro"}, Emails: []string{"ben.okoro@example.com"}, EmployeeNumber: "2001"}
	nobody   = access.Subject{Key: "P-1099", Name: "Nils Ohm", UserNames: []string{"nils.ohm"}, Emails: []string{"nils.ohm@example.com"}, EmployeeNumber: "1099"}
)

// company is one real directory with people and groups in it, for as long as a test
// and its subtests run.
type company struct {
	dialect ldap.Dialect
	id      string // the attribute
	lock    string // the attribute
	address string
	admin   *goldap.Conn // the side door
	grant   func(t testing.TB, role string, given bool)

	entries []entry
}

// entry is how an entry is meant to be.
type entry struct {
	id, dn     string
	attributes map[string][]string
	password   string // as the directory keeps it
}

func startOpenLDAP(t testing.TB) (*company, *openldap.Server) {
	server := openldap.Start(t)
	c := &company{dialect: ldap.OpenLDAP, id: "entryUUID", lock: "pwdAccountLockedTime", address: server.Address, admin: server.Admin(t)}
	c.grant = func(t testing.TB, role string, given bool) { openldap.Grant(t, c.admin, role, given) }
	c.furnish(t)
	return c, server
}

func start389(t testing.TB) *company {
	server := ds389.Start(t)
	c := &company{dialect: ldap.DS389, id: "nsUniqueId", lock: "nsAccountLock", address: server.Address, admin: server.Admin(t)}
	c.grant = func(t testing.TB, role string, given bool) { ds389.Grant(t, c.admin, role, given) }
	c.furnish(t)
	return c
}

func dn(s access.Subject) string { return "uid=" + s.UserNames[0] + "," + people }

// furnish puts in the people and the groups.
func (c *company) furnish(t testing.TB) {
	t.Helper()
	for _, s := range []access.Subject{ada, marshall, ben} {
		c.add(t, dn(s), map[string][]string{"objectClass": {"inetOrgPerson", "posixAccount"}, "uid": s.UserNames, "mail": s.Emails,
			"employeeNumber": {s.EmployeeNumber}, "cn": {s.Name}, "sn": {s.Name}, "uidNumber": {s.EmployeeNumber}, "gidNumber": {"1000"},
			"homeDirectory": {"/home/" + s.UserNames[0]}, "userPassword": {password}})
	}
	for name, members := range map[string][]string{"engineers": {dn(ada), dn(marshall), dn(ben)}, "owners": {dn(ada), dn(ben)}, "others": {dn(ben)}} {
		c.add(t, "cn="+name+","+groups, map[string][]string{"objectClass": {"groupOfNames"}, "cn": {name}, "member": members})
	}
	c.add(t, "cn=printers,"+groups, map[string][]string{"objectClass": {"groupOfUniqueNames"}, "cn": {"printers"}, "uniqueMember": {dn(ada), dn(marshall)}})
	c.add(t, "cn=shell,"+groups, map[string][]string{"objectClass": {"posixGroup"}, "cn": {"shell"}, "gidNumber": {"2000"}, "memberUid": {"ada.marsh", "ben.okoro"}})
	c.add(t, "cn=staff,"+groups, map[string][]string{"objectClass": {"posixGroup"}, "cn": {"staff"}, "gidNumber": {"1000"}})
}

// add adds an entry, and remembers how it is meant to be.
func (c *company) add(t testing.TB, dn string, attributes map[string][]string) string {
	t.Helper()
	request := goldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	require.NoError(t, c.admin.Add(request), dn)
	added := c.read(t, dn)
	c.entries = append(c.entries, entry{added.GetEqualFoldAttributeValue(c.id), dn, attributes, added.GetAttributeValue("userPassword")})
	return c.entries[len(c.entries)-1].id
}

func (c *company) shown() []string { return []string{"*", c.id, c.lock, "memberOf"} }

// read reads an entry by the side door.
func (c *company) read(t testing.TB, dn string) *goldap.Entry {
	t.Helper()
	found, err := c.admin.Search(goldap.NewSearchRequest(dn, goldap.ScopeBaseObject, goldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", c.shown(), nil))
	require.NoError(t, err, dn)
	require.Len(t, found.Entries, 1)
	return found.Entries[0]
}

// all reads everything below a name by the side door.
func (c *company) all(t testing.TB, base string) []*goldap.Entry {
	t.Helper()
	found, err := c.admin.Search(goldap.NewSearchRequest(base, goldap.ScopeSingleLevel, goldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", c.shown(), nil))
	require.NoError(t, err)
	return found.Entries
}

// set replaces values by the side door; none takes the attribute away.
func (c *company) set(t testing.TB, dn, attribute string, values ...string) {
	t.Helper()
	request := goldap.NewModifyRequest(dn, nil)
	request.Replace(attribute, values)
	require.NoError(t, c.admin.Modify(request), "%s of %s", attribute, dn)
}

// move renames or moves an entry by the side door.
func (c *company) move(t testing.TB, dn, rdn, parent string) {
	t.Helper()
	require.NoError(t, c.admin.ModifyDN(goldap.NewModifyDNRequest(dn, rdn, true, parent)))
}

// entry is how an entry is meant to be.
func (c *company) entry(dn string) entry {
	return c.entries[slices.IndexFunc(c.entries, func(e entry) bool { return e.dn == dn })]
}

// reset makes every entry what it is meant to be, and removes what does not belong.
func (c *company) reset(t testing.TB) {
	t.Helper()
	for _, role := range []string{openldap.MayRead, openldap.MayLock, openldap.MayRevoke} {
		c.grant(t, role, true)
	}
	for _, parent := range []string{people, groups} {
		for _, now := range c.all(t, parent) {
			meant := slices.IndexFunc(c.entries, func(e entry) bool { return e.id == now.GetEqualFoldAttributeValue(c.id) })
			if meant < 0 {
				require.NoError(t, c.admin.Del(goldap.NewDelRequest(now.DN, nil)))
				continue
			}
			c.restore(t, now, &c.entries[meant])
		}
	}
}

func (c *company) restore(t testing.TB, now *goldap.Entry, meant *entry) {
	t.Helper()
	require.Equal(t, meant.dn, now.DN, "tests that move entries move them back")
	if now.GetEqualFoldAttributeValue(c.lock) != "" {
		c.set(t, meant.dn, c.lock)
	}
	for name, values := range meant.attributes {
		if name == "userPassword" && now.GetAttributeValue(name) == meant.password || name != "userPassword" && same(now.GetEqualFoldAttributeValues(name), values) {
			continue
		}
		c.set(t, meant.dn, name, values...)
		if name == "userPassword" {
			meant.password = c.read(t, meant.dn).GetAttributeValue(name)
		}
	}
}

// same tells whether an attribute has these values. Object classes, to which
// directories add, are never changed.
func same(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))) || slices.Contains(a, "top")
}

// onBoth runs a test on each real directory.
func onBoth(t *testing.T, test func(t *testing.T, c *company)) {
	t.Run("OpenLDAP", func(t *testing.T) {
		c, _ := startOpenLDAP(t)
		test(t, c)
	})
	t.Run("389-ds", func(t *testing.T) { test(t, start389(t)) })
}

// bind tries to sign in as somebody.
func (c *company) bind(t testing.TB, dn, password string) (*goldap.Conn, error) {
	t.Helper()
	conn, err := goldap.DialURL("ldap://" + c.address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn, conn.Bind(dn, password)
}

// remove deletes an entry by the side door.
func (c *company) remove(t testing.TB, dn string) {
	t.Helper()
	require.NoError(t, c.admin.Del(goldap.NewDelRequest(dn, nil)))
}
