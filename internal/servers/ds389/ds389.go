// Package ds389 starts a real 389 Directory Server for tests, whose dialect is also
// FreeIPA's: on loopback, on a free port, in a temporary folder, gone when the test
// ends. No instance of the machine is read or changed. It holds an empty
// dc=example,dc=com, the entries under which people and groups go, and the account of
// the connector, whose rights come from the groups under ou=roles.
package ds389

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/servers/daemon"
)

// What every server holds.
const (
	Suffix        = "dc=example,dc=com"
	AdminDN       = "cn=Directory Manager"
	AdminPassword = "Side-Door-1"
	// ConnectorDN is the connector's own account, which binds with ConnectorPassword.
	ConnectorDN       = "cn=killsignal,ou=services," + Suffix
	ConnectorPassword = "canary-connector-1"
)

// The roles of the connector's account.
const (
	MayRead   = "may-read"
	MayLock   = "may-lock"
	MayRevoke = "may-revoke"
)

// Server is one server.
type Server struct {
	Address string // of ldap://
}

// Start starts a server. Without Debian's package the test is skipped, or fails
// where the environment variable CI is "true".
func Start(t testing.TB) *Server {
	t.Helper()
	program, err := exec.LookPath("/usr/sbin/ns-slapd")
	if err != nil {
		daemon.Missing(t, "389 Directory Server", "389-ds-base")
	}
	var me daemon.User // whoever runs the test
	folder := me.Folder(t)
	port := daemon.FreePort(t)
	s := &Server{Address: fmt.Sprintf("127.0.0.1:%d", port)}
	for _, name := range []string{"conf", "conf/schema", "lock", "tmp", "cert", "ldif", "bak", "run", "inst", "log", "db"} {
		require.NoError(t, os.Mkdir(filepath.Join(folder, name), 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "conf", "schema", "99user.ldif"), []byte("dn: cn=schema\n"), 0o600))
	require.NoError(t, os.Symlink("/etc/dirsrv/config/slapd-collations.conf", filepath.Join(folder, "conf", "slapd-collations.conf")))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "conf", "dse.ldif"), configuration(t, folder, port), 0o600))
	me.Start(t, syscall.SIGKILL, program, "-d", "0", "-D", filepath.Join(folder, "conf"), "-i", filepath.Join(folder, "run", "pid"))
	daemon.Await(t, "389 Directory Server", func(context.Context) error {
		conn, err := ldap.DialURL("ldap://" + s.Address)
		if err != nil {
			return err
		}
		defer conn.Close()
		return conn.Bind(AdminDN, AdminPassword)
	})
	s.furnish(t)
	return s
}

// configuration fills in the template from which the server's own tools make an
// instance, and closes it to all but loopback.
func configuration(t testing.TB, folder string, port int) []byte {
	t.Helper()
	template, err := os.ReadFile("/usr/share/dirsrv/data/template-dse.ldif")
	require.NoError(t, err)
	me, err := user.Current()
	require.NoError(t, err)
	in := func(name string) string { return filepath.Join(folder, name) }
	dse := strings.NewReplacer(
		"%schema_dir%", in("conf/schema"), "%lock_dir%", in("lock"), "%tmp_dir%", in("tmp"), "%cert_dir%", in("cert"), "%ldif_dir%", in("ldif"),
		"%bak_dir%", in("bak"), "%run_dir%", in("run"), "%inst_dir%", in("inst"), "%log_dir%", in("log"), "%config_dir%", in("conf"),
		"%db_dir%", in("db")+"\nnsslapd-db-durable-transaction: off", "%db_home_dir%", in("db"), "%db_lib%", "bdb", "%fqdn%", "localhost",
		"%ds_port%", fmt.Sprintf("%d\nnsslapd-listenhost: 127.0.0.1\nnsslapd-accesslog-logging-enabled: off\npasswordStorageScheme: SSHA512", port),
		"%ds_user%", me.Username, "%rootdn%", AdminDN, "%ds_passwd%", "{CLEAR}"+AdminPassword,
		"%ldapi_enabled%", "off", "%ldapi%", in("run")+"/socket", "%ldapi_autobind%", "off", "%ds_suffix%", Suffix,
	).Replace(string(template))
	memberOf := regexp.MustCompile(`(memberof_postop_init\n.*\n.*nsslapd-pluginenabled: )off`)
	require.Regexp(t, memberOf, dse)
	dse = memberOf.ReplaceAllString(dse, "${1}on")
	require.NotRegexp(t, `%[a-z_]+%`, dse, "the template has a place that is not filled in")
	return []byte(dse)
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
	var members []string
	if given {
		members = []string{ConnectorDN}
	}
	change := ldap.NewModifyRequest("cn="+role+",ou=roles,"+Suffix, nil)
	change.Replace("member", members)
	require.NoError(t, admin.Modify(change))
}

// furnish makes the suffix and puts in what every server holds.
func (s *Server) furnish(t testing.TB) {
	admin := s.Admin(t)
	add := func(dn string, attributes map[string][]string) {
		request := ldap.NewAddRequest(dn, nil)
		for name, values := range attributes {
			request.Attribute(name, values)
		}
		require.NoError(t, admin.Add(request), dn)
	}
	add("cn=userRoot,cn=ldbm database,cn=plugins,cn=config", map[string][]string{
		"objectClass": {"extensibleObject", "nsBackendInstance"}, "cn": {"userRoot"}, "nsslapd-suffix": {Suffix}})
	add(`cn="`+Suffix+`",cn=mapping tree,cn=config`, map[string][]string{
		"objectClass": {"extensibleObject", "nsMappingTree"}, "cn": {Suffix}, "nsslapd-state": {"backend"}, "nsslapd-backend": {"userRoot"}})
	role := func(name string) string { return `groupdn="ldap:///cn=` + name + `,ou=roles,` + Suffix + `"` }
	add(Suffix, map[string][]string{"objectClass": {"domain"}, "dc": {"example"}, "aci": {
		`(targetattr="* || nsUniqueId || nsAccountLock || memberOf")(version 3.0; acl "read"; allow (read,search,compare) ` + role(MayRead) + `;)`,
		`(targetattr="userPassword || nsAccountLock")(version 3.0; acl "lock"; allow (write) ` + role(MayLock) + `;)`,
		`(targetattr="member || uniqueMember || memberUid")(version 3.0; acl "revoke"; allow (write) ` + role(MayRevoke) + `;)`,
		`(targetattr="*")(version 3.0; acl "oneself"; allow (read,search,compare) userdn="ldap:///self";)`,
		`(targetattr="userPassword")(version 3.0; acl "own password"; allow (write) userdn="ldap:///self";)`,
	}})
	for _, unit := range []string{"people", "groups", "services", "roles"} {
		add("ou="+unit+","+Suffix, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {unit}})
	}
	add(ConnectorDN, map[string][]string{"objectClass": {"applicationProcess", "simpleSecurityObject"}, "cn": {"killsignal"}, "userPassword": {ConnectorPassword}})
	for _, name := range []string{MayRead, MayLock, MayRevoke} {
		add("cn="+name+",ou=roles,"+Suffix, map[string][]string{"objectClass": {"groupOfNames"}, "cn": {name}, "member": {ConnectorDN}})
	}
}
