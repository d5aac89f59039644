package okta

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/stretchr/testify/require"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type town struct {
	*Org
	clock *clock
	url   string
	ada   string
}

func newTown(t *testing.T, o Options) *town {
	t.Helper()
	c := &clock{now: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)}
	o.Clock, o.Token = c.Now, "token"
	town := &town{Org: New(o), clock: c}
	server := httptest.NewServer(town.Org)
	t.Cleanup(server.Close)
	town.url = server.URL
	town.ada = town.AddUser(Person{Login: "ada.marsh@example.com", FirstName: "Ada", Department: "Sales"})
	return town
}

// ask sends a request and returns the answer, decoded.
func (w *town) ask(t *testing.T, method, path string) (*http.Response, any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.url+path, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "SSWS token")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	var body any
	if resp.StatusCode != http.StatusNoContent {
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&body))
	}
	return resp, body
}

// refused sends a request that must be refused with a status and a code.
func (w *town) refused(t *testing.T, method, path string, status int, code string) {
	t.Helper()
	resp, body := w.ask(t, method, path)
	require.Equal(t, status, resp.StatusCode)
	require.Equal(t, code, body.(map[string]any)["errorCode"])
}

func (w *town) accepted(t *testing.T, method, path string) {
	t.Helper()
	resp, _ := w.ask(t, method, path)
	require.Less(t, resp.StatusCode, 300)
}

func (w *town) user(t *testing.T, id string) Account {
	t.Helper()
	account, there := w.User(id)
	require.True(t, there)
	return account
}

func TestStatuses(t *testing.T) {
	for _, status := range []string{Staged, Provisioned, Suspended, LockedOut, PasswordExpired, Recovery, Deprovisioned} {
		t.Run("a user who is "+status+" cannot be suspended", func(t *testing.T) {
			w := newTown(t, Options{})
			w.SetStatus(w.ada, status)
			w.refused(t, "POST", "/api/v1/users/"+w.ada+"/lifecycle/suspend", 400, "E0000001")
			require.Equal(t, status, w.user(t, w.ada).Status)
		})
	}
	t.Run("suspension keeps groups, applications, sessions and tokens", func(t *testing.T) {
		w := newTown(t, Options{})
		app := w.AddApp("Wiki")
		w.Assign(app, w.ada)
		session := w.OpenSession(w.ada)
		refresh, _ := w.IssueTokens(w.ada, app)
		w.accepted(t, "POST", "/api/v1/users/"+w.ada+"/lifecycle/suspend")
		require.Equal(t, []string{app}, w.user(t, w.ada).Apps)
		require.True(t, w.SessionAlive(session))
		require.True(t, w.TokenAlive(refresh))
	})
	t.Run("deactivation takes applications, roles, sessions and refresh tokens, not an access token or a group", func(t *testing.T) {
		w := newTown(t, Options{})
		app, given, group := w.AddApp("Wiki"), w.AddApp("Chat"), w.AddGroup("Pilots")
		w.Assign(app, w.ada)
		w.AssignGroup(given, group)
		w.Join(group, w.ada)
		w.GrantRole(w.ada, "APP_ADMIN")
		session := w.OpenSession(w.ada)
		refresh, access := w.IssueTokens(w.ada, app)
		w.accepted(t, "POST", "/api/v1/users/"+w.ada+"/lifecycle/deactivate")
		after := w.user(t, w.ada)
		require.Empty(t, after.Apps)
		require.Empty(t, after.Roles)
		require.Contains(t, after.Groups, group)
		require.False(t, w.SessionAlive(session))
		require.False(t, w.TokenAlive(refresh))
		require.True(t, w.TokenAlive(access))
		w.clock.advance(time.Hour)
		require.False(t, w.TokenAlive(access), "until it expires")
	})
	t.Run("a first delete deactivates, a second deletes", func(t *testing.T) {
		w := newTown(t, Options{})
		w.accepted(t, "DELETE", "/api/v1/users/"+w.ada)
		require.Equal(t, Deprovisioned, w.user(t, w.ada).Status)
		w.accepted(t, "DELETE", "/api/v1/users/"+w.ada)
		w.refused(t, "GET", "/api/v1/users/"+w.ada, 404, "E0000007")
	})
	t.Run("ending sessions spares refresh tokens unless asked", func(t *testing.T) {
		w := newTown(t, Options{})
		session := w.OpenSession(w.ada)
		refresh, _ := w.IssueTokens(w.ada, w.AddApp("Wiki"))
		w.accepted(t, "DELETE", "/api/v1/users/"+w.ada+"/sessions")
		require.False(t, w.SessionAlive(session))
		require.True(t, w.TokenAlive(refresh))
		w.accepted(t, "DELETE", "/api/v1/users/"+w.ada+"/sessions?oauthTokens=true")
		require.False(t, w.TokenAlive(refresh))
	})
}

func TestWhatCannotBeRemoved(t *testing.T) {
	w := newTown(t, Options{})
	app := w.AddApp("Directory")
	imported, ruled, plain := w.AddAppGroup("Domain Users", app), w.AddGroup("Sales"), w.AddGroup("Pilots")
	rule := w.AddRule("Sales people", "Sales", ruled)
	w.Join(imported, w.ada)
	w.Join(plain, w.ada)
	w.AssignGroup(app, plain)
	role := w.GrantGroupRole(plain, "APP_ADMIN")
	everyone := w.user(t, w.ada).Groups[0]
	t.Run("the built-in group", func(t *testing.T) {
		w.refused(t, "DELETE", "/api/v1/groups/"+everyone+"/users/"+w.ada, 403, "E0000006")
	})
	t.Run("an application's group", func(t *testing.T) {
		w.refused(t, "DELETE", "/api/v1/groups/"+imported+"/users/"+w.ada, 501, "E0000060")
	})
	t.Run("an application that a group gives", func(t *testing.T) {
		w.refused(t, "DELETE", "/api/v1/apps/"+app+"/users/"+w.ada, 403, "E0000046")
	})
	t.Run("a role that a group gives", func(t *testing.T) {
		w.refused(t, "DELETE", "/api/v1/users/"+w.ada+"/roles/"+role, 404, "E0000007")
	})
	t.Run("a member of a rule that leaves out as many as it can, until it leaves her out too", func(t *testing.T) {
		full := w.AddGroup("Travellers")
		travels := w.AddRule("All of sales travel", "Sales", full)
		for i := range mostExcluded {
			w.Exclude(travels, fmt.Sprintf("00u%017d", i))
		}
		w.accepted(t, "DELETE", "/api/v1/groups/"+full+"/users/"+w.ada)
		require.Contains(t, w.user(t, w.ada).Groups, full)
		w.Exclude(travels, w.ada)
		require.NotContains(t, w.user(t, w.ada).Groups, full)
	})
	t.Run("a rule leaves out from then on whom it gave the membership that is ended", func(t *testing.T) {
		shared := w.Shared(w.ada)
		w.accepted(t, "DELETE", "/api/v1/groups/"+ruled+"/users/"+w.ada)
		require.NotContains(t, w.user(t, w.ada).Groups, ruled)
		require.Contains(t, w.Truth()[w.ada], rule)
		require.Equal(t, shared, w.Shared(w.ada), "which is hers alone")
	})
	t.Run("a rule that does not give the membership leaves nobody out", func(t *testing.T) {
		pilots := w.AddGroup("Test pilots")
		w.AddRule("Marketing people", "Marketing", pilots)
		w.Join(pilots, w.ada)
		before := w.Shared("")
		w.accepted(t, "DELETE", "/api/v1/groups/"+pilots+"/users/"+w.ada)
		require.NotContains(t, w.user(t, w.ada).Groups, pilots)
		require.NotEqual(t, before, w.Shared(""), "one member less")
		require.Contains(t, w.Shared(""), `"department":"Marketing","excluded":[]`)
	})
	t.Run("an application tells which groups have it", func(t *testing.T) {
		_, body := w.ask(t, "GET", "/api/v1/apps/"+app+"/groups")
		require.Equal(t, plain, body.([]any)[0].(map[string]any)["id"])
		w.refused(t, "GET", "/api/v1/apps/0oa00000000000000000/groups", 404, "E0000007")
	})
	t.Run("what a group gave goes with the membership", func(t *testing.T) {
		w.accepted(t, "DELETE", "/api/v1/groups/"+plain+"/users/"+w.ada)
		require.Empty(t, w.user(t, w.ada).Apps)
		require.Empty(t, w.user(t, w.ada).Roles)
	})
}

func TestLookups(t *testing.T) {
	w := newTown(t, Options{})
	list := func(query string) int {
		t.Helper()
		_, body := w.ask(t, "GET", "/api/v1/users?"+query)
		return len(body.([]any))
	}
	of := func(name, expression string) string { return name + "=" + url.QueryEscape(expression) }
	for expression, want := range map[string]int{
		`profile.login eq "ADA.marsh@example.com"`:                     1,
		`profile.login eq "ada.marsh@example.com" and status eq "X"`:   0,
		`status eq "ACTIVE" and (id eq "` + w.ada + `" or id eq "no")`: 1,
		`profile.login eq "a" or profile.email pr`:                     2,
		`profile.login eq "ada.marsh@example.com\" or id pr"`:          0,
	} {
		t.Run(expression, func(t *testing.T) {
			require.Equal(t, want, list(of("search", expression)))
			require.Equal(t, want, list(of("filter", expression)))
		})
	}
	for _, expression := range []string{`profile.login`, `profile.login eq`, `profile.login eq ada`, `(id pr`, `id pr and`, `nonsense eq "x"`, `id pr id pr`, `id ne "x"`, `id eq "x`} {
		t.Run("refused: "+expression, func(t *testing.T) {
			w.refused(t, "GET", "/api/v1/users?"+of("search", expression), 400, "E0000031")
		})
	}
	t.Run("a filter knows fewer attributes than a search", func(t *testing.T) {
		require.Equal(t, 1, list(of("search", `profile.department eq "Sales"`)))
		w.refused(t, "GET", "/api/v1/users?"+of("filter", `profile.department eq "Sales"`), 400, "E0000031")
	})
	t.Run("q finds by the beginning of a name", func(t *testing.T) { require.Equal(t, 1, list("q=ad")) })
	t.Run("a user is read by login and by short login", func(t *testing.T) {
		w.accepted(t, "GET", "/api/v1/users/ada.marsh@example.com")
		w.accepted(t, "GET", "/api/v1/users/ada.marsh")
	})
	t.Run("search and listings lag, filter and read by id do not", func(t *testing.T) {
		w.SetLag(time.Minute)
		w.SetStatus(w.ada, Suspended)
		stale, fresh := of("search", `status eq "SUSPENDED"`), of("filter", `status eq "SUSPENDED"`)
		require.Equal(t, 0, list(stale))
		require.Equal(t, 1, list(fresh))
		_, body := w.ask(t, "GET", "/api/v1/users/"+w.ada)
		require.Equal(t, Suspended, body.(map[string]any)["status"])
		w.AddUser(Person{Login: "new@example.com"})
		require.Equal(t, 2, list(""))
		w.clock.advance(time.Minute)
		require.Equal(t, 1, list(stale))
		require.Equal(t, 3, list(""))
	})
	t.Run("a plain listing leaves out who is deactivated", func(t *testing.T) {
		w.SetLag(0)
		w.SetStatus(w.ada, Deprovisioned)
		require.Equal(t, 2, list(""))
		require.Equal(t, 1, list(of("search", `status eq "DEPROVISIONED"`)))
	})
}

func TestDoors(t *testing.T) {
	w := newTown(t, Options{PageSize: 1})
	t.Run("a wrong token is refused", func(t *testing.T) {
		resp, err := http.Get(w.url + "/api/v1/users")
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, 401, resp.StatusCode)
	})
	t.Run("a permission can be taken and given back", func(t *testing.T) {
		w.Deny("okta.users.read")
		w.refused(t, "GET", "/api/v1/users", 403, "E0000006")
		w.Allow("okta.users.read")
		w.accepted(t, "GET", "/api/v1/users")
	})
	t.Run("me is whose token it is", func(t *testing.T) {
		_, body := w.ask(t, "GET", "/api/v1/users/me")
		require.Equal(t, w.Owner(), body.(map[string]any)["id"])
	})
	t.Run("self and next are links of their own, and the last page has no next", func(t *testing.T) {
		resp, _ := w.ask(t, "GET", "/api/v1/users")
		links := resp.Header.Values("Link")
		require.Len(t, links, 2)
		next, _, _ := strings.Cut(strings.TrimPrefix(links[1], "<"+w.url), ">")
		resp, body := w.ask(t, "GET", next)
		require.Len(t, resp.Header.Values("Link"), 1)
		require.Equal(t, w.ada, body.([]any)[0].(map[string]any)["id"])
	})
	t.Run("every answer tells the rate, and a spent bucket refuses until its window is over", func(t *testing.T) {
		w.SetRate("users", 1, time.Minute)
		resp, _ := w.ask(t, "GET", "/api/v1/users")
		require.Equal(t, "0", resp.Header.Get("X-Rate-Limit-Remaining"))
		require.NotEmpty(t, resp.Header.Get("X-Okta-Request-Id"))
		w.refused(t, "GET", "/api/v1/users", 429, "E0000047")
		w.accepted(t, "GET", "/api/v1/users/"+w.ada)
		w.clock.advance(time.Minute)
		w.accepted(t, "GET", "/api/v1/users")
	})
	t.Run("the same seed makes the same org", func(t *testing.T) {
		a, b, c := New(Options{Clock: w.clock.Now, Seed: 1}), New(Options{Clock: w.clock.Now, Seed: 1}), New(Options{Clock: w.clock.Now, Seed: 2})
		require.Equal(t, a.Truth(), b.Truth())
		require.NotEqual(t, a.Truth(), c.Truth())
	})
}

func TestOktasOwnClientOpensTheOrgWithAPrivateKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	org := New(Options{})
	ada := org.AddUser(Person{Login: "ada.marsh@example.com"})
	server := httptest.NewServer(org)
	defer server.Close()
	connect := func(id, keyID string) *sdk.Client {
		text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
		_, client, err := sdk.NewClient(context.Background(), sdk.WithOrgUrl(server.URL), sdk.WithAuthorizationMode("PrivateKey"), sdk.WithClientId(id),
			sdk.WithScopes([]string{"okta.users.read"}), sdk.WithPrivateKey(string(text)), sdk.WithPrivateKeyId(keyID),
			sdk.WithCache(false), sdk.WithTestingDisableHttpsCheck(true))
		require.NoError(t, err)
		return client
	}
	t.Run("with the scopes that it is granted, and no others", func(t *testing.T) {
		client := connect(org.AddService(&key.PublicKey, "k1", "okta.users.read"), "k1")
		user, _, err := client.User.GetUser(t.Context(), ada)
		require.NoError(t, err)
		require.Equal(t, ada, user.Id)
		resp, err := client.User.SuspendUser(t.Context(), ada)
		require.Error(t, err)
		require.Equal(t, http.StatusForbidden, resp.StatusCode)
	})
	t.Run("not with a key that is not registered", func(t *testing.T) {
		_, _, err := connect(org.AddService(&key.PublicKey, "k1", "okta.users.read"), "k2").User.GetUser(t.Context(), ada)
		require.Error(t, err)
	})
	t.Run("not with scopes that it is not granted", func(t *testing.T) {
		_, _, err := connect(org.AddService(&key.PublicKey, "k1"), "k1").User.GetUser(t.Context(), ada)
		require.Error(t, err)
	})
}
