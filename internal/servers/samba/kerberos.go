package samba

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Kerberos is the machine's own Kerberos client, with a ticket cache of its own,
// that knows this domain only.
type Kerberos struct {
	folder string
}

// Kerberos makes a client whose cache is empty.
func (s *Server) Kerberos(t testing.TB) *Kerberos {
	t.Helper()
	k := &Kerberos{folder: t.TempDir()}
	require.NoError(t, os.WriteFile(filepath.Join(k.folder, "krb5.conf"), fmt.Appendf(nil, `[libdefaults]
	default_realm = %s
	dns_lookup_kdc = false
	dns_lookup_realm = false
	dns_canonicalize_hostname = false
	rdns = false
	udp_preference_limit = 1
	default_ccache_name = FILE:%s
[realms]
	%s = {
		kdc = %s:88
	}
`, Realm, filepath.Join(k.folder, "cache"), Realm, s.Address), 0o600))
	return k
}

// SignIn gets a ticket-granting ticket for a name with a password.
func (k *Kerberos) SignIn(t testing.TB, name, password string, options ...string) (said string, err error) {
	t.Helper()
	return k.run(t, password, "kinit", append(options, name+"@"+Realm)...)
}

// Renew renews the ticket-granting ticket in the cache.
func (k *Kerberos) Renew(t testing.TB) (said string, err error) {
	t.Helper()
	return k.run(t, "", "kinit", "-R")
}

// Ticket gets a ticket for a service: the one in the cache, or a new one from the
// domain controller.
func (k *Kerberos) Ticket(t testing.TB, service string, options ...string) (said string, err error) {
	t.Helper()
	return k.run(t, "", "kvno", append(options, service)...)
}

// run runs a program of the client. The error says how it ended, and said why.
func (k *Kerberos) run(t testing.TB, input, program string, args ...string) (said string, err error) {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, args...)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "KRB5_CONFIG=" + filepath.Join(k.folder, "krb5.conf")}
	c.Stdin = strings.NewReader(input + "\n")
	output, err := c.CombinedOutput()
	return string(output), err
}
