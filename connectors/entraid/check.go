package entraid

import (
	"context"
	"slices"

	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/rolemanagement"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/killsignal/killsignal/access"
)

// Check signs in, makes every kind of read that the capabilities need, proves that
// the look-up finds an account that is known to be there, and reads in its token
// what the application may write. That an administrator's account needs a directory
// role besides shows only when it is locked.
func (c *Connector) Check(ctx context.Context) error {
	known, err := c.anybody(ctx)
	if err != nil {
		return err
	}
	if err := c.checkLookUp(ctx, known); err != nil {
		return err
	}
	one := int32(1)
	_, err = c.groups().Get(ctx, &groups.GroupsRequestBuilderGetRequestConfiguration{
		QueryParameters: &groups.GroupsRequestBuilderGetQueryParameters{Top: &one, Select: []string{"id", "displayName"}}})
	if err != nil {
		return c.failed("read groups", err, "GroupMember.ReadWrite.All")
	}
	_, err = c.directory().RoleAssignments().Get(ctx, &rolemanagement.DirectoryRoleAssignmentsRequestBuilderGetRequestConfiguration{
		QueryParameters: &rolemanagement.DirectoryRoleAssignmentsRequestBuilderGetQueryParameters{Top: &one}})
	if err != nil {
		return c.failed("read directory roles", err, "RoleManagement.ReadWrite.Directory")
	}
	if _, _, err := c.apps(ctx, read(known.GetId()), ""); err != nil {
		return err
	}
	if _, err := c.subscriptions(ctx); err != nil {
		return c.failed("read subscriptions", err, "LicenseAssignment.ReadWrite.All")
	}
	return c.checkWrites(ctx)
}

// anybody returns some account of the tenant.
func (c *Connector) anybody(ctx context.Context) (models.Userable, error) {
	const op = "read accounts"
	one := int32(1)
	answer, err := c.users().Get(ctx, &users.UsersRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Top: &one,
			Select: lookedUp()}})
	switch {
	case err != nil:
		return nil, c.failed(op, err, "User.Read.All")
	case answer == nil || len(answer.GetValue()) == 0 || !isGUID(read(answer.GetValue()[0].GetId())):
		return nil, c.failed(op, unreadable())
	case answer.GetValue()[0].GetAccountEnabled() == nil:
		return nil, &access.Error{Code: access.Denied, System: c.system, Op: op, Hint: "Graph does not show accountEnabled: the application needs User.Read.All"}
	}
	return answer.GetValue()[0], nil
}

// checkLookUp looks for the account by each key that it has, as Find does. Only then
// does it mean something when a look-up finds nobody.
func (c *Connector) checkLookUp(ctx context.Context, known models.Userable) error {
	const op = "check look-up"
	for _, by := range c.Info().Keys {
		for _, m := range members(by) {
			value, ok := m.key(known)
			if !ok {
				continue
			}
			rows, err := c.rows(ctx, filter([]access.Identifier{{By: by, Value: value}}))
			if err != nil {
				return c.failed(op, err, "User.Read.All")
			}
			if !slices.ContainsFunc(rows, func(row models.Userable) bool { return same(row, known) }) {
				return &access.Error{Code: access.Unavailable, System: c.system, Op: op, Hint: "a look-up by " + m.name + " does not find an account that is there"}
			}
		}
	}
	return nil
}
