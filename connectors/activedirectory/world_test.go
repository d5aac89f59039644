package activedirectory_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/activedirectory"
	"github.com/killsignal/killsignal/internal/servers/ldapgate"
	"github.com/killsignal/killsignal/internal/servers/samba"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

const (
	system   = "corp"
	company  = "OU=Company," + samba.Base
	people   = "OU=People," + company
	disabled = "OU=Disabled," + company
	groups   = "OU=Groups," + company
	services = "OU=Services," + company
	service  = "killsignal@corp.example.com"
	// Our service's password is one that the suite looks for in whatever gets out.
	servicePassword = "canary-Passw0rd-5f2e"
	adaPassword     = "Ada-Passw0rd-1!"
)

var (
	ada = access.Subject{Key: "P-1042", Name: "Ada Marsh", UserNames: []string{"ada.marsh"}, Emails: []string{"ada.marsh@example.com"}, EmployeeNumber: "1042"}
	// Her names and addresses begin as Ada's do, but for the last letters.
	marshall = access.Subject{Key: "P-1043", Name: "Ada Marshall", UserNames: []string{"ada.marshall"}, Emails: []string{"ada.marshall@example.com"}, EmployeeNumber: "10423"}
	ben      = access.Subject{Key: "P-2001", Name: "Ben Okoro", UserNames: []string{"ben.okoro"}, Emails: []string{"ben.okoro@example.com"}, EmployeeNumber: "2001"}
	nobody   = access.Subject{Key: "P-1099", Name: "Nils Ohm", UserNames: []string{"nils.ohm"}, Emails: []string{"nils.ohm@example.com"}, EmployeeNumber: "1099"}
)

// credentials are the other ways in which Ada can prove who she is.
var credentials = []string{"Kerberos:ada.marsh@OLD.EXAMPLE.COM", "X509:<I>CN=Example Authority<S>CN=Ada Marsh"}

// world is a domain with people in it, and the side door to it.
type world struct {
	*samba.Server
	door    *ldap.Conn
	ids     map[string]string // by sAMAccountName
	members map[string][]string
	set     string // pwdLastSet of Ada when she was made
}

// newWorld starts a domain controller and makes the people, the groups, and our
// service with no more rights than it needs.
func newWorld(t *testing.T) *world {
	t.Setenv("AD_PASSWORD", servicePassword)
	w := &world{Server: samba.Start(t), ids: map[string]string{}}
	w.door = w.SideDoor(t)
	for _, ou := range []string{company, people, disabled, groups, services} {
		w.add(t, ou, "organizationalUnit", nil)
	}
	for _, p := range []access.Subject{ada, marshall, ben} {
		w.addPerson(t, p, people, adaPassword)
	}
	w.modify(t, w.dn(t, "ada.marsh"), func(r *ldap.ModifyRequest) { r.Replace("altSecurityIdentities", credentials) })
	w.set = w.attribute(t, "ada.marsh", "pwdLastSet")
	w.addPerson(t, access.Subject{Name: "Killsignal", UserNames: []string{"killsignal"}, Emails: []string{service}}, services, servicePassword)
	w.members = map[string][]string{
		"Engineering": {"ada.marsh", "ada.marshall", "ben.okoro"}, "Owners": {"ada.marsh", "ada.marshall"}, "Readers": {"ben.okoro"},
		"Staff": nil, "lockers": {"killsignal"}, "strippers": {"killsignal"}, "blind": nil,
	}
	for name := range w.members {
		w.add(t, "CN="+name+","+groups, "group", map[string][]string{"sAMAccountName": {name}})
	}
	w.delegate(t)
	w.reset(t)
	// A group of groups, so that Ada is in it without being its member.
	w.modify(t, "CN=Staff,"+groups, func(r *ldap.ModifyRequest) { r.Add("member", []string{"CN=Engineering," + groups}) })
	return w
}

// delegate gives our service its rights, and one group the denial of reading.
// https://learn.microsoft.com/windows/win32/secauthz/ace-strings
func (w *world) delegate(t *testing.T) {
	const user, group = "bf967aba-0de6-11d0-a285-00aa003049e2", "bf967a9c-0de6-11d0-a285-00aa003049e2"
	var aces strings.Builder
	allow := func(rights, object, class, trustee string) {
		fmt.Fprintf(&aces, "(OA;CIIO;%s;%s;%s;%s)", rights, object, class, w.sid(t, trustee))
	}
	allow("WP", "bf967a68-0de6-11d0-a285-00aa003049e2", user, "lockers")    // userAccountControl
	allow("CR", "00299570-246d-11d0-a768-00aa006e0529", user, "lockers")    // reset password
	allow("WP", "bf9679c0-0de6-11d0-a285-00aa003049e2", group, "strippers") // member
	allow("WP", "00fbf30c-91fe-11d1-aebc-0000f80367c1", user, "strippers")  // altSecurityIdentities
	allow("WP", "bf967a0e-0de6-11d0-a285-00aa003049e2", user, "strippers")  // name
	allow("WP", "bf96793f-0de6-11d0-a285-00aa003049e2", user, "strippers")  // cn
	allow("SD", "", user, "strippers")
	fmt.Fprintf(&aces, "(OA;CI;CC;%s;;%s)(D;CI;LCRP;;;%s)", user, w.sid(t, "strippers"), w.sid(t, "blind"))
	w.Tool(t, "dsacl", "set", "-H", w.Database(), "--objectdn="+company, "--sddl="+aces.String())
}

// reset makes the people and the groups what they were at first.
func (w *world) reset(t *testing.T) {
	t.Helper()
	if dn := w.dn(t, "ada.marsh"); dn != "CN=Ada Marsh,"+people {
		require.NoError(t, w.door.ModifyDN(ldap.NewModifyDNRequest(dn, "CN=Ada Marsh", true, people)))
	}
	if w.attribute(t, "ada.marsh", "pwdLastSet") != w.set {
		w.modify(t, w.dn(t, "ada.marsh"), func(r *ldap.ModifyRequest) { r.Replace("unicodePwd", []string{quoted(adaPassword)}) })
		w.set = w.attribute(t, "ada.marsh", "pwdLastSet")
	}
	for attribute, values := range map[string][]string{"userAccountControl": {"512"}, "altSecurityIdentities": credentials, "accountExpires": {"9223372036854775807"}, "adminCount": nil} {
		if held := w.values(t, w.dn(t, "ada.marsh"), attribute); !slices.Equal(sorted(held), sorted(values)) {
			w.modify(t, w.dn(t, "ada.marsh"), func(r *ldap.ModifyRequest) { r.Replace(attribute, values) })
		}
	}
	for name, members := range w.members {
		if name == "Staff" {
			continue
		}
		var dns []string
		for _, member := range members {
			dns = append(dns, w.dn(t, member))
		}
		if held := w.values(t, "CN="+name+","+groups, "member"); !slices.Equal(sorted(held), sorted(dns)) {
			w.modify(t, "CN="+name+","+groups, func(r *ldap.ModifyRequest) { r.Replace("member", dns) })
		}
	}
}

// site is one connector to the world, with faults before it.
type site struct {
	*activedirectory.Connector
	*world
	faults *fault.Injector
	config activedirectory.Config
}

// connect puts the world as it was at first and makes a connector to it.
func (w *world) connect(t *testing.T, configure ...func(*activedirectory.Config)) *site {
	t.Helper()
	w.reset(t)
	s := &site{world: w, faults: fault.New()}
	address := ldapgate.Start(t, ldapgate.Options{Dial: w.Dial, Faults: s.faults, Certificate: w.Authority.Certificate(t, "127.0.0.1")})
	password, err := connectors.ParseSecret("env:AD_PASSWORD")
	require.NoError(t, err)
	s.config = activedirectory.Config{URL: "ldaps://" + address, CAFile: w.Authority.CAFile(), BindDN: service, BindPassword: password,
		BaseDN: company, DisabledOU: disabled, Settle: 20 * time.Millisecond, PageSize: 2}
	for _, change := range configure {
		change(&s.config)
	}
	s.Connector, err = activedirectory.New(system, s.config)
	require.NoError(t, err)
	return s
}

func (s *site) ref() access.AccountRef {
	return access.AccountRef{System: system, ID: s.ids["ada.marsh"]}
}

// truth tells everything about each account, by the side door.
func (w *world) truth(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, id := range w.ids {
		entry := w.entry(t, "<GUID="+id+">", "userAccountControl", "pwdLastSet", "altSecurityIdentities", "memberOf", "accountExpires", "adminCount", "primaryGroupID", "mail", "employeeID")
		truth := map[string]any{"name": name, "dn": entry.DN, "password_set": filetime(entry.GetAttributeValue("pwdLastSet"))}
		for _, attribute := range []string{"userAccountControl", "altSecurityIdentities", "memberOf", "accountExpires", "adminCount", "primaryGroupID", "mail", "employeeID"} {
			truth[attribute] = sorted(entry.GetAttributeValues(attribute))
		}
		content, err := json.Marshal(truth)
		require.NoError(t, err)
		all[id] = string(content)
	}
	return all
}

// bystanders tells who else is in the groups, and what there is.
func (w *world) bystanders(t *testing.T) string {
	t.Helper()
	others := map[string][]string{}
	for name := range w.members {
		for _, member := range sorted(w.values(t, "CN="+name+","+groups, "member")) {
			if !strings.HasPrefix(member, "CN=Ada Marsh,") {
				others[name] = append(others[name], member)
			}
		}
	}
	content, err := json.Marshal(others)
	require.NoError(t, err)
	return string(content)
}

// deny takes from our service what a capability needs.
func (w *world) deny(t *testing.T, c connectors.Capability) {
	t.Helper()
	us := []string{w.dn(t, "killsignal")}
	switch c {
	case connectors.CanFind, connectors.CanList:
		w.modify(t, "CN=blind,"+groups, func(r *ldap.ModifyRequest) { r.Replace("member", us) })
	case connectors.CanLock:
		w.modify(t, "CN=lockers,"+groups, func(r *ldap.ModifyRequest) { r.Delete("member", us) })
	case connectors.CanRevoke:
		w.modify(t, "CN=strippers,"+groups, func(r *ldap.ModifyRequest) { r.Delete("member", us) })
	}
}
