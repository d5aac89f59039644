package entraid

import (
	"context"
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// The types of rights.
const (
	groupMembership    = "group"
	privilegedGroup    = "role-assignable-group"
	otherMembership    = "membership"
	directoryRole      = "directory-role"
	appRoleAssignment  = "app-role-assignment"
	licence            = "licence"
	inheritedSeparator = ":" // in the id of an inherited licence, between SKU and group
)

// listing is one of the listings that make up the rights of a kind. Its page takes
// the link of the page to read, "" for the first, and returns that of the next.
type listing struct {
	name string
	page func(ctx context.Context, id, link string) ([]access.Right, string, error)
}

// listings returns the listings of a kind, in the order in which they are read.
func (c *Connector) listings(kind access.RightKind) []listing {
	switch kind {
	case access.Grant:
		return []listing{{"memberships", c.memberships}, {"roles", c.roles}, {"apps", c.apps}}
	case access.Seat:
		return []listing{{"licences", c.licences}}
	}
	return nil
}

// Rights lists one page. The cursor is the name of a listing and a link within it,
// with a space between.
func (c *Connector) Rights(ctx context.Context, ref access.AccountRef, kind access.RightKind, cursor string) (connectors.Page[access.Right], error) {
	var page connectors.Page[access.Right]
	id, err := c.id("list rights", ref.ID)
	if err != nil {
		return page, err
	}
	all := c.listings(kind)
	if len(all) == 0 {
		return page, nil
	}
	name, link, _ := strings.Cut(cursor, " ")
	at := max(slices.IndexFunc(all, func(l listing) bool { return l.name == name }), 0)
	items, next, err := all[at].page(ctx, id, link)
	if err != nil {
		return page, err
	}
	page.Items = items
	switch {
	case next != "":
		page.Next = all[at].name + " " + next
	case at+1 < len(all):
		page.Next = all[at+1].name + " "
	}
	return page, nil
}

// RevokeRight removes one right. The provider's "not found" under a membership or
// assignment means that it is gone.
func (c *Connector) RevokeRight(ctx context.Context, ref access.AccountRef, right access.Right) error {
	const op = "revoke right"
	id, err := c.id(op, ref.ID)
	if err != nil {
		return err
	}
	if !right.Removable() {
		return &access.Error{Code: access.Unsupported, System: c.system, Op: op,
			Hint: "a " + right.Type + " with the obstacle " + string(right.Obstacle) + " cannot be removed from the account"}
	}
	switch right.Type {
	case groupMembership, privilegedGroup:
		err = c.leaveGroup(ctx, id, right)
	case directoryRole:
		err = c.dropRole(ctx, right)
	case appRoleAssignment:
		err = c.dropApp(ctx, id, right)
	case licence:
		return c.dropLicence(ctx, id, right)
	default:
		return &access.Error{Code: access.Unsupported, System: c.system, Op: op, Hint: "rights of this type cannot be removed from here"}
	}
	if err != nil && asError(err).ProviderCode == notFound {
		return nil
	}
	return err
}

// assignmentID checks the id of an assignment, which is no GUID.
func (c *Connector) assignmentID(op, id string) error {
	if !assignmentPattern.MatchString(id) {
		return &access.Error{Code: access.Invalid, System: c.system, Op: op, Hint: "the id of the assignment has characters that ids do not have"}
	}
	return nil
}
