package scim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/servers/betterauth"
)

// TestRealServers holds of both servers, although they answer very differently.
func TestRealServers(t *testing.T) {
	for name, serve := range map[string]func(*testing.T) func(*testing.T) *actual{"better-auth": betterAuth, "Ory Polis": oryPolis} {
		t.Run(name, func(t *testing.T) {
			start := serve(t)
			t.Run("the leaver is found by every key, however it is written", func(t *testing.T) {
				a := start(t)
				require.NoError(t, a.Check(t.Context()))
				for key, subject := range map[string]access.Subject{
					"user name as it is shown": {UserNames: []string{adaWritten}},
					"user name in lower case":  {UserNames: []string{strings.ToLower(adaWritten)}},
					"user name in upper case":  {UserNames: []string{strings.ToUpper(adaWritten)}},
					"address as it is written": {Emails: []string{adaWritten}},
					"address in upper case":    {Emails: []string{strings.ToUpper(adaWritten)}},
					"employee number":          {EmployeeNumber: ada.EmployeeNumber},
					"id":                       {Accounts: []access.AccountRef{a.ref()}},
				} {
					require.Equal(t, []string{a.ada}, a.find(t, subject), key)
				}
				require.Equal(t, []string{a.marshall}, a.find(t, marshall))
				require.Empty(t, a.find(t, nobody))
			})
			t.Run("a user name that is no address is found, and so is an address that is no user name", func(t *testing.T) {
				a := start(t)
				id := a.provision(t, "jmoss", "jo.moss@example.com", "3001")
				// The look-ups are tried on one whose user name is the address.
				a.provision(t, "Ben.Okoro@Example.com", "Ben.Okoro@Example.com", "2001")
				require.Equal(t, []string{id}, a.find(t, access.Subject{UserNames: []string{"jmoss"}}))
				require.Equal(t, []string{id}, a.find(t, access.Subject{Emails: []string{"jo.moss@example.com"}}))
			})
			t.Run("an employee number is found where a colleague's is the colleague's address", func(t *testing.T) {
				a := start(t)
				a.provision(t, "ben.okoro@example.com", "ben.okoro@example.com", "ben.okoro@example.com")
				require.Equal(t, []string{a.ada}, a.find(t, access.Subject{EmployeeNumber: ada.EmployeeNumber}))
			})
			t.Run("the leaver is found and listed among more people than a page shows", func(t *testing.T) {
				a := start(t)
				for n := range 101 {
					name := fmt.Sprintf("guest.%d@example.com", n)
					a.provision(t, name, name, name)
				}
				require.Equal(t, []string{a.ada}, a.find(t, ada))
				listed, err := connectors.Collect(t.Context(), a.Accounts)
				require.NoError(t, err)
				require.Len(t, listed, 103)
			})
			t.Run("a colleague who lists the leaver's address too is left alone", func(t *testing.T) {
				a := start(t)
				a.provision(t, "ben.okoro@example.com", "ben.okoro@example.com", "2001", "ada.marsh@example.com")
				require.Equal(t, []string{a.ada}, a.find(t, access.Subject{UserNames: []string{adaWritten}, EmployeeNumber: ada.EmployeeNumber}))
			})
			t.Run("a lock is read back, and changes nobody else", func(t *testing.T) {
				a := start(t)
				bystander := a.user(t, a.marshall)
				for range 2 {
					require.NoError(t, a.Lock(t.Context(), a.ref()))
					require.Equal(t, false, a.user(t, a.ada)["active"])
					state, err := a.connect(t, a.token).State(t.Context(), a.ref())
					require.NoError(t, err)
					require.Equal(t, access.Locked, state.Status)
				}
				require.Equal(t, adaWritten, a.user(t, a.ada)["userName"], "a lock renames nobody")
				require.Equal(t, bystander, a.user(t, a.marshall))
				require.NoError(t, a.Unlock(t.Context(), access.AccountState{Ref: a.ref(), Status: access.Active}))
				require.Equal(t, true, a.user(t, a.ada)["active"])
			})
			t.Run("a locked account is still found", func(t *testing.T) {
				a := start(t)
				require.NoError(t, a.Lock(t.Context(), a.ref()))
				require.Equal(t, []string{a.ada}, a.find(t, ada))
			})
			t.Run("a member who is removed from a group, twice, is the only one to leave", func(t *testing.T) {
				a := start(t)
				editors := access.Right{Kind: access.Grant, Type: "group", ID: a.editors}
				for range 2 {
					require.NoError(t, a.RevokeRight(t.Context(), a.ref(), editors))
					require.False(t, a.member(t, a.editors, a.ada))
				}
				require.True(t, a.member(t, a.owners, a.ada), "the other group")
				require.True(t, a.member(t, a.editors, a.marshall), "the other member")
			})
			t.Run("a deleted account is absent, and deleting it again succeeds", func(t *testing.T) {
				a := start(t)
				before := a.user(t, a.marshall)
				a.Connector = a.connect(t, a.token, func(c *scim.Config) { c.Lock = scim.Delete })
				for range 2 {
					require.NoError(t, a.Lock(t.Context(), a.ref()))
					state, err := a.State(t.Context(), a.ref())
					require.NoError(t, err)
					require.Equal(t, access.Absent, state.Status)
				}
				_, status := a.do(t, http.MethodGet, "/Users/"+a.ada, nil)
				require.Equal(t, http.StatusNotFound, status)
				require.Empty(t, a.find(t, ada))
				require.Equal(t, before, a.user(t, a.marshall))
			})
			t.Run("somebody without an account is proved absent while the witness is found", func(t *testing.T) {
				a := start(t)
				require.Equal(t, access.Gone, disposition(t, a.drive(t, nobody, access.Lock), access.Lock))
			})
			t.Run("nobody is absent once the witness is not found", func(t *testing.T) {
				a := start(t)
				_, status := a.do(t, http.MethodDelete, "/Users/"+a.marshall, nil)
				require.Less(t, status, 300)
				require.NotEqual(t, access.Gone, disposition(t, a.drive(t, nobody, access.Lock), access.Lock))
			})
			t.Run("a wrong token is unauthenticated, and changes nothing", func(t *testing.T) {
				a := start(t)
				c := a.connect(t, "canary-wrong-token-5f2e-0123456789-0123456789")
				require.Equal(t, access.Unauthenticated, access.CodeOf(c.Check(t.Context())))
				_, err := c.Find(t.Context(), ada)
				require.Equal(t, access.Unauthenticated, access.CodeOf(err))
				_, err = c.State(t.Context(), a.ref())
				require.Equal(t, access.Unauthenticated, access.CodeOf(err))
				require.Equal(t, access.Unauthenticated, access.CodeOf(c.Lock(t.Context(), a.ref())))
				_, err = c.Rights(t.Context(), a.ref(), access.Grant, "")
				require.Equal(t, access.Unauthenticated, access.CodeOf(err))
				require.Equal(t, true, a.user(t, a.ada)["active"])
			})
			t.Run("the lock is verified, and says what sessions it cannot see", func(t *testing.T) {
				a := start(t)
				p := a.drive(t, ada, access.Lock)
				require.Equal(t, access.Verified, disposition(t, p, access.Lock))
				require.NotNil(t, p.Cells[0].Residual, "SCIM shows no session of either server")
				require.Equal(t, false, a.user(t, a.ada)["active"])
			})
		})
	}
}

func TestBetterAuth(t *testing.T) {
	s := betterauth.Start(t)
	t.Run("the groups of the leaver are listed and left, one by one", func(t *testing.T) {
		a := ofBetterAuth(t, s)
		page, err := a.Rights(t.Context(), a.ref(), access.Grant, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 2)
		for _, right := range page.Items {
			require.NoError(t, a.RevokeRight(t.Context(), a.ref(), right))
		}
		page, err = a.Rights(t.Context(), a.ref(), access.Grant, "")
		require.NoError(t, err)
		require.Empty(t, page.Items)
		for _, group := range []string{a.editors, a.owners} {
			require.False(t, a.member(t, group, a.ada))
			require.True(t, a.member(t, group, a.marshall))
		}
	})
	t.Run("a lock that another tool undoes is seen to be undone", func(t *testing.T) {
		a := ofBetterAuth(t, s)
		require.NoError(t, a.Lock(t.Context(), a.ref()))
		whole := a.user(t, a.ada)
		delete(whole, "active") // which means true to this server
		_, status := a.do(t, http.MethodPut, "/Users/"+a.ada, whole)
		require.Equal(t, http.StatusOK, status)
		state, err := a.State(t.Context(), a.ref())
		require.NoError(t, err)
		require.Equal(t, access.Active, state.Status)
		require.NoError(t, a.Lock(t.Context(), a.ref()))
		require.Equal(t, false, a.user(t, a.ada)["active"])
	})
	t.Run("its own sessions end with the lock, of the leaver and of nobody else", func(t *testing.T) {
		a := ofBetterAuth(t, s)
		open := func(method, user string) (n int) {
			req, err := http.NewRequestWithContext(t.Context(), method, s.Sessions+"/"+user, nil)
			require.NoError(t, err)
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			require.NoError(t, json.NewDecoder(resp.Body).Decode(&n))
			return n
		}
		require.Equal(t, 1, open(http.MethodPost, a.ada))
		require.Equal(t, 1, open(http.MethodPost, a.marshall))
		require.NoError(t, a.Lock(t.Context(), a.ref()))
		require.Zero(t, open(http.MethodGet, a.ada))
		require.Equal(t, 1, open(http.MethodGet, a.marshall))
	})
}

func TestPolis(t *testing.T) {
	start := oryPolis(t)
	t.Run("who is in a group is not shown, which is not the same as nobody", func(t *testing.T) {
		a := start(t)
		page, err := a.Rights(t.Context(), a.ref(), access.Grant, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.Equal(t, access.Invisible, page.Items[0].Obstacle)
		require.Equal(t, access.Unsupported, access.CodeOf(a.RevokeRight(t.Context(), a.ref(), page.Items[0])))
		require.True(t, a.member(t, a.editors, a.ada))
		require.Equal(t, access.Manual, disposition(t, a.drive(t, ada, access.Lock, access.Revoke), access.Revoke))
	})
	t.Run("the string that Entra ID leaves in active becomes a boolean", func(t *testing.T) {
		a := start(t)
		_, status := a.do(t, http.MethodPatch, "/Users/"+a.ada, map[string]any{"Operations": []any{map[string]any{"op": "Replace", "path": "active", "value": "False"}}})
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "False", a.user(t, a.ada)["active"])
		require.NoError(t, a.Lock(t.Context(), a.ref()))
		require.Equal(t, false, a.user(t, a.ada)["active"])
	})
	t.Run("a directory that is not there proves nothing, although it answers 200", func(t *testing.T) {
		a := start(t)
		a.url = a.url[:strings.LastIndex(a.url, "/")] + "/another"
		c := a.connect(t, a.token)
		require.Error(t, c.Check(t.Context()))
		_, err := c.Find(t.Context(), ada)
		require.Error(t, err)
		_, err = c.State(t.Context(), a.ref())
		require.Error(t, err)
		require.Error(t, c.Lock(t.Context(), a.ref()))
	})
}
