package entraid

import (
	"context"

	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Accounts lists all accounts of the tenant, guests too, with the last successful
// sign-in. That needs AuditLog.Read.All and a premium tenant; without, LastUsed is
// nil everywhere. It is also nil for somebody whose last sign-in was before
// December 2023. https://learn.microsoft.com/graph/api/resources/signinactivity
func (c *Connector) Accounts(ctx context.Context, cursor string) (connectors.Page[access.Account], error) {
	members := []string{"id", "userPrincipalName", "accountEnabled"}
	page, err := c.accounts(ctx, cursor, append(members, "signInActivity"))
	if err != nil && cursor == "" {
		switch asError(err).ProviderCode {
		case permissionMissing, notPremium:
			return c.accounts(ctx, cursor, members) // the links to later pages keep the members
		}
	}
	return page, err
}

func (c *Connector) accounts(ctx context.Context, cursor string, members []string) (connectors.Page[access.Account], error) {
	const op = "list accounts"
	var page connectors.Page[access.Account]
	builder := c.users()
	if cursor != "" {
		link, err := c.next(&cursor)
		if err != nil {
			return page, c.failed(op, err)
		}
		builder = builder.WithUrl(link)
	}
	answer, err := builder.Get(ctx, &users.UsersRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Select: members, Top: pageSize()}})
	switch {
	case err != nil:
		return page, c.failed(op, err, "User.Read.All")
	case answer == nil || answer.GetValue() == nil:
		return page, c.failed(op, unreadable())
	}
	for _, row := range answer.GetValue() {
		account := c.account(row, "")
		if activity := row.GetSignInActivity(); activity != nil {
			account.LastUsed = activity.GetLastSuccessfulSignInDateTime()
		}
		page.Items = append(page.Items, account)
	}
	page.Next, err = c.next(answer.GetOdataNextLink())
	return page, c.failed(op, err)
}
