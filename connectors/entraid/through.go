package entraid

import (
	"context"

	"github.com/microsoftgraph/msgraph-sdk-go/groups"

	"github.com/killsignal/killsignal/access"
)

// through returns a function that says what stands in the way of removing a right
// that a group gives: the membership, or what stands in the way of ending that. It
// reads each group once. A group that is not there any more gives nothing for long.
func (c *Connector) through(op string) func(ctx context.Context, id string) (access.Obstacle, string, error) {
	known := map[string]access.Right{}
	return func(ctx context.Context, id string) (access.Obstacle, string, error) {
		if !isGUID(id) {
			return access.ByGroup, "a group", nil
		}
		given, seen := known[id]
		if !seen {
			group, err := c.readGroup(ctx, id)
			if access.CodeOf(err) == access.NotFound {
				return access.ByGroup, id, nil
			}
			if err != nil {
				return "", "", c.failed(op, err, "GroupMember.Read.All")
			}
			given, known[id] = group, group
		}
		if given.Removable() {
			return access.ByGroup, given.Name, nil
		}
		return given.Obstacle, given.Name + ", by " + given.Source, nil
	}
}

// readGroup reads a group as the right that a membership of it is.
func (c *Connector) readGroup(ctx context.Context, id string) (access.Right, error) {
	g, err := c.groups().ByGroupId(id).Get(ctx, &groups.GroupItemRequestBuilderGetRequestConfiguration{Headers: urgent(),
		QueryParameters: &groups.GroupItemRequestBuilderGetQueryParameters{Select: []string{"id", "displayName", "groupTypes",
			"mailEnabled", "isAssignableToRole", "membershipRule", "onPremisesSyncEnabled"}}})
	switch {
	case err != nil:
		return access.Right{}, err
	case g == nil || !isGUID(read(g.GetId())):
		return access.Right{}, unreadable()
	}
	return c.group(g)
}
