package scim_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/scim"
	application "github.com/killsignal/killsignal/internal/simulator/scim"
)

func TestConfig(t *testing.T) {
	read := func(text string) (*scim.Connector, error) {
		var c scim.Config
		if err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict()); err != nil {
			return nil, err
		}
		return scim.New(system, c)
	}
	const minimal = "url: https://wiki.example.com/scim/v2\ntoken: env:SCIM_TOKEN\n"

	t.Run("a wrong one is refused, and what was wrong is not repeated", func(t *testing.T) {
		for name, text := range map[string]string{
			"no address":                   "token: env:SCIM_TOKEN",
			"no token":                     "url: https://wiki.example.com",
			"plain http":                   "url: http://wiki.example.com\ntoken: env:SCIM_TOKEN",
			"plain http, not to loopback":  "url: http://wiki.example.com\ntoken: env:SCIM_TOKEN\ninsecure_http: true",
			"loopback without consent":     "url: http://127.0.0.1:1\ntoken: env:SCIM_TOKEN",
			"a password in the address":    "url: https://ada:secret@wiki.example.com\ntoken: env:SCIM_TOKEN",
			"a query in the address":       "url: https://wiki.example.com/?secret=1\ntoken: env:SCIM_TOKEN",
			"an unknown correlator":        minimal + "correlators: [secret]",
			"an unknown lock":              minimal + "lock: secret",
			"an unknown membership":        minimal + "membership: secret",
			"a header that cannot be sent": minimal + "headers: {\"X Secret\": a}",
			"an odd header for the token":  minimal + "auth_header: \"secret header: a\"",
			"a contradiction on sessions":  minimal + "lock_ends_sessions: true\nsessions_outlive: 1h",
			"a negative time":              minimal + "settle: -1s",
		} {
			t.Run(name, func(t *testing.T) {
				_, err := read(text)
				require.Equal(t, access.Invalid, access.CodeOf(err))
				require.NotContains(t, err.Error(), "secret")
			})
		}
	})
	t.Run("sessions are assumed to go on for a day, until somebody says otherwise", func(t *testing.T) {
		for text, expected := range map[string]time.Duration{"": 24 * time.Hour, "sessions_outlive: 8h": 8 * time.Hour, "lock_ends_sessions: true": 0} {
			c, err := read(minimal + text)
			require.NoError(t, err)
			require.Equal(t, expected, c.Info().Outlives)
		}
	})
	t.Run("settle is what readers are given", func(t *testing.T) {
		c, err := read(minimal + "settle: 90s")
		require.NoError(t, err)
		require.Equal(t, 90*time.Second, c.Info().Settle)
	})
	t.Run("the token goes where the application wants it, and headers with it", func(t *testing.T) {
		t.Setenv("SCIM_TOKEN", "canary-token-1")
		var got http.Header
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.Header
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`{"id":"a"}`))
		}))
		defer server.Close()
		for header, expected := range map[string][2]string{
			"":                     {"Authorization", "Bearer canary-token-1"},
			"Authorization: Token": {"Authorization", "Token canary-token-1"},
			"X-API-Key":            {"X-Api-Key", "canary-token-1"},
		} {
			c, err := read("url: " + server.URL + "\ninsecure_http: true\ntoken: env:SCIM_TOKEN\nheaders: {X-Tenant: example}\nauth_header: \"" + header + "\"")
			require.NoError(t, err)
			_, err = c.State(t.Context(), access.AccountRef{System: system, ID: "a"})
			require.NoError(t, err)
			require.Equal(t, expected[1], got.Get(expected[0]))
			require.Equal(t, "example", got.Get("X-Tenant"))
		}
	})
	t.Run("a secret that is missing is named by its reference", func(t *testing.T) {
		o := open(t, application.Plain())
		t.Setenv("SCIM_TOKEN", "")
		_, err := o.State(t.Context(), o.ref())
		require.Equal(t, access.Invalid, access.CodeOf(err))
		require.ErrorContains(t, err, "env:SCIM_TOKEN")
	})
}
