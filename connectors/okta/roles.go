package okta

import (
	"context"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"github.com/killsignal/killsignal/access"
)

// roles lists the administrator roles, standard and custom. Those given to a group
// end with the membership.
func (c *Connector) roles(ctx context.Context, user string, groups []access.Right) ([]access.Right, error) {
	roles, err := walk(ctx, func() ([]*okta.Role, *okta.Response, error) {
		return c.client.User.ListAssignedRolesForUser(ctx, user, nil)
	})
	if err != nil {
		return nil, err
	}
	var rights []access.Right
	for _, role := range roles {
		right := access.Right{Kind: access.Grant, Type: adminRole, ID: role.Id, Name: role.Label}
		if right.Name == "" {
			right.Name = role.Type
		}
		if role.AssignmentType == "GROUP" {
			right.Obstacle, right.Source = through(groups, linked(role.Links, "assignee"))
		}
		rights = append(rights, right)
	}
	return rights, nil
}

// apps lists the applications assigned to the user, directly or through a group.
func (c *Connector) apps(ctx context.Context, user string, groups []access.Right) ([]access.Right, error) {
	apps, err := walk(ctx, func() ([]*okta.Application, *okta.Response, error) {
		apps, resp, err := c.client.Application.ListApplications(ctx, query.NewQueryParams(
			query.WithFilter(`user.id eq "`+user+`"`), query.WithExpand("user/"+user), query.WithLimit(200)))
		return concrete(apps), resp, err
	})
	if err != nil {
		return nil, err
	}
	var rights []access.Right
	for _, app := range apps {
		scope, group := assignment(app)
		if scope == "" {
			scope, group, err = c.readAssignment(ctx, app.Id, user)
			if access.CodeOf(err) == access.NotFound {
				continue // unassigned since it was listed
			}
			if err != nil {
				return nil, err
			}
		}
		right := access.Right{Kind: access.Grant, Type: appAssignment, ID: app.Id, Name: app.Label}
		if scope == "GROUP" {
			right.Obstacle, right.Source = through(groups, group)
		}
		rights = append(rights, right)
	}
	return rights, nil
}

// assignment reads the embedded application user: its scope, USER or GROUP, and
// the group that gives it.
func assignment(app *okta.Application) (scope, group string) {
	embedded, _ := app.Embedded.(map[string]any)
	user, _ := embedded["user"].(map[string]any)
	scope, _ = user["scope"].(string)
	return scope, linked(user["_links"], "group")
}

func (c *Connector) readAssignment(ctx context.Context, app, user string) (scope, group string, err error) {
	if err := c.check("list rights", user, app); err != nil {
		return "", "", err
	}
	assigned, _, err := c.client.Application.GetApplicationUser(ctx, app, user, nil)
	if err != nil {
		return "", "", err
	}
	if assigned == nil || assigned.Scope == "" {
		return "", "", &access.Error{Code: access.Unavailable, Hint: "the answer does not say whether the application is assigned directly or by a group"}
	}
	return assigned.Scope, linked(assigned.Links, "group"), nil
}

func concrete(apps []okta.App) []*okta.Application {
	var all []*okta.Application
	for _, app := range apps {
		if a, ok := app.(*okta.Application); ok {
			all = append(all, a)
		}
	}
	return all
}
