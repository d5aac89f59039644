package okta

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	simulator "github.com/killsignal/killsignal/internal/simulator/okta"
)

func TestCheck(t *testing.T) {
	h := newHouse(t, simulator.Options{})
	t.Run("a good token passes, and its owner is one of our own accounts", func(t *testing.T) {
		before := h.org.Truth()
		require.NoError(t, h.Check(t.Context()))
		require.Equal(t, []string{h.org.Owner()}, h.Info().OwnAccounts)
		require.Equal(t, before, h.org.Truth())
	})
	for _, permission := range []string{"okta.users.read", "okta.groups.read", "okta.roles.read", "okta.apps.read"} {
		t.Run("a missing permission is named: "+permission, func(t *testing.T) {
			h.org.Deny(permission)
			defer h.org.Allow(permission)
			err := h.Check(t.Context())
			require.Equal(t, access.Denied, access.CodeOf(err))
			require.ErrorContains(t, err, permission)
		})
	}
	t.Run("the owner of the token is known even though a permission is missing", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.Deny("okta.roles.read")
		require.Equal(t, access.Denied, access.CodeOf(h.Check(t.Context())))
		require.Equal(t, []string{h.org.Owner()}, h.Info().OwnAccounts)
	})
	t.Run("a look-up that does not find who is there is no proof of anything", func(t *testing.T) {
		h.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return r.URL.Path == "/api/v1/users" }, Effect: fault.Answer(http.StatusOK, nil, "[]")})
		defer h.faults.Clear()
		require.Equal(t, access.NotConverged, access.CodeOf(h.Check(t.Context())))
	})
	t.Run("a wrong token is unauthenticated", func(t *testing.T) {
		c := h.connect(t, func(c *Config) { c.Token = secret(t, "00-canary-wrong") })
		err := c.Check(t.Context())
		require.Equal(t, access.Unauthenticated, access.CodeOf(err))
		require.NotContains(t, err.Error(), "canary")
	})
}

func TestConfigFromYAML(t *testing.T) {
	t.Setenv("KILLSIGNAL_TEST_TOKEN", "00-canary")
	read := func(text string) (Config, error) {
		var c Config
		err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict())
		return c, err
	}
	t.Run("every key is read", func(t *testing.T) {
		c, err := read("url: https://acme.okta.com/\nlock: deactivate\nsettle: 2s\naccess_token_lifetime: 24h\noauth:\n  client_id: 0oa1\n" +
			"  private_key: file:/run/key.pem\n  key_id: k1\n  scopes: [okta.users.read]\ninsecure_http: false\n")
		require.NoError(t, err)
		require.Equal(t, Deactivate, c.Lock)
		require.Equal(t, 2*time.Second, c.Settle)
		require.Equal(t, 24*time.Hour, c.AccessTokenLifetime)
		require.Equal(t, "file:/run/key.pem", c.OAuth.PrivateKey.String())
		require.Equal(t, []string{"okta.users.read"}, c.OAuth.Scopes)
	})
	t.Run("the defaults are to suspend, and access tokens of an hour", func(t *testing.T) {
		c, err := read("url: https://acme.okta.com\ntoken: env:KILLSIGNAL_TEST_TOKEN\n")
		require.NoError(t, err)
		o, err := New("okta-test", c)
		require.NoError(t, err)
		require.Equal(t, time.Hour, o.Info().Outlives)
		require.Equal(t, []string{"status"}, o.Info().Restores)
		require.True(t, o.Info().IdentityProvider)
		require.Equal(t, []connectors.Capability{connectors.CanFind, connectors.CanLock, connectors.CanEndSessions, connectors.CanRevoke, connectors.CanList},
			connectors.Capabilities(o))
		for _, capability := range connectors.Capabilities(o) {
			require.NotEmpty(t, o.Info().Permissions[capability], capability)
		}
	})
	good := "url: https://acme.okta.com\ntoken: env:KILLSIGNAL_TEST_TOKEN\n"
	for name, text := range map[string]string{
		"no address":             "token: env:KILLSIGNAL_TEST_TOKEN",
		"plain http":             strings.Replace(good, "https", "http", 1),
		"plain http, not local":  strings.Replace(good, "https", "http", 1) + "insecure_http: true",
		"a path":                 strings.Replace(good, ".com", ".com/api/v1", 1),
		"a name in the address":  strings.Replace(good, "acme", "user:pass@acme", 1),
		"the administration one": strings.Replace(good, "acme", "acme-admin", 1),
		"no credential":          "url: https://acme.okta.com",
		"two credentials":        good + "oauth: {client_id: a, private_key: 'env:X'}",
		"half a credential":      "url: https://acme.okta.com\noauth: {client_id: a}",
		"a secret that is unset": "url: https://acme.okta.com\ntoken: env:KILLSIGNAL_TEST_UNSET",
		"an unknown lock":        good + "lock: delete",
		"a negative time":        good + "settle: -2s",
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			c, err := read(text)
			require.NoError(t, err)
			_, err = New("okta-test", c)
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.NotContains(t, err.Error(), "canary")
			require.NotContains(t, err.Error(), "acme")
		})
	}
}
