// Package openldap starts a real OpenLDAP server for tests, with the overlays
// ppolicy and memberof: on loopback, on free ports, in a temporary folder, gone when
// the test ends. It holds an empty dc=example,dc=com, the entries under which people
// and groups go, a password policy, and the account of the connector, whose rights
// come from the groups under ou=roles.
package openldap

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/servers/authority"
	"github.com/killsignal/killsignal/internal/servers/daemon"
)

// What every server holds.
const (
	Suffix        = "dc=example,dc=com"
	AdminDN       = "cn=admin," + Suffix
	AdminPassword = "Side-Door-1"
	// ConnectorDN is the connector's own account, which binds with ConnectorPassword.
	ConnectorDN       = "cn=killsignal,ou=services," + Suffix
	ConnectorPassword = "canary-connector-1"
	// PolicyDN is the default password policy.
	PolicyDN = "cn=default,ou=policies," + Suffix
	// ReaderDN is an account that may read, 500 entries at most, and change nothing. It
	// binds with ConnectorPassword too.
	ReaderDN = "cn=reader,ou=services," + Suffix
)

// The roles of the connector's account.
const (
	MayRead   = "may-read"
	MayLock   = "may-lock"
	MayRevoke = "may-revoke"
)

// Server is one server.
type Server struct {
	Address string // of ldap://, which offers StartTLS
	Secure  string // of ldaps://
	CAFile  string // the authority that signed its certificate
}

// Start starts a server. Without Debian's package the test is skipped, or fails
// where the environment variable CI is "true".
func Start(t testing.TB) *Server {
	t.Helper()
	program, err := exec.LookPath("/usr/sbin/slapd")
	if err != nil {
		daemon.Missing(t, "OpenLDAP", "slapd")
	}
	var user daemon.User // whoever runs the test
	folder := user.Folder(t)
	ca := authority.New(t, folder)
	cert, key := ca.Issue(t, "127.0.0.1", "localhost")
	s := &Server{Address: fmt.Sprintf("127.0.0.1:%d", daemon.FreePort(t)), Secure: fmt.Sprintf("127.0.0.1:%d", daemon.FreePort(t)), CAFile: ca.CAFile()}
	config := filepath.Join(folder, "slapd.conf")
	require.NoError(t, os.Mkdir(filepath.Join(folder, "db"), 0o700))
	require.NoError(t, os.WriteFile(config, []byte(strings.NewReplacer("{folder}", folder, "{ca}", s.CAFile, "{cert}", cert, "{key}", key,
		"{suffix}", Suffix, "{admin}", AdminDN, "{connector}", ConnectorDN, "{password}", AdminPassword, "{policy}", PolicyDN).Replace(configuration)), 0o600))
	user.Start(t, syscall.SIGTERM, program, "-d", "0", "-f", config, "-h", "ldap://"+s.Address+" ldaps://"+s.Secure)
	daemon.Await(t, "OpenLDAP", func(context.Context) error {
		conn, err := ldap.DialURL("ldap://" + s.Address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	s.furnish(t)
	return s
}

// Admin is a connection that may do everything: the side door.
func (s *Server) Admin(t testing.TB) *ldap.Conn { return s.Bind(t, AdminDN, AdminPassword) }

// Bind opens a connection as somebody. It is closed with the test.
func (s *Server) Bind(t testing.TB, dn, password string) *ldap.Conn {
	t.Helper()
	conn, err := ldap.DialURL("ldap://" + s.Address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.Bind(dn, password))
	return conn
}

// Grant gives the connector's account a role, or takes it away.
func Grant(t testing.TB, admin *ldap.Conn, role string, given bool) {
	t.Helper()
	members := []string{AdminDN}
	if given {
		members = append(members, ConnectorDN)
	}
	change := ldap.NewModifyRequest("cn="+role+",ou=roles,"+Suffix, nil)
	change.Replace("member", members)
	require.NoError(t, admin.Modify(change))
}

// furnish puts in what every server holds.
func (s *Server) furnish(t testing.TB) {
	admin := s.Admin(t)
	add := func(dn string, attributes map[string][]string) {
		request := ldap.NewAddRequest(dn, nil)
		for name, values := range attributes {
			request.Attribute(name, values)
		}
		require.NoError(t, admin.Add(request), dn)
	}
	add(Suffix, map[string][]string{"objectClass": {"dcObject", "organization"}, "dc": {"example"}, "o": {"Example"}})
	for _, unit := range []string{"people", "groups", "policies", "services", "roles"} {
		add("ou="+unit+","+Suffix, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {unit}})
	}
	add(PolicyDN, map[string][]string{"objectClass": {"device", "pwdPolicy"}, "cn": {"default"}, "pwdAttribute": {"userPassword"},
		"pwdLockout": {"TRUE"}, "pwdMaxFailure": {"100"}})
	for _, dn := range []string{ConnectorDN, ReaderDN} {
		name := strings.TrimPrefix(strings.SplitN(dn, ",", 2)[0], "cn=")
		add(dn, map[string][]string{"objectClass": {"organizationalRole", "simpleSecurityObject"}, "cn": {name}, "userPassword": {ConnectorPassword}})
	}
	for _, role := range []string{MayRead, MayLock, MayRevoke} {
		add("cn="+role+",ou=roles,"+Suffix, map[string][]string{"objectClass": {"groupOfNames"}, "cn": {role}, "member": {AdminDN, ConnectorDN}})
	}
}

// configuration is slapd's (slapd.conf(5), slapo-ppolicy(5), slapo-memberof(5)).
const configuration = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
pidfile {folder}/slapd.pid
TLSCACertificateFile {ca}
TLSCertificateFile {cert}
TLSCertificateKeyFile {key}
access to dn.base="" by * read
access to dn.base="cn=Subschema" by * read
database mdb
suffix "{suffix}"
rootdn "{admin}"
rootpw {password}
directory {folder}/db
dbnosync
lastbind on
limits dn.exact="{connector}" size=unlimited
index objectClass,uid,mail,employeeNumber,entryUUID,member eq
access to attrs=userPassword
	by group="cn=may-lock,ou=roles,{suffix}" write
	by self write
	by anonymous auth
	by * none
access to attrs=pwdAccountLockedTime
	by group="cn=may-lock,ou=roles,{suffix}" write
	by group="cn=may-read,ou=roles,{suffix}" read
	by * none
access to attrs=member,uniqueMember,memberUid
	by group="cn=may-revoke,ou=roles,{suffix}" write
	by group="cn=may-read,ou=roles,{suffix}" read
	by self read
	by * none
access to *
	by group="cn=may-read,ou=roles,{suffix}" read
	by dn.base="cn=reader,ou=services,{suffix}" read
	by self read
	by * none
overlay memberof
memberof-refint TRUE
overlay ppolicy
ppolicy_default "{policy}"
ppolicy_use_lockout
`
