package entraid

import (
	"context"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/rolemanagement"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/killsignal/killsignal/access"
)

// roles lists the directory roles assigned to the account itself, in any scope.
// Those that come through a role-assignable group end with its membership.
// https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments
func (c *Connector) roles(ctx context.Context, id, link string) ([]access.Right, string, error) {
	const op = "list directory roles"
	builder := c.directory().RoleAssignments()
	if link != "" {
		builder = builder.WithUrl(link)
	}
	filter := equals("principalId", id)
	answer, err := builder.Get(ctx, &rolemanagement.DirectoryRoleAssignmentsRequestBuilderGetRequestConfiguration{Headers: urgent(),
		QueryParameters: &rolemanagement.DirectoryRoleAssignmentsRequestBuilderGetQueryParameters{
			Filter: &filter, Expand: []string{"roleDefinition"}}})
	switch {
	case err != nil:
		return nil, "", c.failed(op, err, "RoleManagement.Read.Directory")
	case answer == nil || answer.GetValue() == nil:
		return nil, "", c.failed(op, unreadable())
	}
	var rights []access.Right
	for _, assignment := range answer.GetValue() {
		if !strings.EqualFold(read(assignment.GetPrincipalId()), id) {
			continue // a filter that was ignored returns everybody's
		}
		right := access.Right{Kind: access.Grant, Type: directoryRole, ID: read(assignment.GetId())}
		if role := assignment.GetRoleDefinition(); role != nil {
			right.Name = read(role.GetDisplayName())
		}
		if scope := read(assignment.GetDirectoryScopeId()); scope != "/" {
			right.Source = scope
		}
		rights = append(rights, right)
	}
	next, err := c.next(answer.GetOdataNextLink())
	return rights, next, c.failed(op, err)
}

func (c *Connector) dropRole(ctx context.Context, right access.Right) error {
	const op = "remove directory role"
	if err := c.assignmentID(op, right.ID); err != nil {
		return err
	}
	err := c.directory().RoleAssignments().ByUnifiedRoleAssignmentId(right.ID).Delete(ctx,
		&rolemanagement.DirectoryRoleAssignmentsUnifiedRoleAssignmentItemRequestBuilderDeleteRequestConfiguration{Headers: urgent()})
	return c.failed(op, err, "RoleManagement.ReadWrite.Directory")
}

// apps lists the applications assigned to the account, and those assigned to the
// groups that it is a direct member of, with what stands in the way of leaving them.
// https://learn.microsoft.com/graph/api/user-list-approleassignments
func (c *Connector) apps(ctx context.Context, id, link string) ([]access.Right, string, error) {
	const op = "list app role assignments"
	builder := c.user(id).AppRoleAssignments()
	if link != "" {
		builder = builder.WithUrl(link)
	}
	answer, err := builder.Get(ctx, &users.ItemAppRoleAssignmentsRequestBuilderGetRequestConfiguration{Headers: urgent(),
		QueryParameters: &users.ItemAppRoleAssignmentsRequestBuilderGetQueryParameters{Top: pageSize()}})
	switch {
	case err != nil:
		return nil, "", c.failed(op, err, "Directory.Read.All")
	case answer == nil || answer.GetValue() == nil:
		return nil, "", c.failed(op, unreadable())
	}
	through := c.through(op)
	var rights []access.Right
	for _, assignment := range answer.GetValue() {
		right := access.Right{Kind: access.Grant, Type: appRoleAssignment, ID: read(assignment.GetId()),
			Name: read(assignment.GetResourceDisplayName())}
		if principal := assignment.GetPrincipalId(); principal == nil || principal.String() != id {
			group := ""
			if principal != nil {
				group = principal.String()
			}
			if right.Obstacle, right.Source, err = through(ctx, group); err != nil {
				return nil, "", err
			}
		}
		rights = append(rights, right)
	}
	next, err := c.next(answer.GetOdataNextLink())
	return rights, next, c.failed(op, err)
}

func (c *Connector) dropApp(ctx context.Context, id string, right access.Right) error {
	const op = "remove app role assignment"
	if err := c.assignmentID(op, right.ID); err != nil {
		return err
	}
	err := c.user(id).AppRoleAssignments().ByAppRoleAssignmentId(right.ID).Delete(ctx,
		&users.ItemAppRoleAssignmentsAppRoleAssignmentItemRequestBuilderDeleteRequestConfiguration{Headers: urgent()})
	return c.failed(op, err, "AppRoleAssignment.ReadWrite.All")
}
