package ldap_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/ldap"
	"github.com/killsignal/killsignal/internal/servers/authority"
)

func TestReachingTheServer(t *testing.T) {
	c, server := startOpenLDAP(t)
	connect := func(t *testing.T, configure func(*ldap.Config)) error {
		return c.open(t, configure).Check(t.Context())
	}
	t.Run("over TLS from the start, and by StartTLS", func(t *testing.T) {
		require.NoError(t, connect(t, func(c *ldap.Config) { c.URL, c.CAFile = "ldaps://"+server.Secure, server.CAFile }))
		require.NoError(t, connect(t, func(c *ldap.Config) { c.URL, c.CAFile, c.StartTLS = "ldap://"+server.Address, server.CAFile, true }))
	})
	t.Run("each trouble gives one line that says what to do", func(t *testing.T) {
		stranger := authority.New(t, t.TempDir()).CAFile()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		listener.Close()
		for name, trouble := range map[string]struct {
			configure func(*ldap.Config)
			code      access.Code
			says      string
		}{
			"a certificate of an authority that is not trusted": {
				func(c *ldap.Config) { c.URL, c.CAFile = "ldaps://"+server.Secure, stranger }, access.Unavailable, "ca_file"},
			"the same with StartTLS": {
				func(c *ldap.Config) { c.URL, c.CAFile, c.StartTLS = "ldap://"+server.Address, stranger, true }, access.Unavailable, "ca_file"},
			"a server that is not there":       {func(c *ldap.Config) { c.URL = "ldap://" + listener.Addr().String() }, access.Unavailable, "no connection"},
			"TLS to a port that speaks none":   {func(c *ldap.Config) { c.URL, c.CAFile = "ldaps://"+server.Address, server.CAFile }, access.Unavailable, "encrypted"},
			"an account that is not there":     {func(c *ldap.Config) { c.BindDN = "cn=nobody,dc=example,dc=com" }, access.Unauthenticated, "bind_dn"},
			"a group base that is not there":   {func(c *ldap.Config) { c.GroupBaseDN = "ou=nowhere,dc=example,dc=com" }, access.Denied, "group_base_dn"},
			"a base that the account sees not": {func(c *ldap.Config) { c.BaseDN = "ou=policies,dc=example,dc=com" }, access.Denied, "base_dn"},
		} {
			t.Run(name, func(t *testing.T) {
				err := connect(t, trouble.configure)
				require.Equal(t, trouble.code, access.CodeOf(err))
				require.ErrorContains(t, err, system+": ")
				require.ErrorContains(t, err, trouble.says)
				require.NotContains(t, err.Error(), "\n")
			})
		}
	})
	t.Run("a wrong password is named, and not printed", func(t *testing.T) {
		o := c.open(t)
		t.Setenv("LDAP_PASSWORD", "canary-wrong")
		err := o.Check(t.Context())
		require.Equal(t, access.Unauthenticated, access.CodeOf(err))
		require.ErrorContains(t, err, "bind_password")
		require.NotContains(t, err.Error(), "canary")
	})
	t.Run("a new password is used without a restart", func(t *testing.T) {
		o := c.open(t)
		require.NoError(t, o.Check(t.Context()))
		c.set(t, o.config.BindDN, "userPassword", "canary-rotated-2")
		t.Cleanup(func() { c.set(t, o.config.BindDN, "userPassword", "canary-connector-1") })
		t.Setenv("LDAP_PASSWORD", "canary-rotated-2")
		require.NoError(t, o.Check(t.Context()))
	})
	t.Run("a server that accepts and says nothing is given up with the context", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		for _, tls := range []bool{true, false} {
			o := c.open(t, func(c *ldap.Config) {
				c.URL, c.StartTLS, c.CAFile = "ldap://"+listener.Addr().String(), tls, server.CAFile
			})
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			started := time.Now()
			err := o.Check(ctx)
			cancel()
			require.Equal(t, access.Unavailable, access.CodeOf(err))
			require.Less(t, time.Since(started), 5*time.Second)
		}
	})
}
