package entra_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/simulator/entra"
)

func TestDisable(t *testing.T) {
	t.Run("the account and its refresh tokens die, access tokens do not until they expire", func(t *testing.T) {
		c := newClient(t)
		user := c.AddUser(entra.User{})
		tokens, ok := c.SignIn(user)
		require.True(t, ok)
		status, _ := c.call(t, "PATCH", "/users/"+user, `{"@odata.type":"#microsoft.graph.user","accountEnabled":false}`)
		require.Equal(t, 204, status)
		require.False(t, c.Redeem(tokens.Refresh))
		require.True(t, c.Works(tokens.Access))
		_, ok = c.SignIn(user)
		require.False(t, ok)
		c.clock = c.clock.Add(time.Hour)
		require.False(t, c.Works(tokens.Access))
	})
	t.Run("a body that changes nothing is answered all the same", func(t *testing.T) {
		c := newClient(t)
		user := c.AddUser(entra.User{})
		before := c.Truth()
		status, _ := c.call(t, "PATCH", "/users/"+user, `{"@odata.type":"#microsoft.graph.user"}`)
		require.Equal(t, 204, status)
		require.Equal(t, before, c.Truth())
	})
	t.Run("a compressed body is read, and one that only says so is refused", func(t *testing.T) {
		c := newClient(t)
		user := c.AddUser(entra.User{})
		const change = `{"accountEnabled":false}`
		c.refused(t, 400, "BadRequest", "PATCH", "/users/"+user, change, "Content-Encoding", "gzip")
		var zipped bytes.Buffer
		zip := gzip.NewWriter(&zipped)
		io.WriteString(zip, change)
		zip.Close()
		status, _ := c.call(t, "PATCH", "/users/"+user, zipped.String(), "Content-Encoding", "gzip")
		require.Equal(t, 204, status)
		require.Contains(t, c.Truth()[user], `"enabled":false`)
	})
	t.Run("a synced account is refused", func(t *testing.T) {
		c := newClient(t)
		user := c.AddUser(entra.User{Synced: true})
		c.refused(t, 400, "Request_BadRequest", "PATCH", "/users/"+user, `{"accountEnabled":false}`)
	})
	t.Run("readers see it late", func(t *testing.T) {
		c := newClient(t)
		user := c.AddUser(entra.User{})
		c.SetLag(time.Minute)
		c.call(t, "PATCH", "/users/"+user, `{"accountEnabled":false}`)
		_, seen := c.call(t, "GET", "/users/"+user+"?$select=accountEnabled", "")
		require.Equal(t, true, seen["accountEnabled"])
		require.Contains(t, c.Truth()[user], `"enabled":false`, "the side door does not wait")
		c.clock = c.clock.Add(time.Minute)
		_, seen = c.call(t, "GET", "/users/"+user+"?$select=accountEnabled", "")
		require.Equal(t, false, seen["accountEnabled"])
	})
}

func TestRevokedSessionsEndRefreshTokens(t *testing.T) {
	c := newClient(t)
	user := c.AddUser(entra.User{})
	old, _ := c.SignIn(user)
	c.clock = c.clock.Add(1500 * time.Millisecond)
	_, answer := c.call(t, "POST", "/users/"+user+"/revokeSignInSessions", "")
	require.Equal(t, true, answer["value"])
	require.False(t, c.Redeem(old.Refresh))
	require.True(t, c.Works(old.Access))
	_, seen := c.call(t, "GET", "/users/"+user+"?$select=signInSessionsValidFromDateTime", "")
	require.Equal(t, "2026-09-01T12:00:01Z", seen["signInSessionsValidFromDateTime"], "in whole seconds")
	c.clock = c.clock.Add(time.Second)
	fresh, ok := c.SignIn(user)
	require.True(t, ok, "the account is not disabled by it")
	require.True(t, c.Redeem(fresh.Refresh))
}
