package simulator

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/contract"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func served(t *testing.T, o Options) *Company {
	t.Helper()
	c := made(t, o)
	require.NoError(t, c.Serve(t.Context()))
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// ask sends one request with the system's own credential and returns the answer,
// whose body, when there is one, is read into into.
func ask(t *testing.T, c *Company, system, method, path string, into any) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.URL(system)+path, nil)
	require.NoError(t, err)
	scheme := map[bool]string{true: "SSWS ", false: "Bearer "}[system == OktaSystem]
	credential := c.secrets[system]
	if system == EntraSystem {
		credential = bearer(t, c)
	}
	request.Header.Set("Authorization", scheme+credential)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	if into != nil {
		require.NoError(t, json.NewDecoder(response.Body).Decode(into))
	}
	return response
}

// bearer signs in as the application that calls Graph.
func bearer(t *testing.T, c *Company) string {
	t.Helper()
	response, err := http.PostForm(c.URL(EntraSystem)+"/"+c.Entra.TenantID()+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {c.Entra.ClientID()}, "client_secret": {c.secrets[EntraSystem]},
		"scope": {"https://graph.microsoft.com/.default"}})
	require.NoError(t, err)
	defer response.Body.Close()
	var token struct {
		Value string `json:"access_token"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&token))
	return token.Value
}

func TestEverySystemAnswersWhereItSays(t *testing.T) {
	c := served(t, Options{})
	for _, s := range c.Systems() {
		var got *http.Response
		switch s.Kind {
		case "okta":
			got = ask(t, c, s.Name, "GET", "/api/v1/users/"+c.AccountsOf(Leaver)[s.Name], nil)
		case "entraid":
			got = ask(t, c, s.Name, "GET", "/v1.0/users/"+c.AccountsOf(Leaver)[s.Name], nil)
		case "scim":
			got = ask(t, c, s.Name, "GET", "/Users/"+url.PathEscape(c.AccountsOf(Manager)[s.Name]), nil)
		}
		require.Equal(t, http.StatusOK, got.StatusCode, s.Name)
		require.NotEmpty(t, s.Witness)
		for _, secret := range s.Secrets {
			require.True(t, strings.HasPrefix(secret, "canary-"))
			require.Contains(t, c.Canaries(), secret)
		}
	}
	require.Empty(t, c.URL("nowhere"))
}

func TestListenersEndWithTheContext(t *testing.T) {
	c := made(t, Options{Apps: 1})
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, c.Serve(ctx))
	address := c.URL(OktaSystem)
	cancel()
	require.Eventually(t, func() bool {
		response, err := http.Get(address)
		if err == nil {
			_ = response.Body.Close()
		}
		return err != nil
	}, 30*time.Second, 5*time.Millisecond)
}

func TestALeaverStrippedAtOktaKeepsOnlyTokensUntilTheyExpire(t *testing.T) {
	at := new(clock)
	checker := contract.Okta(t)
	c := served(t, Options{Apps: 1, Clock: at.now, Check: func(system string, next http.Handler) http.Handler {
		if system == OktaSystem {
			return checker.Wrap(next)
		}
		return next
	}})
	user, before := c.AccountsOf(Leaver)[OktaSystem], c.Truth()
	api := "/api/v1/users/" + user

	ask(t, c, OktaSystem, "POST", api+"/lifecycle/suspend", nil)
	ask(t, c, OktaSystem, "DELETE", api+"/sessions?oauthTokens=true", nil)
	ask(t, c, OktaSystem, "DELETE", api+"/grants", nil)
	var groups []struct{ ID, Type string }
	ask(t, c, OktaSystem, "GET", api+"/groups", &groups)
	for _, g := range groups {
		status := ask(t, c, OktaSystem, "DELETE", "/api/v1/groups/"+g.ID+"/users/"+user, nil).StatusCode
		require.Equal(t, g.Type != "BUILT_IN", status == http.StatusNoContent, "all but what is inherent can be removed")
	}
	var roles []struct{ ID string }
	ask(t, c, OktaSystem, "GET", api+"/roles", &roles)
	for _, r := range roles {
		require.Equal(t, http.StatusNoContent, ask(t, c, OktaSystem, "DELETE", api+"/roles/"+r.ID, nil).StatusCode)
	}
	var apps []struct{ ID string }
	ask(t, c, OktaSystem, "GET", "/api/v1/apps?filter="+url.QueryEscape(`user.id eq "`+user+`"`), &apps)
	for _, a := range apps {
		require.Equal(t, http.StatusNoContent, ask(t, c, OktaSystem, "DELETE", "/api/v1/apps/"+a.ID+"/users/"+user, nil).StatusCode)
	}

	require.Equal(t, []string{
		"okta-prod: access-token of Source until 2026-05-04T10:00:00Z",
		"okta-prod: access-token of Deploy until 2026-05-04T10:00:00Z",
	}, aliveIn(c, OktaSystem))
	at.advance(time.Hour)
	require.Empty(t, aliveIn(c, OktaSystem))

	after := c.Truth()
	delete(before[OktaSystem], user)
	delete(after[OktaSystem], user)
	require.Equal(t, before, after, "nobody else is touched")
}

func aliveIn(c *Company, system string) []string {
	return slices.DeleteFunc(c.Alive(Leaver), func(line string) bool { return !strings.HasPrefix(line, system+": ") })
}

func TestFaultsReachTheirOwnSystemOnly(t *testing.T) {
	c := served(t, Options{Apps: 2})
	c.Fault(c.Apps[0].Name).Add(fault.Rule{Effect: fault.Answer(http.StatusBadGateway, nil, "")})
	require.Equal(t, http.StatusBadGateway, ask(t, c, c.Apps[0].Name, "GET", "/Users", nil).StatusCode)
	require.Equal(t, http.StatusOK, ask(t, c, c.Apps[1].Name, "GET", "/Users", nil).StatusCode)
	require.Equal(t, prefix(c.Apps[0].Name)+"/Users", c.Fault(c.Apps[0].Name).Requests()[0].Path)
	require.Nil(t, c.Fault("nowhere"))
}

func TestTroubles(t *testing.T) {
	at := new(clock)
	c := served(t, Options{Clock: at.now})
	trouble := map[string]Trouble{}
	for _, tr := range c.Troubles() {
		trouble[tr.Name] = tr
		require.Contains(t, c.AccountsOf(Leaver), tr.System)
	}
	require.Len(t, trouble, 4)
	t.Run("each is in an application of its own, in a small company too", func(t *testing.T) {
		systems := map[string]bool{}
		for _, tr := range made(t, Options{Apps: 4}).Troubles() {
			systems[tr.System] = true
		}
		require.Len(t, systems, 4)
	})

	t.Run("an unknown name starts nothing", func(t *testing.T) {
		require.Equal(t, access.Invalid, access.CodeOf(c.SwitchOn("down", "weather")))
		require.Equal(t, http.StatusOK, ask(t, c, trouble["down"].System, "GET", "/Users", nil).StatusCode)
	})
	require.NoError(t, c.SwitchOn())
	t.Run("down: no answer for a while from the first request on, then as before", func(t *testing.T) {
		at.advance(time.Hour)
		request, err := http.NewRequestWithContext(t.Context(), "POST", c.URL(trouble["down"].System)+"/Users", strings.NewReader("{}"))
		require.NoError(t, err)
		_, err = http.DefaultClient.Do(request)
		require.Error(t, err)
		at.advance(downFor)
		require.Equal(t, http.StatusOK, ask(t, c, trouble["down"].System, "GET", "/Users", nil).StatusCode)
	})
	t.Run("slow: the answer comes late", func(t *testing.T) {
		started := time.Now()
		require.Equal(t, http.StatusOK, ask(t, c, trouble["slow"].System, "GET", "/Users", nil).StatusCode)
		require.GreaterOrEqual(t, time.Since(started), slowness)
	})
	t.Run("throttled: 429 with Retry-After once the limit is spent", func(t *testing.T) {
		for range rate {
			require.Equal(t, http.StatusOK, ask(t, c, trouble["throttled"].System, "GET", "/Users", nil).StatusCode)
		}
		got := ask(t, c, trouble["throttled"].System, "GET", "/Users", nil)
		require.Equal(t, http.StatusTooManyRequests, got.StatusCode)
		require.NotEmpty(t, got.Header.Get("Retry-After"))
	})
	t.Run("denied: reads work and locks do not", func(t *testing.T) {
		system := trouble["denied"].System
		require.Equal(t, http.StatusOK, ask(t, c, system, "GET", "/Users", nil).StatusCode)
		path := "/Users/" + url.PathEscape(c.AccountsOf(Leaver)[system])
		require.Equal(t, http.StatusForbidden, ask(t, c, system, "PATCH", path, nil).StatusCode)
	})
}
