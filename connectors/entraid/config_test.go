package entraid

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

const someID = "8c1f0f0e-6f2b-4b56-9d8a-0a4c8f3f6f11"

func TestACloudSetsAddressScopeAndAuthorityTogether(t *testing.T) {
	for _, row := range []struct{ cloud, graph, scope, authority string }{
		{"", "https://graph.microsoft.com", "https://graph.microsoft.com/.default", "https://login.microsoftonline.com"},
		{"global", "https://graph.microsoft.com", "https://graph.microsoft.com/.default", "https://login.microsoftonline.com"},
		{"usgov", "https://graph.microsoft.us", "https://graph.microsoft.us/.default", "https://login.microsoftonline.us"},
		{"usgov_dod", "https://dod-graph.microsoft.us", "https://dod-graph.microsoft.us/.default", "https://login.microsoftonline.us"},
		{"china", "https://microsoftgraph.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn/.default", "https://login.chinacloudapi.cn"},
	} {
		t.Run(row.cloud, func(t *testing.T) {
			e, err := Config{Cloud: row.cloud}.endpoints()
			require.NoError(t, err)
			require.Equal(t, row.graph, e.graph.String())
			require.Equal(t, row.scope, e.scope)
			require.Equal(t, row.authority, e.authority.String())
			require.Contains(t, e.signIn, e.authority.Host)
			for _, other := range clouds() {
				if other.authority != row.authority {
					require.NotContains(t, e.signIn, e.authority.Scheme+other.authority)
				}
			}
		})
	}
}

func TestConfig(t *testing.T) {
	t.Setenv("KILLSIGNAL_TEST_ENTRA_SECRET", "s")
	valid := Config{}
	require.NoError(t, yaml.UnmarshalWithOptions([]byte("tenant_id: "+someID+"\nclient_id: "+someID+
		"\nclient_secret: env:KILLSIGNAL_TEST_ENTRA_SECRET\ncloud: usgov\nsettle: 30s\naccess_token_lifetime: 2h\n"), &valid, yaml.Strict()))
	_, err := New("entra", valid)
	require.NoError(t, err)
	for sentence, change := range map[string]func(*Config){
		"a tenant that is no GUID":               func(c *Config) { c.TenantID = "example.com" },
		"a client that is no GUID":               func(c *Config) { c.ClientID = "" },
		"no proof":                               func(c *Config) { c.ClientSecret = connectors.Secret{} },
		"two proofs":                             func(c *Config) { c.Certificate = c.ClientSecret },
		"an unknown cloud":                       func(c *Config) { c.Cloud = "germany" },
		"a Graph that is not on loopback":        func(c *Config) { c.GraphURL = "https://graph.example.com" },
		"an authority that is not on loopback":   func(c *Config) { c.AuthorityURL = "http://10.0.0.1" },
		"a name that begins like loopback":       func(c *Config) { c.GraphURL = "http://127.0.0.1.example.com" },
		"a loopback address with a path":         func(c *Config) { c.GraphURL = "http://127.0.0.1:1/v1.0" },
		"a loopback address with a user":         func(c *Config) { c.GraphURL = "http://x@127.0.0.1:1" },
		"an address of another scheme":           func(c *Config) { c.AuthorityURL = "ftp://127.0.0.1" },
		"a settle time that is negative":         func(c *Config) { c.Settle = -1 },
		"a secret that is not set":               func(c *Config) { c.ClientSecret, _ = connectors.ParseSecret("env:KILLSIGNAL_TEST_UNSET") },
		"a certificate that is not there":        func(c *Config) { c.ClientSecret, c.Certificate = missing() },
		"a negative lifetime of access tokens":   func(c *Config) { c.AccessTokenLifetime = -1 },
		"a loopback address that has no scheme":  func(c *Config) { c.GraphURL = "127.0.0.1:1" },
		"an authority with a query in its place": func(c *Config) { c.AuthorityURL = "http://127.0.0.1?x" },
	} {
		t.Run(sentence+" is refused", func(t *testing.T) {
			c := valid
			change(&c)
			_, err := New("entra", c)
			require.Error(t, err)
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.Equal(t, "entra", err.(*access.Error).System)
			require.NotEmpty(t, err.(*access.Error).Hint)
		})
	}
}

func missing() (none, absent connectors.Secret) {
	absent, _ = connectors.ParseSecret("file:/nonexistent/client.pem")
	return none, absent
}

func TestTheGuardRefuses(t *testing.T) {
	e, err := Config{}.endpoints()
	require.NoError(t, err)
	const graph = "https://graph.microsoft.com"
	for _, row := range []struct {
		sentence, method, url, authorization string
		passes                               bool
	}{
		{"it lets a call to Graph through", "GET", graph + "/v1.0/users", "Bearer x", true},
		{"a call without a token", "GET", graph + "/v1.0/users", "", false},
		{"a call with an empty token", "GET", graph + "/v1.0/users", "Bearer ", false},
		{"a call to another host", "GET", "https://graph.microsoft.us/v1.0/users", "Bearer x", false},
		{"a call to another port", "GET", graph + ":8443/v1.0/users", "Bearer x", false},
		{"a call without TLS", "GET", "http://graph.microsoft.com/v1.0/users", "Bearer x", false},
		{"a call to another version", "GET", graph + "/beta/users", "Bearer x", false},
		{"it lets a membership be deleted", "DELETE", graph + "/v1.0/groups/" + someID + "/members/" + someID + "/%24ref", "Bearer x", true},
		{"the deletion of a member in place of the membership", "DELETE", graph + "/v1.0/groups/" + someID + "/members/" + someID, "Bearer x", false},
		{"the deletion of a membership without a member", "DELETE", graph + "/v1.0/groups/" + someID + "/members/$ref?@id=", "Bearer x", false},
		{"the deletion of a user", "DELETE", graph + "/v1.0/users/" + someID, "Bearer x", false},
		{"the deletion of a group", "DELETE", graph + "/v1.0/groups/" + someID, "Bearer x", false},
		{"the deletion of all users", "DELETE", graph + "/v1.0/users/", "Bearer x", false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			passed := false
			g := &guard{system: "entra", refuse: e.refuseGraph, next: roundTrip(func(*http.Request) { passed = true })}
			r, err := http.NewRequest(row.method, row.url, nil)
			require.NoError(t, err)
			r.Header.Set("Authorization", row.authorization)
			_, err = g.RoundTrip(r)
			require.Equal(t, row.passes, passed)
			if !row.passes {
				require.Equal(t, access.Invalid, access.CodeOf(err))
			}
		})
	}
}

// roundTrip is the wire behind a guard.
type roundTrip func(*http.Request)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	f(r)
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
}

func TestWhatATokenSaysOfItsPermissions(t *testing.T) {
	token := func(payload string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".s"
	}
	for _, row := range []struct {
		sentence, token string
		permissions     []string
		readable        bool
	}{
		{"an opaque token says nothing", "opaque", nil, false},
		{"a token that is no JSON says nothing", token("x"), nil, false},
		{"permissions are read", token(`{"roles":["User.Read.All"]}`), []string{"User.Read.All"}, true},
		{"none is none", token(`{}`), nil, true},
		{"the mark for no directory role is no role", token(`{"roles":["A"],"wids":["0997a1d0-0d1d-4acb-b408-d5ca73121e90"]}`), []string{"A"}, true},
		{"with a directory role nothing can be told", token(`{"roles":["A"],"wids":["fe930be7-5e62-47db-91af-98c3a49a38b1"]}`), []string{"A"}, false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			permissions, readable := granted(row.token)
			require.Equal(t, row.permissions, permissions)
			require.Equal(t, row.readable, readable)
		})
	}
}
