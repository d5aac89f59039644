// Package polis starts a real directory of Ory Polis (the engine saml-jackson) for
// tests: on loopback, on a free port, in memory, gone when the test ends.
package polis

import (
	"embed"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/servers/node"
)

//go:embed host.mjs package.json package-lock.json
var host embed.FS

// Server is one directory without people.
type Server struct {
	URL   string `json:"url"`   // the SCIM base URL
	Token string `json:"token"` // that the directory has issued
	// Members is the side door to who is in a group, which SCIM does not show: below
	// it, at /{group id}/{user id}, the answer is true or false.
	Members string `json:"members"`
}

// Start starts a server; see [node.Start] for what it needs.
func Start(t testing.TB) *Server {
	t.Helper()
	address := "http://" + node.Start(t, "polis", host)
	resp, err := http.Get(address + "/directory")
	require.NoError(t, err)
	defer resp.Body.Close()
	var s Server
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&s))
	return &s
}
