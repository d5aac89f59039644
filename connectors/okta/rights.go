package okta

import (
	"context"
	"strings"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// The types of rights.
const (
	groupMembership = "group"
	adminRole       = "admin-role"
	appAssignment   = "app-assignment"
	refreshToken    = "refresh-token" // its id is client/token
	oauthGrant      = "oauth-grant"
)

// Rights lists, on one page, the groups, administrator roles and applications of a
// user, or the refresh tokens and OAuth grants. What comes through a group that
// the user cannot be taken out of has that group's obstacle. A membership that a
// rule may give can be revoked, and has the rule as its source. A user who is gone
// has none. API tokens and factors are not listed: they end with the account.
func (c *Connector) Rights(ctx context.Context, ref access.AccountRef, kind access.RightKind, cursor string) (connectors.Page[access.Right], error) {
	const op = "list rights"
	var page connectors.Page[access.Right]
	if err := c.check(op, ref.ID); err != nil {
		return page, err
	}
	if cursor != "" {
		return page, &access.Error{Code: access.Invalid, System: c.system, Op: op, Hint: "the listing has one page"}
	}
	var err error
	switch kind {
	case access.Grant:
		page.Items, err = c.grants(ctx, ref.ID)
	case access.Credential:
		page.Items, err = c.credentials(ctx, ref.ID)
	}
	if access.CodeOf(err) == access.NotFound {
		if _, gone := c.user(ctx, op, ref.ID); access.CodeOf(gone) == access.NotFound {
			return connectors.Page[access.Right]{}, nil
		}
	}
	return page, c.fail(op, err)
}

func (c *Connector) grants(ctx context.Context, user string) ([]access.Right, error) {
	groups, err := c.groups(ctx, user)
	if err != nil {
		return nil, err
	}
	roles, err := c.roles(ctx, user, groups)
	if err != nil {
		return nil, err
	}
	apps, err := c.apps(ctx, user, groups)
	if err != nil {
		return nil, err
	}
	return append(append(groups, roles...), apps...), nil
}

func (c *Connector) credentials(ctx context.Context, user string) ([]access.Right, error) {
	tokens, err := c.refreshTokens(ctx, user)
	if err != nil {
		return nil, err
	}
	grants, err := c.oauthGrants(ctx, user)
	if err != nil {
		return nil, err
	}
	return append(tokens, grants...), nil
}

// RevokeRight removes one right that Rights has listed. One that cannot be removed
// from the user is Unsupported.
func (c *Connector) RevokeRight(ctx context.Context, ref access.AccountRef, right access.Right) error {
	const op = "revoke right"
	ids := []string{right.ID}
	if right.Type == refreshToken {
		client, token, _ := strings.Cut(right.ID, "/")
		ids = []string{client, token}
	}
	if err := c.check(op, ref.ID, ids...); err != nil {
		return err
	}
	if !right.Removable() {
		return &access.Error{Code: access.Unsupported, System: c.system, Op: op, Hint: "this right must be removed where it comes from: " + string(right.Obstacle)}
	}
	err := c.spare(ctx, op, ref.ID)
	if err != nil {
		return err
	}
	switch right.Type {
	case groupMembership:
		err = c.leave(ctx, ref.ID, right)
	case adminRole:
		_, err = c.client.User.RemoveRoleFromUser(ctx, ref.ID, right.ID)
	case appAssignment:
		err = c.unassign(ctx, ref.ID, right.ID)
	case refreshToken:
		_, err = c.client.User.RevokeTokenForUserAndClient(ctx, ref.ID, ids[0], ids[1])
	case oauthGrant:
		_, err = c.client.User.RevokeUserGrant(ctx, ref.ID, right.ID)
	default:
		err = &access.Error{Code: access.Unsupported, Hint: "this type of right is not known"}
	}
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	return c.fail(op, err)
}
