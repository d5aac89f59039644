package okta

import (
	"context"
	"slices"
	"strings"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// everyStatus is a search for everybody. Without a search, Okta leaves deactivated
// users out.
const everyStatus = `status eq "STAGED" or status eq "PROVISIONED" or status eq "ACTIVE" or status eq "SUSPENDED" or ` +
	`status eq "LOCKED_OUT" or status eq "PASSWORD_EXPIRED" or status eq "RECOVERY" or status eq "DEPROVISIONED"`

// Accounts lists every account, 200 a page, deactivated ones included. Last use is
// the last sign-in to Okta itself; it knows nothing of API tokens and of sessions
// that applications keep. The listing lags behind changes by seconds.
func (c *Connector) Accounts(ctx context.Context, cursor string) (connectors.Page[access.Account], error) {
	const op = "list accounts"
	var page connectors.Page[access.Account]
	users, resp, err := c.users(ctx, cursor)
	if err != nil {
		return page, c.fail(op, err)
	}
	if resp == nil || slices.Contains(users, nil) {
		return page, &access.Error{Code: access.Unavailable, System: c.system, Op: op, Hint: "the answer holds empty rows"}
	}
	for _, user := range users {
		page.Items = append(page.Items, c.account(user, ""))
	}
	page.Next = resp.NextPage
	return page, nil
}

func (c *Connector) users(ctx context.Context, cursor string) ([]*okta.User, *okta.Response, error) {
	if cursor == "" {
		return c.client.User.ListUsers(ctx, query.NewQueryParams(query.WithSearch(everyStatus), query.WithLimit(200)))
	}
	if !strings.HasPrefix(cursor, "/api/v1/users?") {
		return nil, nil, &access.Error{Code: access.Invalid, Hint: "that is no cursor of this listing"}
	}
	var users []*okta.User
	resp, err := c.get(ctx, cursor, &users)
	return users, resp, err
}

// get reads a path for which the SDK has no method.
func (c *Connector) get(ctx context.Context, path string, into any) (*okta.Response, error) {
	executor := c.client.CloneRequestExecutor()
	req, err := executor.WithAccept("application/json").NewRequest("GET", path, nil)
	if err != nil {
		return nil, err
	}
	return executor.Do(ctx, req, into)
}

// walk follows a listing to its end. A page that comes back, or a link that leads
// elsewhere, is Unknown: such a listing proves nothing.
func walk[T any](ctx context.Context, first func() ([]*T, *okta.Response, error)) ([]*T, error) {
	page, resp, err := first()
	var all []*T
	seen := map[string]bool{}
	for {
		if err != nil {
			return nil, err
		}
		if resp == nil || slices.Contains(page, nil) {
			return nil, &access.Error{Code: access.Unavailable, Hint: "the answer holds empty rows"}
		}
		all = append(all, page...)
		next := resp.NextPage
		if next == "" {
			return all, nil
		}
		if seen[next] || len(seen) >= connectors.MaxPages || !strings.HasPrefix(next, "/api/v1/") {
			return nil, &access.Error{Code: access.Unknown, Hint: "the listing does not end: the provider repeats a page"}
		}
		seen[next] = true
		page = nil
		resp, err = resp.Next(ctx, &page)
	}
}
