// Package samba starts a real Active Directory domain controller for tests: Samba,
// on a loopback address of its own, since a domain controller's ports are fixed, in
// a temporary folder, gone when the test ends.
package samba

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/servers/authority"
	"github.com/killsignal/killsignal/internal/servers/daemon"
)

// The domain that every server is of, and its administrator.
const (
	Realm         = "CORP.EXAMPLE.COM"
	Base          = "DC=corp,DC=example,DC=com"
	Host          = "dc1.corp.example.com"
	Admin         = "Administrator@corp.example.com"
	AdminPassword = "Side-Door-Passw0rd!"
)

// packages are Debian's.
const packages = "samba samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind python3-samba krb5-user"

// Server is one domain controller of one domain.
type Server struct {
	Address   string // on the loopback
	Authority *authority.Authority
	folder    string
	roots     *x509.CertPool
}

// Start provisions a domain and starts its domain controller, which takes some
// seconds. Without Debian's packages, or without being root, the test is skipped, or
// fails where the environment variable CI is "true".
func Start(t testing.TB) *Server {
	t.Helper()
	for _, program := range []string{"samba", "samba-tool", "kinit"} {
		if _, err := exec.LookPath(program); err != nil {
			daemon.Missing(t, "Samba", packages)
		}
	}
	if _, err := os.Stat("/usr/share/samba/setup"); err != nil {
		daemon.Missing(t, "Samba's provisioning", packages)
	}
	if os.Geteuid() != 0 {
		daemon.Missing(t, "Samba needs ports below 1024, for which we are not root; and perhaps it", packages)
	}
	root := daemon.As("root")
	folder := root.Folder(t)
	s := &Server{Address: freeAddress(t), folder: folder, Authority: authority.New(t, folder)}
	root.Run(t, "samba-tool", "domain", "provision", "--realm="+Realm, "--domain=CORP", "--server-role=dc", "--dns-backend=NONE",
		"--adminpass="+AdminPassword, "--targetdir="+folder, "--host-name=dc1", "--host-ip="+s.Address,
		"--option=interfaces="+s.Address+"/8", "--option=bind interfaces only=yes", "--option=log file="+folder+"/log.%m")
	cert, key := s.Authority.Issue(t, Host, s.Address)
	ca, err := os.ReadFile(s.Authority.CAFile())
	require.NoError(t, err)
	s.roots = x509.NewCertPool()
	require.True(t, s.roots.AppendCertsFromPEM(ca))
	for _, name := range []string{"run", "run/ncalrpc"} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, name), 0o755))
	}
	options := []string{"-i", "-M", "single", "--debuglevel=1", "-s", s.config()}
	for _, option := range []string{"server services=ldap, cldap, kdc", "interfaces=" + s.Address + "/8", "bind interfaces only=yes",
		"pid directory=" + folder + "/run", "ncalrpc dir=" + folder + "/run/ncalrpc", "log file=" + folder + "/log.%m", "dcerpc endpoint servers=remote",
		"tls certfile=" + cert, "tls keyfile=" + key, "tls cafile=", "ldb:nosync=yes"} {
		options = append(options, "--option="+option)
	}
	root.Start(t, syscall.SIGTERM, "samba", options...)
	daemon.Await(t, "Samba", func(ctx context.Context) error {
		conn, err := s.Dial(ctx)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	return s
}

// freeAddress is an address of the loopback where nobody serves LDAP or Kerberos.
func freeAddress(t testing.TB) string {
	t.Helper()
	for range 20 {
		b := make([]byte, 2)
		_, err := rand.Read(b)
		require.NoError(t, err)
		address := fmt.Sprintf("127.88.%d.%d", b[0], 1+b[1]%254)
		free := true
		for _, port := range []string{"88", "389", "464", "636", "3268", "3269"} {
			listener, err := net.Listen("tcp", net.JoinHostPort(address, port))
			if free = err == nil; !free {
				break
			}
			listener.Close()
		}
		if free {
			return address
		}
	}
	require.FailNow(t, "no address of the loopback is free for a domain controller")
	return ""
}

func (s *Server) config() string { return filepath.Join(s.folder, "etc", "smb.conf") }

// Dial connects over TLS, with the server's certificate verified.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) {
	return (&tls.Dialer{Config: &tls.Config{RootCAs: s.roots, ServerName: Host}}).DialContext(ctx, "tcp", net.JoinHostPort(s.Address, "636"))
}

// URL is where the server speaks LDAP over TLS.
func (s *Server) URL() string { return "ldaps://" + s.Address }

// Bind opens a connection as somebody, closed with the test.
func (s *Server) Bind(t testing.TB, name, password string) (*ldap.Conn, error) {
	t.Helper()
	wire, err := s.Dial(t.Context())
	require.NoError(t, err)
	conn := ldap.NewConn(wire, true)
	conn.Start()
	t.Cleanup(func() { conn.Close() })
	return conn, conn.Bind(name, password)
}

// SideDoor opens a connection as the domain's administrator, closed with the test.
func (s *Server) SideDoor(t testing.TB) *ldap.Conn {
	t.Helper()
	conn, err := s.Bind(t, Admin, AdminPassword)
	require.NoError(t, err)
	return conn
}

// Tool runs samba-tool on the server's own database, which needs no password.
func (s *Server) Tool(t testing.TB, args ...string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "samba-tool", append(args, "-s", s.config())...).CombinedOutput()
	require.NoError(t, err, string(output))
	return string(output)
}

// Database is the server's own, for samba-tool.
func (s *Server) Database() string { return filepath.Join(s.folder, "private", "sam.ldb") }
