package entra_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/simulator/entra"
)

func TestWhatWasRemovedIsListedForAWhile(t *testing.T) {
	c := newClient(t)
	user := c.AddUser(entra.User{})
	group := c.AddGroup(entra.Group{Name: "Harbour"}, user)
	c.AddApp("Crane control", group)
	role := c.AssignRole(c.AddRole("Helpdesk Administrator"), user, "/")
	c.AddApp("Tide tables", user)
	c.SetLag(time.Minute)
	assigned := func() []any {
		_, answer := c.call(t, "GET", "/users/"+user+"/appRoleAssignments", "")
		return answer["value"].([]any)
	}
	own := assigned()[1].(map[string]any)["id"].(string)

	for _, row := range []struct {
		sentence, remove, list string
		before, after          int
	}{
		{"a directory role", "/roleManagement/directory/roleAssignments/" + role,
			"/roleManagement/directory/roleAssignments?$filter=" + url.QueryEscape("principalId eq '"+user+"'"), 1, 0},
		{"an application", "/users/" + user + "/appRoleAssignments/" + own, "/users/" + user + "/appRoleAssignments", 2, 1},
		{"a membership", "/groups/" + group + "/members/" + user + "/$ref", "/users/" + user + "/memberOf", 1, 0},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			listed := func() any {
				_, answer := c.call(t, "GET", row.list, "")
				return answer["value"]
			}
			require.Len(t, listed(), row.before)
			status, _ := c.call(t, "DELETE", row.remove, "")
			require.Equal(t, 204, status)
			require.Len(t, listed(), row.before, "readers still see it")
			c.refused(t, 404, "Request_ResourceNotFound", "DELETE", row.remove, "")
			c.clock = c.clock.Add(time.Minute)
			require.Len(t, listed(), row.after)
		})
	}
	require.Empty(t, assigned(), "what the group gave went with it")
	require.NotRegexp(t, "Harbour|Helpdesk|Tide", c.Truth()[user])
}
