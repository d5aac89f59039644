package activedirectory_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/activedirectory"
	"github.com/killsignal/killsignal/internal/servers/authority"
)

func (w *world) checkTests(t *testing.T) {
	t.Run("it passes, and our own account is known and protected, by each form of its name", func(t *testing.T) {
		for _, name := range []string{service, `CORP\killsignal`, "CN=Killsignal," + services} {
			s := w.connect(t, func(c *activedirectory.Config) { c.BindDN = name })
			require.NoError(t, s.Check(t.Context()))
			require.Equal(t, []string{w.ids["killsignal"]}, s.Info().OwnAccounts)
		}
	})
	t.Run("each permission that is missing is named", func(t *testing.T) {
		for capability, hint := range map[connectors.Capability]string{connectors.CanFind: "read all properties",
			connectors.CanLock: "write userAccountControl", connectors.CanRevoke: "create them in disabled_ou"} {
			s := w.connect(t)
			w.deny(t, capability)
			err := s.Check(t.Context())
			require.Equal(t, access.Denied, access.CodeOf(err), capability)
			require.ErrorContains(t, err, hint)
		}
	})
	stranger := authority.New(t, t.TempDir())
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for _, c := range []struct {
		name   string
		change func(*activedirectory.Config)
		code   access.Code
		hint   string
	}{
		{"a server that is not there", func(c *activedirectory.Config) { c.URL = "ldaps://" + closed.Addr().String() }, access.Unavailable, "no connection: check url"},
		{"a certificate that does not verify", func(c *activedirectory.Config) { c.CAFile = stranger.CAFile() }, access.Unavailable, "certificate does not verify"},
		{"a name that is not known", func(c *activedirectory.Config) { c.BindDN = "nobody@corp.example.com" }, access.Unauthenticated, "bind_dn or bind_password is refused"},
		{"a base that is not there", func(c *activedirectory.Config) {
			c.BaseDN, c.DisabledOU = "OU=Elsewhere,DC=corp,DC=example,DC=com", ""
		}, access.Denied, "base_dn is not there"},
		{"a unit for the disabled that is not there", func(c *activedirectory.Config) { c.DisabledOU = "OU=Gone," + company }, access.Invalid, "disabled_ou is not there"},
	} {
		t.Run(c.name+" gives one line that says what to do", func(t *testing.T) {
			s := w.connect(t, c.change)
			err := s.Check(t.Context())
			require.Equal(t, c.code, access.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, c.hint)
			require.ErrorContains(t, err, system+": ")
		})
	}
	t.Run("a wrong password is refused, with the domain's own code", func(t *testing.T) {
		s := w.connect(t)
		t.Setenv("AD_PASSWORD", "canary-wrong")
		err := s.Check(t.Context())
		require.Equal(t, access.Unauthenticated, access.CodeOf(err))
		require.ErrorContains(t, err, "ldap-49-52e")
	})
}
