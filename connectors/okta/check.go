package okta

import (
	"context"
	"slices"
	"strings"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"github.com/killsignal/killsignal/access"
)

// Check proves the credential with one small read per permission to read, and that
// a look-up finds a user who is known to be there. With OAuth it also compares the
// scopes that were granted with those that are needed; what an API token may
// change cannot be read. The owner of an API token is read before anything else,
// and becomes one of our own accounts whatever becomes of the rest.
func (c *Connector) Check(ctx context.Context) error {
	const op = "check connection"
	someone := c.anyone
	if c.service == nil {
		owner, err := c.owner(ctx)
		if err != nil {
			return c.fail(op, needs(err, "okta.users.read"))
		}
		someone = func(context.Context) (*okta.User, error) { return owner, nil }
	} else {
		granted, err := c.service.scopes(ctx)
		if err != nil {
			return c.fail(op, err)
		}
		var missing []string
		for _, needed := range everyPermission() {
			if !slices.Contains(granted, needed) {
				missing = append(missing, needed)
			}
		}
		if len(missing) > 0 {
			return &access.Error{Code: access.Denied, System: c.system, Op: op, Hint: "the application is not granted " + strings.Join(missing, ", ")}
		}
	}
	for _, probe := range []struct{ path, permission string }{
		{"/api/v1/groups/rules?limit=1", "okta.groups.read"},
		{"/api/v1/iam/assignees/users?limit=1", "okta.roles.read"},
		{"/api/v1/apps?limit=1", "okta.apps.read"},
	} {
		var ignored any
		if _, err := c.get(ctx, probe.path, &ignored); err != nil {
			return c.fail(op, needs(err, probe.permission))
		}
	}
	known, err := someone(ctx)
	if err != nil {
		return c.fail(op, needs(err, "okta.users.read"))
	}
	login := access.Identifier{By: access.ByUserName, Value: profile(known, "login")}
	rows, err := c.lookUp(ctx, []access.Identifier{login})
	if err != nil {
		return c.fail(op, err)
	}
	if !has(rows, known.Id) {
		return &access.Error{Code: access.NotConverged, System: c.system, Op: op, Hint: "a look-up does not find a user who is there: its answers would prove nothing"}
	}
	return nil
}

// anyone returns the first user of the listing.
func (c *Connector) anyone(ctx context.Context) (*okta.User, error) {
	users, _, err := c.client.User.ListUsers(ctx, query.NewQueryParams(query.WithLimit(1)))
	if err != nil {
		return nil, err
	}
	if len(users) == 0 || users[0] == nil {
		return nil, &access.Error{Code: access.Denied, Hint: "no user is visible to this application"}
	}
	return users[0], nil
}

// needs names the permission when the error is that it lacks.
func needs(err error, permission string) error {
	if access.CodeOf(err) != access.Denied {
		return err
	}
	e := *access.AsError(err, "")
	e.Hint = "the credential lacks " + permission
	return &e
}
