package okta

import (
	"context"

	"github.com/okta/okta-sdk-golang/v2/okta"

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
