package entraid

import (
	"context"
	"slices"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/killsignal/killsignal/access"
)

// pageSize is how many rows we ask for. Graph may return fewer.
func pageSize() *int32 {
	n := int32(100)
	return &n
}

// memberships lists what the account is a direct member of. Nested groups follow
// from these. There is no $select: Graph returns by default all that is read here,
// and one over several types would leave some of it out.
func (c *Connector) memberships(ctx context.Context, id, link string) ([]access.Right, string, error) {
	const op = "list memberships"
	builder := c.user(id).MemberOf()
	if link != "" {
		builder = builder.WithUrl(link)
	}
	answer, err := builder.Get(ctx, &users.ItemMemberOfRequestBuilderGetRequestConfiguration{Headers: urgent(),
		QueryParameters: &users.ItemMemberOfRequestBuilderGetQueryParameters{Top: pageSize()}})
	switch {
	case err != nil:
		return nil, "", c.failed(op, err, "User.Read.All", "GroupMember.Read.All")
	case answer == nil || answer.GetValue() == nil:
		return nil, "", c.failed(op, unreadable())
	}
	var rights []access.Right
	for _, member := range answer.GetValue() {
		switch of := member.(type) {
		case models.Groupable:
			right, err := c.group(of)
			if err != nil {
				return nil, "", c.failed(op, err, "GroupMember.Read.All")
			}
			rights = append(rights, right)
		case models.DirectoryRoleable:
			// Listed as an assignment, which names the scope and can be removed.
		case models.AdministrativeUnitable:
			// Gives the account nothing: it says who may administer it.
		default:
			rights = append(rights, access.Right{Kind: access.Grant, Type: otherMembership, ID: read(member.GetId()),
				Obstacle: access.OtherTool, Source: strings.TrimPrefix(read(member.GetOdataType()), "#microsoft.graph.")})
		}
	}
	next, err := c.next(answer.GetOdataNextLink())
	return rights, next, c.failed(op, err)
}

// group tells what stands in the way of removing a member. A group that we may not
// read is shown by its id alone, and nothing can be told of it: Denied.
// https://learn.microsoft.com/graph/api/group-delete-members
func (c *Connector) group(g models.Groupable) (access.Right, error) {
	if g.GetDisplayName() == nil {
		return access.Right{}, &access.Error{Code: access.Denied}
	}
	right := access.Right{Kind: access.Grant, Type: groupMembership, ID: read(g.GetId()), Name: read(g.GetDisplayName())}
	if read(g.GetIsAssignableToRole()) {
		right.Type = privilegedGroup
	}
	switch kinds := g.GetGroupTypes(); {
	case slices.Contains(kinds, "DynamicMembership"):
		right.Obstacle, right.Source = access.ByRule, read(g.GetMembershipRule())
	case read(g.GetOnPremisesSyncEnabled()):
		right.Obstacle, right.Source = access.Synced, "on-premises Active Directory"
	case read(g.GetMailEnabled()) && !slices.Contains(kinds, "Unified"):
		right.Obstacle, right.Source = access.OtherTool, "Exchange Online"
	}
	return right, nil
}

// leaveGroup deletes the reference to the member, never the member.
func (c *Connector) leaveGroup(ctx context.Context, id string, right access.Right) error {
	const op = "remove from group"
	group, err := c.id(op, right.ID)
	if err != nil {
		return err
	}
	permissions := []string{"GroupMember.ReadWrite.All"}
	if right.Type == privilegedGroup {
		permissions = append(permissions, "RoleManagement.ReadWrite.Directory")
	}
	err = c.groups().ByGroupId(group).Members().ByDirectoryObjectId(id).Ref().Delete(ctx,
		&groups.ItemMembersItemRefRequestBuilderDeleteRequestConfiguration{Headers: urgent()})
	return c.failed(op, err, permissions...)
}
