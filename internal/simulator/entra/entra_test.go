package entra_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/simulator/entra"
)

// client calls a tenant over HTTP, with a clock that the test moves.
type client struct {
	*entra.Tenant
	server string
	token  string
	clock  time.Time
}

func newClient(t *testing.T) *client {
	t.Helper()
	c := &client{clock: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
	c.Tenant = entra.New(entra.Options{Clock: func() time.Time { return c.clock }, Seed: 3})
	server := httptest.NewServer(c.Tenant)
	t.Cleanup(server.Close)
	c.server = server.URL
	status, answer := c.signIn(t, c.ClientSecret())
	require.Equal(t, 200, status)
	c.token = answer["access_token"].(string)
	return c
}

func (c *client) signIn(t *testing.T, secret string) (int, map[string]any) {
	t.Helper()
	resp, err := http.PostForm(c.server+"/"+c.TenantID()+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {c.ClientID()}, "client_secret": {secret},
		"scope": {"https://graph.microsoft.com/.default"}})
	require.NoError(t, err)
	return read(t, resp)
}

func read(t *testing.T, resp *http.Response) (int, map[string]any) {
	t.Helper()
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	answer := map[string]any{}
	if len(content) > 0 {
		require.NoError(t, json.Unmarshal(content, &answer))
	}
	return resp.StatusCode, answer
}

// call makes a request. The path may be a whole link. Headers come in pairs.
func (c *client) call(t *testing.T, method, path, body string, headers ...string) (int, map[string]any) {
	t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = c.server + "/v1.0" + path
	}
	r, err := http.NewRequest(method, path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+c.token)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NotEmpty(t, resp.Header.Get("request-id"))
	return read(t, resp)
}

// refused requires a refusal with that status and code.
func (c *client) refused(t *testing.T, status int, code, method, path, body string, headers ...string) {
	t.Helper()
	got, answer := c.call(t, method, path, body, headers...)
	require.Equal(t, status, got)
	require.Equal(t, code, answer["error"].(map[string]any)["code"])
}

func TestReads(t *testing.T) {
	c := newClient(t)
	ada := c.AddUser(entra.User{UserPrincipalName: "ada.marsh@example.com", EmployeeID: "10042"})
	marshall := c.AddUser(entra.User{UserPrincipalName: "ada.marshall@example.com"})

	t.Run("accountEnabled comes only when it is selected", func(t *testing.T) {
		_, user := c.call(t, "GET", "/users/"+ada, "")
		require.Equal(t, "ada.marsh@example.com", user["userPrincipalName"])
		require.NotContains(t, user, "accountEnabled")
		_, user = c.call(t, "GET", "/users/"+ada+"?$select=id,accountEnabled", "")
		require.Equal(t, true, user["accountEnabled"])
		require.NotContains(t, user, "userPrincipalName")
	})
	t.Run("pages are linked and may be smaller than asked", func(t *testing.T) {
		c.SetPageSize(1)
		defer c.SetPageSize(100)
		_, first := c.call(t, "GET", "/users?$top=50&$select=id,accountEnabled", "")
		require.Len(t, first["value"], 1)
		_, second := c.call(t, "GET", first["@odata.nextLink"].(string), "")
		row := second["value"].([]any)[0].(map[string]any)
		require.Equal(t, marshall, row["id"])
		require.Contains(t, row, "accountEnabled", "the link keeps the selection")
		require.NotContains(t, second, "@odata.nextLink")
	})
	t.Run("no row is skipped when one on an earlier page goes, and a token whose own row goes expires", func(t *testing.T) {
		c := newClient(t)
		c.SetPageSize(1)
		users := []string{c.AddUser(entra.User{}), c.AddUser(entra.User{}), c.AddUser(entra.User{})}
		_, first := c.call(t, "GET", "/users", "")
		_, second := c.call(t, "GET", first["@odata.nextLink"].(string), "")
		c.Delete(users[0])
		_, third := c.call(t, "GET", second["@odata.nextLink"].(string), "")
		require.Equal(t, users[2], third["value"].([]any)[0].(map[string]any)["id"])
		c.refused(t, 400, "Directory_ExpiredPageToken", "GET", first["@odata.nextLink"].(string), "")
	})
	t.Run("a filter is exact and ignores case", func(t *testing.T) {
		_, answer := c.call(t, "GET", "/users?$filter="+url.QueryEscape("userPrincipalName eq 'ADA.MARSH@example.com' or employeeId eq 'x'"), "")
		require.Len(t, answer["value"], 1)
	})
	t.Run("a filter over addresses finds whoever has one of them", func(t *testing.T) {
		quill := c.AddUser(entra.User{Mail: "zoe.quill@example.com", Aliases: []string{"zq@example.com"}, OtherMails: []string{"zoe@example.net"}})
		defer c.Delete(quill)
		for _, filter := range []string{"proxyAddresses/any(p:p eq 'smtp:ZQ@example.com')", "proxyAddresses/any(p:p eq 'smtp:zoe.quill@example.com')",
			"mail eq 'x' or otherMails/any(m:m eq 'zoe@example.net')"} {
			_, answer := c.call(t, "GET", "/users?$select=id,proxyAddresses&$filter="+url.QueryEscape(filter), "")
			require.Len(t, answer["value"], 1, filter)
			row := answer["value"].([]any)[0].(map[string]any)
			require.Equal(t, quill, row["id"])
			require.Equal(t, []any{"SMTP:zoe.quill@example.com", "smtp:zq@example.com"}, row["proxyAddresses"])
		}
	})
	t.Run("what the tenant does not understand is refused", func(t *testing.T) {
		for _, filter := range []string{"startswith(mail,'a')", "city eq 'x'", "mail eq 'x' and id eq 'y'", "mail eq 'x", "mail eq x",
			"proxyAddresses eq 'x'", "mail/any(m:m eq 'x')", "otherMails/any(m:n eq 'x')"} {
			c.refused(t, 400, "Request_UnsupportedQuery", "GET", "/users?$filter="+url.QueryEscape(filter), "")
		}
		c.refused(t, 400, "Request_BadRequest", "GET", "/users?$top=1000", "")
		c.refused(t, 400, "Directory_ExpiredPageToken", "GET", "/users?$skiptoken=zzz", "")
		c.refused(t, 400, "BadRequest", "GET", "/nothing", "")
	})
	t.Run("advanced queries need their header", func(t *testing.T) {
		c.refused(t, 400, "Request_UnsupportedQuery", "GET", "/users?$count=true", "")
		status, _ := c.call(t, "GET", "/users?$count=true", "", "ConsistencyLevel", "eventual")
		require.Equal(t, 200, status)
	})
	t.Run("nobody is there under an unknown id", func(t *testing.T) {
		c.refused(t, 404, "Request_ResourceNotFound", "GET", "/users/"+c.TenantID(), "")
	})
	t.Run("sign-in activity is not read by name", func(t *testing.T) {
		c.refused(t, 400, "Request_BadRequest", "GET", "/users/ada.marsh@example.com?$select=signInActivity", "")
	})
}

func TestTheClientMustProveItself(t *testing.T) {
	c := newClient(t)
	status, answer := c.signIn(t, "wrong")
	require.Equal(t, 401, status)
	require.Equal(t, "invalid_client", answer["error"])
	good := c.token
	c.token = "made up"
	c.refused(t, 401, "InvalidAuthenticationToken", "GET", "/users", "")
	c.token = good
	c.clock = c.clock.Add(time.Hour)
	c.refused(t, 401, "InvalidAuthenticationToken", "GET", "/users", "")
}

func TestPermissionsAreDemanded(t *testing.T) {
	for _, row := range []struct{ permission, method, path, body string }{
		{"User.Read.All", "GET", "/users", ""},
		{"User.EnableDisableAccount.All", "PATCH", "/users/{user}", `{"accountEnabled":false}`},
		{"User.RevokeSessions.All", "POST", "/users/{user}/revokeSignInSessions", ""},
		{"LicenseAssignment.ReadWrite.All", "POST", "/users/{user}/assignLicense", `{"addLicenses":[],"removeLicenses":[]}`},
		{"GroupMember.ReadWrite.All", "DELETE", "/groups/{group}/members/{user}/$ref", ""},
	} {
		t.Run(row.permission, func(t *testing.T) {
			c := newClient(t)
			user := c.AddUser(entra.User{})
			path := strings.NewReplacer("{user}", user, "{group}", c.AddGroup(entra.Group{}, user)).Replace(row.path)
			c.Deny(row.permission)
			before := c.Truth()
			c.refused(t, 403, "Authorization_RequestDenied", row.method, path, row.body)
			require.Equal(t, before, c.Truth())
		})
	}
}
