// Package betterauth starts a real better-auth server with its SCIM plugin for
// tests: on loopback, on a free port, in memory, gone when the test ends.
package betterauth

import (
	"embed"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/servers/node"
)

//go:embed host.mjs package.json package-lock.json
var host embed.FS

// Token is the bearer token of the SCIM connection.
const Token = "canary-better-auth-token-5f2e-0123456789"

// Server is one server without people.
type Server struct {
	URL string // the SCIM base URL
	// Sessions is the side door to the server's own sessions, which SCIM does not
	// show: below it, at /{user id}, POST opens one and GET counts them.
	Sessions string
	empty    string
}

// Empty removes everybody and everything.
func (s *Server) Empty(t testing.TB) {
	t.Helper()
	resp, err := http.Get(s.empty)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// Start starts a server; see [node.Start] for what it needs.
func Start(t testing.TB) *Server {
	t.Helper()
	address := "http://" + node.Start(t, "better-auth", host, Token)
	return &Server{URL: address + "/api/auth/scim/v2", Sessions: address + "/sessions", empty: address + "/empty"}
}
