package sql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/sql"
	"github.com/killsignal/killsignal/internal/servers/authority"
	"github.com/killsignal/killsignal/internal/servers/daemon"
)

// testConnections is what may be wrong between us and a server: one clear line for
// each. gate is in front of the server, without TLS of its own.
func testConnections(t *testing.T, secure, gate sql.Config) {
	check := func(t *testing.T, c sql.Config) *access.Error {
		t.Helper()
		connector, err := sql.New(system, c)
		require.NoError(t, err)
		err = connector.Check(t.Context())
		require.Error(t, err)
		require.NotContains(t, err.Error(), "killsignal:")
		require.NotContains(t, err.Error(), "canary")
		require.ErrorContains(t, err, system)
		return access.AsError(err, "")
	}
	t.Run("TLS is spoken, and the certificate verified", func(t *testing.T) {
		connector, err := sql.New(system, secure)
		require.NoError(t, err)
		require.NoError(t, connector.Check(t.Context()))
	})
	for _, c := range []struct {
		what   string
		change func(t *testing.T, c *sql.Config)
		code   access.Code
		hint   string
	}{
		{"a certificate signed by nobody we know", func(t *testing.T, c *sql.Config) { c.CAFile = authority.New(t, t.TempDir()).CAFile() }, access.Invalid, "ca_file"},
		{"a certificate without a file of authorities", func(_ *testing.T, c *sql.Config) { c.CAFile = "" }, access.Invalid, "ca_file"},
		{"a certificate for another name", func(_ *testing.T, c *sql.Config) { c.ServerName = "db.example.com" }, access.Invalid, "server_name"},
		{"a file of authorities that is not there", func(_ *testing.T, c *sql.Config) { c.CAFile = "/nowhere" }, access.Invalid, "ca_file"},
		{"a wrong password", func(t *testing.T, _ *sql.Config) { t.Setenv("WAREHOUSE_PASSWORD", "canary-wrong") }, access.Unauthenticated, "user and password"},
		{"an unknown user", func(_ *testing.T, c *sql.Config) { c.User = "nobody" }, access.Unauthenticated, "user and password"},
		{"an unknown database", func(_ *testing.T, c *sql.Config) { c.Database = "nowhere" }, access.Invalid, "database"},
		{"a server that is not there", func(t *testing.T, c *sql.Config) { c.Port = daemon.FreePort(t) }, access.Unavailable, "host and port"},
		{"a missing secret", func(t *testing.T, _ *sql.Config) { t.Setenv("WAREHOUSE_PASSWORD", "") }, access.Invalid, "env:WAREHOUSE_PASSWORD"},
	} {
		t.Run(c.what+" is told in one line", func(t *testing.T) {
			changed := secure
			c.change(t, &changed)
			e := check(t, changed)
			require.Equal(t, c.code, e.Code)
			require.Contains(t, e.Hint, c.hint)
		})
	}
	t.Run("a server without TLS gets no password", func(t *testing.T) {
		changed := gate
		changed.InsecurePlaintext = false
		e := check(t, changed)
		require.Equal(t, access.Invalid, e.Code)
		require.Contains(t, e.Hint, "TLS")
	})
}

func testPostgresConnections(t *testing.T, c *cluster) {
	o := c.open(t)
	secure := o.config
	secure.Host, secure.Port, secure.InsecurePlaintext, secure.CAFile = c.Host, c.Port, false, c.CAFile
	testConnections(t, secure, o.config)
	t.Run("variables meant for other programs change nothing", func(t *testing.T) {
		for name, value := range map[string]string{"PGHOST": "nowhere.example.com", "PGSSLMODE": "disable", "PGUSER": "nobody", "PGOPTIONS": "-c search_path=hr", "PGTARGETSESSIONATTRS": "standby"} {
			t.Setenv(name, value)
		}
		require.NoError(t, o.Check(t.Context()))
	})
}

func testMariaDBConnections(t *testing.T, s *shop) {
	o := s.open(t)
	secure := o.config
	secure.Host, secure.Port, secure.InsecurePlaintext, secure.CAFile = s.Host, s.Port, false, s.CAFile
	testConnections(t, secure, withoutTLS(t, o.config))
}
