package okta

import (
	"context"
	"slices"

	"github.com/okta/okta-sdk-golang/v2/okta"

	"github.com/killsignal/killsignal/access"
)

// owner reads whose the API token is, who from then on is one of our own accounts.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/getUser
func (c *Connector) owner(ctx context.Context) (*okta.User, error) {
	// This path is ours: no id from elsewhere can be "me".
	user, _, err := c.client.User.GetUser(ctx, "me")
	if err != nil && access.CodeOf(err) != access.NotFound {
		return nil, err
	}
	// A token without an owner does not exist: not to be found is no answer.
	if user == nil || !userID.MatchString(user.Id) {
		return nil, &access.Error{Code: access.Unavailable, Hint: "the answer does not say whose the API token is"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.own = []string{user.Id}
	return user, nil
}

// spare refuses to act upon the owner of our API token, with whom the token would
// die, and upon anybody while it cannot be read who that is.
func (c *Connector) spare(ctx context.Context, op, user string) error {
	if c.service != nil {
		return nil // a service application is no user
	}
	if len(c.Info().OwnAccounts) == 0 {
		if _, err := c.owner(ctx); err != nil {
			return c.fail(op, err)
		}
	}
	if slices.Contains(c.Info().OwnAccounts, user) {
		return &access.Error{Code: access.Protected, System: c.system, Op: op, Hint: "the account owns our own API token and was not touched"}
	}
	return nil
}
