package okta

import (
	"context"
	"slices"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"github.com/killsignal/killsignal/access"
)

// apps lists the applications assigned to the user, directly or through a group.
// One assigned directly stays for as long as a group gives it as well, so that it
// has the obstacle of such a group that cannot be left.
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
		if scope != "GROUP" {
			givers, err := c.givers(ctx, app.Id, groups)
			if err != nil {
				return nil, err
			}
			group = stays(givers)
		}
		if group != "" || scope == "GROUP" {
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

// givers returns those of the memberships that give the application. One that is
// gone, nobody gives.
func (c *Connector) givers(ctx context.Context, app string, memberships []access.Right) ([]access.Right, error) {
	if err := c.checkIDs("list rights", app); err != nil {
		return nil, err
	}
	assigned, err := walk(ctx, func() ([]*okta.ApplicationGroupAssignment, *okta.Response, error) {
		return c.client.Application.ListApplicationGroupAssignments(ctx, app, query.NewQueryParams(query.WithLimit(200)))
	})
	if err != nil && access.CodeOf(err) != access.NotFound {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(memberships), func(r access.Right) bool {
		return !slices.ContainsFunc(assigned, func(a *okta.ApplicationGroupAssignment) bool { return a.Id == r.ID })
	}), nil
}

// stays returns the id of the first group that cannot be left, or "".
func stays(groups []access.Right) string {
	for _, group := range groups {
		if !group.Removable() {
			return group.ID
		}
	}
	return ""
}

// givenByGroup is Okta's code for the refusal to unassign what a group gives. Its
// status is that of a want of permission.
const givenByGroup = "E0000046"

// unassign ends a direct assignment. Okta refuses while a group gives the
// application as well: that is NotConverged when the group is still to be left, and
// Unsupported when it cannot be, or when a rule puts the user there.
func (c *Connector) unassign(ctx context.Context, user, app string) error {
	_, err := c.client.Application.DeleteApplicationUser(ctx, app, user, query.NewQueryParams(query.WithSendEmail(false)))
	if err == nil || access.AsError(err, "").ProviderCode != givenByGroup {
		return err
	}
	refusal := *access.AsError(err, "")
	memberships, err := c.groups(ctx, user)
	if err != nil {
		return err
	}
	givers, err := c.givers(ctx, app, memberships)
	if err != nil {
		return err
	}
	refusal.Code, refusal.Hint = access.NotConverged, "a group of the user gives the application as well: it must go first"
	for _, group := range givers {
		switch {
		case !group.Removable():
			refusal.Code, refusal.Hint = access.Unsupported, "a group that cannot be left gives the application as well: "+string(group.Obstacle)
		case group.Source != "":
			refusal.Code, refusal.Hint = access.Unsupported, "a group that a rule fills gives the application as well: the membership must go first, if need be by excluding the person from the rule"
		}
	}
	return &refusal
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
