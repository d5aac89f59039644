package scim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/simulator/scim"
)

// client speaks to one application as it was meant to be spoken to.
type client struct {
	*scim.App
	now        time.Time
	ada, group string
}

func newClient(t *testing.T, habits scim.Habits) *client {
	c := &client{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	c.App = scim.New(scim.Options{Seed: 7, Token: "canary-token", Habits: habits, Clock: func() time.Time { return c.now }})
	c.ada = c.AddUser(scim.User{UserName: "Ada.Marsh@example.com", ExternalID: "1042", Emails: []string{"ada.marsh@example.com"}})
	c.AddUser(scim.User{UserName: "ada.marshall@example.com", ExternalID: "1043", Emails: []string{"ada.marshall@example.com"}})
	c.group = c.AddGroup("Editors")
	require.True(t, c.AddMember(c.group, c.ada))
	return c
}

func (c *client) do(method, path, body string) (int, map[string]any) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer canary-token")
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	var answer map[string]any
	if json.Unmarshal(w.Body.Bytes(), &answer) != nil {
		answer = map[string]any{"text": w.Body.String()}
	}
	return w.Code, answer
}

// rows counts what a filter finds; -1 is a refusal.
func (c *client) rows(filter string) int {
	status, answer := c.do(http.MethodGet, "/Users?filter="+url.QueryEscape(filter), "")
	if status != http.StatusOK {
		return -1
	}
	rows, _ := answer["Resources"].([]any)
	return len(rows)
}

func (c *client) patch(path, operation string) int {
	status, _ := c.do(http.MethodPatch, path, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+operation+`]}`)
	return status
}

func (c *client) lock() int {
	return c.patch("/Users/"+c.ada, `{"op":"replace","path":"active","value":false}`)
}

func (c *client) shown(t *testing.T) map[string]any {
	t.Helper()
	status, user := c.do(http.MethodGet, "/Users/"+c.ada, "")
	require.Equal(t, http.StatusOK, status)
	return user
}

// TestLookups is the same probe of every application that was made of real ones.
func TestLookups(t *testing.T) {
	for _, c := range []struct {
		name                                             string
		habits                                           scim.Habits
		exact, lower, externalID, email, unknown, broken int
	}{
		{"plain", scim.Plain(), 1, 1, 1, 1, -1, -1},
		{"scimmy", scim.Scimmy(), 1, 0, 1, 1, 0, 0},
		{"better-auth", scim.BetterAuth(), 1, 1, 1, 1, -1, -1},
		{"jackson", scim.Jackson(), 0, 1, 0, 1, 0, 0},
		{"filter-deaf", scim.FilterDeaf(), 2, 2, 2, 2, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := newClient(t, c.habits)
			require.Equal(t, c.exact, app.rows(`userName eq "Ada.Marsh@example.com"`), "in the case that is kept")
			require.Equal(t, c.lower, app.rows(`userName eq "ada.marsh@example.com"`), "in lower case")
			require.Equal(t, c.externalID, app.rows(`externalId eq "1042"`))
			require.Equal(t, c.email, app.rows(`emails.value eq "ada.marsh@example.com"`))
			require.Equal(t, c.unknown, app.rows(`shoeSize eq "42"`))
			require.Equal(t, c.broken, app.rows(`userName eq`))
		})
	}
}

func TestDeactivation(t *testing.T) {
	t.Run("a lock takes effect on sessions only where the application ends them", func(t *testing.T) {
		for _, habits := range []scim.Habits{{}, {LockEndsSessions: true}, {KeysOutliveLock: true}} {
			c := newClient(t, habits)
			session, key := c.OpenSession(c.ada), c.IssueKey(c.ada)
			require.True(t, c.SessionAlive(session) && c.KeyAlive(key))
			require.Equal(t, http.StatusOK, c.lock())
			require.Equal(t, !habits.LockEndsSessions, c.SessionAlive(session))
			require.Equal(t, habits.KeysOutliveLock, c.KeyAlive(key))
			require.Empty(t, c.OpenSession(c.ada), "nobody signs in with a locked account")
			require.Equal(t, http.StatusOK, c.patch("/Users/"+c.ada, `{"op":"Replace","value":{"active":true}}`))
			require.True(t, c.KeyAlive(key), "a key that was kept comes back")
		}
	})
	t.Run("the string False is refused, understood or stored", func(t *testing.T) {
		for _, c := range []struct {
			habits scim.Habits
			status int
			shown  any
		}{
			{scim.Scimmy(), http.StatusBadRequest, true},
			{scim.BetterAuth(), http.StatusOK, false},
			{scim.Jackson(), http.StatusOK, "False"},
		} {
			app := newClient(t, c.habits)
			require.Equal(t, c.status, app.patch("/Users/"+app.ada, `{"op":"Replace","path":"active","value":"False"}`))
			require.Equal(t, c.shown, app.shown(t)["active"])
		}
	})
	t.Run("a lock again changes nothing and is answered in each manner", func(t *testing.T) {
		for habits, status := range map[*scim.Habits]int{{}: http.StatusOK, {Unchanged204: true}: http.StatusNoContent, {RepeatsRefused: true}: http.StatusBadRequest} {
			c := newClient(t, *habits)
			require.Equal(t, http.StatusOK, c.lock())
			require.Equal(t, status, c.lock())
			require.Equal(t, false, c.shown(t)["active"])
		}
		c := newClient(t, scim.Scimmy())
		require.Equal(t, []int{http.StatusOK, http.StatusNoContent}, []int{c.lock(), c.lock()}, "as was observed")
	})
	t.Run("a PUT without active brings a locked user back where the application defaults it", func(t *testing.T) {
		for habits, active := range map[*scim.Habits]bool{{PutReactivates: true}: true, {}: false} {
			c := newClient(t, *habits)
			require.Equal(t, http.StatusOK, c.lock())
			status, _ := c.do(http.MethodPut, "/Users/"+c.ada, `{"userName":"Ada.Marsh@example.com"}`)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, active, c.shown(t)["active"])
		}
	})
	t.Run("a deleted user is not found and not listed, and kept only where that is a habit", func(t *testing.T) {
		for habits, answer := range map[*scim.Habits]int{{}: http.StatusNoContent, {SoftDelete: true, DeleteAnswers: http.StatusOK}: http.StatusOK} {
			c := newClient(t, *habits)
			session := c.OpenSession(c.ada)
			status, _ := c.do(http.MethodDelete, "/Users/"+c.ada, "")
			require.Equal(t, answer, status)
			for _, method := range []string{http.MethodGet, http.MethodDelete} {
				status, _ = c.do(method, "/Users/"+c.ada, "")
				require.Equal(t, http.StatusNotFound, status)
			}
			require.Zero(t, c.rows(`userName eq "Ada.Marsh@example.com"`))
			require.False(t, c.SessionAlive(session))
			require.Empty(t, c.Memberships()[c.group])
			_, kept := c.Truth()[c.ada]
			require.Equal(t, habits.SoftDelete, kept)
		}
	})
	t.Run("a user name is hidden while the user is locked", func(t *testing.T) {
		c := newClient(t, scim.GitHub())
		c.lock()
		require.NotContains(t, c.shown(t)["userName"], "Marsh")
		c.patch("/Users/"+c.ada, `{"op":"replace","path":"active","value":true}`)
		require.Equal(t, "Ada.Marsh@example.com", c.shown(t)["userName"])
	})
	t.Run("a version that is not the newest is refused", func(t *testing.T) {
		c := newClient(t, scim.Plain())
		version := c.shown(t)["meta"].(map[string]any)["version"].(string)
		c.lock()
		r := httptest.NewRequest(http.MethodPut, "/Users/"+c.ada, strings.NewReader(`{"userName":"x"}`))
		r.Header.Set("Authorization", "Bearer canary-token")
		r.Header.Set("Content-Type", "application/scim+json")
		r.Header.Set("If-Match", version)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		require.Equal(t, http.StatusPreconditionFailed, w.Code)
	})
}

func TestGroups(t *testing.T) {
	one := func(id string) string { return `{"op":"remove","path":"members[value eq \"` + id + `\"]"}` }
	list := func(id string) string { return `{"op":"remove","path":"members","value":[{"value":"` + id + `"}]}` }
	t.Run("a removal without a filter removes everybody, as the standard has it", func(t *testing.T) {
		c := newClient(t, scim.Plain())
		for id := range c.Truth() {
			c.AddMember(c.group, id)
		}
		require.Equal(t, http.StatusOK, c.patch("/Groups/"+c.group, list(c.ada)))
		require.Empty(t, c.Memberships()[c.group])
	})
	t.Run("a removal again changes nothing and is answered in each manner", func(t *testing.T) {
		for habits, status := range map[*scim.Habits]int{{}: http.StatusOK, {Unchanged204: true}: http.StatusNoContent} {
			c := newClient(t, *habits)
			require.Equal(t, http.StatusOK, c.patch("/Groups/"+c.group, one(c.ada)))
			require.Empty(t, c.GroupsOf(c.ada))
			require.Equal(t, status, c.patch("/Groups/"+c.group, one(c.ada)))
		}
	})
	t.Run("groups whose members never show have them all the same", func(t *testing.T) {
		c := newClient(t, scim.Jackson())
		_, group := c.do(http.MethodGet, "/Groups/"+c.group, "")
		require.Equal(t, []any{}, group["members"])
		require.Equal(t, []string{"Editors"}, c.GroupsOf(c.ada))
	})
}

func TestSwitches(t *testing.T) {
	t.Run("reads lag behind, and writes act on what is so", func(t *testing.T) {
		c := newClient(t, scim.Habits{GroupsOfUser: true})
		c.SetLag(time.Minute)
		require.Equal(t, http.StatusOK, c.lock())
		require.Equal(t, true, c.shown(t)["active"])
		user, _ := c.User(c.ada)
		require.True(t, user.Locked, "the side door does not lag")
		c.now = c.now.Add(time.Minute)
		require.Equal(t, false, c.shown(t)["active"])
	})
	t.Run("a permission that is taken away is missed by exactly its requests", func(t *testing.T) {
		requests := map[string][2]string{"users.read": {"GET", "/Users"}, "users.write": {"DELETE", "/Users/none"},
			"groups.read": {"GET", "/Groups"}, "groups.write": {"PATCH", "/Groups/none"}}
		for denied := range requests {
			c := newClient(t, scim.Plain())
			c.Deny(denied)
			for permission, request := range requests {
				status, _ := c.do(request[0], request[1], "")
				require.Equal(t, permission == denied, status == http.StatusForbidden, "%s without %s", permission, denied)
			}
			c.Allow()
			status, _ := c.do(requests[denied][0], requests[denied][1], "")
			require.NotEqual(t, http.StatusForbidden, status)
		}
	})
	t.Run("requests beyond the rate wait for the window to end", func(t *testing.T) {
		c := newClient(t, scim.Plain())
		c.SetRate(2, 90*time.Second)
		get := func() (int, string) {
			r := httptest.NewRequest(http.MethodGet, "/Users", nil)
			r.Header.Set("Authorization", "Bearer canary-token")
			w := httptest.NewRecorder()
			c.ServeHTTP(w, r)
			return w.Code, w.Header().Get("Retry-After")
		}
		for range 2 {
			status, _ := get()
			require.Equal(t, http.StatusOK, status)
		}
		c.now = c.now.Add(30 * time.Second)
		status, after := get()
		require.Equal(t, http.StatusTooManyRequests, status)
		require.Equal(t, "60", after)
		c.now = c.now.Add(time.Minute)
		status, _ = get()
		require.Equal(t, http.StatusOK, status)
	})
	t.Run("another token is refused", func(t *testing.T) {
		c := newClient(t, scim.Plain())
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/Users", nil))
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"))
	})
	t.Run("errors write their status in each manner", func(t *testing.T) {
		for habits, status := range map[*scim.Habits]any{{}: "404", {ErrorStatus: scim.StatusNumber}: 404.0, {ErrorStatus: scim.StatusAbsent}: nil} {
			_, answer := newClient(t, *habits).do(http.MethodGet, "/Users/none", "")
			require.Equal(t, status, answer["status"])
		}
		_, answer := newClient(t, scim.LegacyNoPatch()).do(http.MethodGet, "/Users/none", "")
		require.Contains(t, answer["text"], "<html>")
	})
}

func TestSeed(t *testing.T) {
	t.Run("the same seed makes the same ids and tokens, another makes others", func(t *testing.T) {
		make := func(seed int64) (*scim.App, string, string) {
			app := scim.New(scim.Options{Seed: seed, Token: "t"})
			id := app.AddUser(scim.User{UserName: "ada.marsh@example.com"})
			return app, id, app.OpenSession(id)
		}
		first, id, session := make(1)
		second, sameID, sameSession := make(1)
		require.Equal(t, id, sameID)
		require.Equal(t, session, sameSession)
		require.Equal(t, first.Truth(), second.Truth())
		require.True(t, strings.HasPrefix(session, "canary-"))
		_, otherID, _ := make(2)
		require.NotEqual(t, id, otherID)
	})
	t.Run("every preset has a name of its own", func(t *testing.T) {
		names := map[string]bool{}
		for _, preset := range scim.Presets() {
			require.False(t, names[preset.Name], preset.Name)
			names[preset.Name] = true
		}
		require.GreaterOrEqual(t, len(names), 12)
	})
}
