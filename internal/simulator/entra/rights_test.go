package entra_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/simulator/entra"
)

func TestGroups(t *testing.T) {
	t.Run("a member is removed by reference", func(t *testing.T) {
		c := newClient(t)
		user := c.AddUser(entra.User{})
		group := c.AddGroup(entra.Group{Name: "Harbour"}, user)
		status, _ := c.call(t, "DELETE", "/groups/"+group+"/members/"+user+"/$ref", "")
		require.Equal(t, 204, status)
		require.NotContains(t, c.Truth()[user], "Harbour")
		c.refused(t, 404, "Request_ResourceNotFound", "DELETE", "/groups/"+group+"/members/"+user+"/$ref", "")
	})
	t.Run("without the reference the user is deleted", func(t *testing.T) {
		c := newClient(t)
		user := c.AddUser(entra.User{})
		group := c.AddGroup(entra.Group{}, user)
		status, _ := c.call(t, "DELETE", "/groups/"+group+"/members/"+user, "")
		require.Equal(t, 204, status)
		require.NotContains(t, c.Truth(), user)
	})
	for sentence, group := range map[string]entra.Group{
		"a dynamic group cannot be left":            {Rule: "user.city -eq \"Kiel\""},
		"a synced group cannot be left":             {Synced: true},
		"a mail-enabled group cannot be left":       {MailEnabled: true},
		"a distribution list cannot be left either": {Distribution: true},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := newClient(t)
			user := c.AddUser(entra.User{})
			c.refused(t, 400, "Request_BadRequest", "DELETE", "/groups/"+c.AddGroup(group, user)+"/members/"+user+"/$ref", "")
		})
	}
	t.Run("groups that may not be read show no more than their ids", func(t *testing.T) {
		c := newClient(t)
		user := c.AddUser(entra.User{})
		group := c.AddGroup(entra.Group{Name: "Secret"}, user)
		c.Deny("GroupMember.Read.All")
		_, answer := c.call(t, "GET", "/users/"+user+"/memberOf", "")
		row := answer["value"].([]any)[0].(map[string]any)
		require.Equal(t, group, row["id"])
		require.Nil(t, row["displayName"])
	})
}

func TestLicences(t *testing.T) {
	c := newClient(t)
	user := c.AddUser(entra.User{})
	direct := c.AddSku("SPE_E5", 10, user)
	inherited := c.AddSku("VISIO", 10)
	c.AddGroup(entra.Group{Licences: []string{inherited}}, user)
	c.clock = c.clock.Add(time.Hour / 2)
	path := "/users/" + user + "/assignLicense"
	remove := func(sku string) string { return `{"addLicenses":[],"removeLicenses":["` + sku + `"]}` }

	c.refused(t, 400, "Request_BadRequest", "POST", path, `{"removeLicenses":["`+direct+`"]}`)
	c.refused(t, 400, "Request_BadRequest", "POST", path, remove(inherited))
	require.Equal(t, map[string]entra.Pool{"SPE_E5": {10, 1}, "VISIO": {10, 1}}, c.Pools())
	c.SetLag(time.Minute)
	status, _ := c.call(t, "POST", path, remove(direct))
	require.Equal(t, 200, status)
	require.Equal(t, entra.Pool{Total: 10, Used: 0}, c.Pools()["SPE_E5"])
	used := func() any {
		_, answer := c.call(t, "GET", "/subscribedSkus", "")
		return answer["value"].([]any)[0].(map[string]any)["consumedUnits"]
	}
	require.EqualValues(t, 1, used(), "counted late")
	c.clock = c.clock.Add(time.Minute)
	require.EqualValues(t, 0, used())
	c.refused(t, 400, "Request_BadRequest", "POST", path, remove(direct))
}

func TestThrottle(t *testing.T) {
	c := newClient(t)
	c.Throttle(1, 7*time.Second)
	r, err := http.NewRequest("GET", c.server+"/v1.0/users", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 429, resp.StatusCode)
	require.Equal(t, "7", resp.Header.Get("Retry-After"))
	require.Equal(t, "1.0", resp.Header.Get("x-ms-throttle-limit-percentage"))
	require.Equal(t, "Tenant_Application/ReadWrite/"+c.ClientID()+"/"+c.TenantID(), resp.Header.Get("x-ms-throttle-scope"))
	require.Equal(t, "ResourceUnitLimitExceeded", resp.Header.Get("x-ms-throttle-information"))
	status, _ := c.call(t, "GET", "/users", "")
	require.Equal(t, 200, status)
}

func TestTheSameSeedMakesTheSameTenant(t *testing.T) {
	build := func(seed uint64) map[string]string {
		tenant := entra.New(entra.Options{Seed: seed, Clock: func() time.Time { return time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC) }})
		user := tenant.AddUser(entra.User{UserPrincipalName: "ada.marsh@example.com"})
		tenant.AddGroup(entra.Group{Name: "Harbour"}, user)
		return tenant.Truth()
	}
	require.Equal(t, build(1), build(1))
	require.NotEqual(t, build(1), build(2))
}

func TestRolesAndApplications(t *testing.T) {
	c := newClient(t)
	user, other := c.AddUser(entra.User{DisplayName: "Ada Marsh"}), c.AddUser(entra.User{})
	group := c.AddGroup(entra.Group{Name: "Harbour"}, user)
	role := c.AddRole("Helpdesk Administrator", other)
	assignment := c.AssignRole(role, user, "/")
	c.AddApp("Tide tables", user)
	c.AddApp("Crane control", group)
	rows := func(path string) (all []map[string]any) {
		_, answer := c.call(t, "GET", path, "")
		for _, row := range answer["value"].([]any) {
			all = append(all, row.(map[string]any))
		}
		return all
	}
	roles := "/roleManagement/directory/roleAssignments"
	apps := "/users/" + user + "/appRoleAssignments"

	t.Run("a role is listed for its holder and can be taken away", func(t *testing.T) {
		mine := rows(roles + "?$expand=roleDefinition&$filter=" + url.QueryEscape("principalId eq '"+user+"'"))
		require.Len(t, mine, 1)
		require.Equal(t, assignment, mine[0]["id"])
		require.Equal(t, "Helpdesk Administrator", mine[0]["roleDefinition"].(map[string]any)["displayName"])
		status, _ := c.call(t, "DELETE", roles+"/"+assignment, "")
		require.Equal(t, 204, status)
		c.refused(t, 404, "Request_ResourceNotFound", "DELETE", roles+"/"+assignment, "")
		require.Len(t, rows(roles), 1, "another's is still there")
	})
	t.Run("an application that comes through a group is listed and cannot be taken from a member", func(t *testing.T) {
		assigned := rows(apps)
		require.Len(t, assigned, 2)
		require.Equal(t, "User", assigned[0]["principalType"])
		require.Equal(t, "Group", assigned[1]["principalType"])
		c.refused(t, 400, "Request_BadRequest", "DELETE", apps+"/"+assigned[1]["id"].(string), "")
		status, _ := c.call(t, "DELETE", apps+"/"+assigned[0]["id"].(string), "")
		require.Equal(t, 204, status)
		require.Len(t, rows(apps), 1)
	})
	t.Run("who holds a role is disabled only by a client that has one too", func(t *testing.T) {
		c.Deny("PrivilegedAuthenticationAdministrator")
		c.refused(t, 403, "Authorization_RequestDenied", "PATCH", "/users/"+other, `{"accountEnabled":false}`)
		status, _ := c.call(t, "PATCH", "/users/"+user, `{"accountEnabled":false}`)
		require.Equal(t, 204, status)
	})
}
