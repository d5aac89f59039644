// Package polis starts a real Ory Polis (the engine saml-jackson) for tests: on
// loopback, on a free port, in memory, gone when the test ends.
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

// Server is one server, without directories yet.
type Server struct{ address string }

// Directory is one directory of a server.
type Directory struct {
	URL   string `json:"url"`   // the SCIM base URL
	Token string `json:"token"` // that the directory has issued
	// Members is the side door to who is in a group, which SCIM does not show: below
	// it, at /{group id}/{user id}, the answer is true or false.
	Members string `json:"members"`
}

// Start starts a server; see [node.Start] for what it needs.
func Start(t testing.TB) *Server {
	t.Helper()
	return &Server{address: "http://" + node.Start(t, "polis", host)}
}

// Directory makes a directory without people.
func (s *Server) Directory(t testing.TB) *Directory {
	t.Helper()
	resp, err := http.Get(s.address + "/directory")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	var d Directory
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&d))
	return &d
}
