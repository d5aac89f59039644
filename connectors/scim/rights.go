package scim

import (
	"context"
	"net/http"
	"slices"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

const typeGroup = "group"

// nobody is an id that no application gives.
const nobody = "00000000-0000-4000-8000-000000000000"

// Rights lists the memberships of groups. There is one page. An application that
// does not show who is in its groups has one right with the obstacle Invisible.
func (c *Connector) Rights(ctx context.Context, ref access.AccountRef, kind access.RightKind, _ string) (connectors.Page[access.Right], error) {
	if kind != access.Grant {
		return connectors.Page[access.Right]{}, &access.Error{Code: access.Unsupported, Op: "list rights", System: c.system,
			Hint: "SCIM shows memberships of groups only"}
	}
	user, err := c.user(ctx, ref.ID)
	if access.CodeOf(err) == access.NotFound {
		return connectors.Page[access.Right]{}, nil
	}
	if err != nil {
		return connectors.Page[access.Right]{}, err
	}
	rights, err := c.memberships(ctx, user)
	return connectors.Page[access.Right]{Items: rights}, err
}

// memberships reads them from the user, else by a filter on groups, else by
// looking into every group.
func (c *Connector) memberships(ctx context.Context, user resource) ([]access.Right, error) {
	if c.config.Membership == Unprovable {
		return []access.Right{invisible()}, nil
	}
	if rights := ofUser(user); len(rights) > 0 || c.showsGroups.Load() {
		c.showsGroups.Store(true)
		return rights, nil
	}
	held, proved, err := c.filtered(ctx, user.id())
	if err != nil || proved {
		return held, err
	}
	return c.searched(ctx, user.id())
}

// ofUser reads the groups that a user shows (RFC 7643 4.1.2). One that is
// inherited through another ends with it.
func ofUser(user resource) []access.Right {
	var rights []access.Right
	for _, g := range user.list("groups") {
		right := access.Right{Kind: access.Grant, Type: typeGroup, ID: g.text("value"), Name: g.text("display")}
		if g.text("type") == "indirect" {
			right.Obstacle = access.ByGroup
		}
		if right.ID != "" {
			rights = append(rights, right)
		}
	}
	return rights
}

// filtered asks for the groups whose members include the user. The answer is
// proof when the filter is known to find members: it has found some, or the
// application tells an unknown member from one without groups.
func (c *Connector) filtered(ctx context.Context, id string) (held []access.Right, proved bool, err error) {
	silent := false // a row came without its members
	rows, err := c.walk(ctx, "look up groups", groups, equals("members.value", id), func(g resource) bool {
		holds, shown := g.member(id)
		silent = silent || !shown
		return holds || !shown
	})
	if refused(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if silent && !c.filtersOnMember.Load() || len(rows) == 0 && !c.findsMembers.Load() {
		if err := c.tryMemberFilter(ctx); err != nil {
			return nil, false, err
		}
	}
	if silent && !c.filtersOnMember.Load() {
		return nil, false, nil
	}
	if len(rows) > 0 {
		c.findsMembers.Store(true)
	}
	for _, g := range rows {
		held = append(held, membership(g))
	}
	return held, c.findsMembers.Load(), nil
}

// tryMemberFilter asks for the groups of nobody. An application that returns some
// ignores the filter; one that says "not found" knows who is a member.
func (c *Connector) tryMemberFilter(ctx context.Context) error {
	others, err := c.walk(ctx, "check look-up of groups", groups, equals("members.value", nobody), func(resource) bool { return true })
	switch {
	case access.CodeOf(err) == access.NotFound:
		c.findsMembers.Store(true)
		c.filtersOnMember.Store(true)
	case refused(err):
	case err != nil:
		return err
	case len(others) == 0:
		c.filtersOnMember.Store(true)
	}
	return nil
}

// searched looks into every group. Groups none of which shows a member prove
// nothing.
func (c *Connector) searched(ctx context.Context, id string) ([]access.Right, error) {
	var silent []string // groups whose row had no members
	exist := false
	rows, err := c.walk(ctx, "list groups", groups, "", func(g resource) bool {
		exist = true
		holds, shown := g.member(id)
		if shown {
			c.showsMembers.Store(true)
		}
		if g.value("members") == nil {
			silent = append(silent, g.id())
		}
		return holds
	})
	if refused(err) {
		return []access.Right{invisible()}, nil
	}
	if err != nil {
		return nil, err
	}
	// Some leave members out of lists and show them in the group itself.
	for _, groupID := range slices.Compact(slices.Sorted(slices.Values(silent))) {
		g, err := c.group(ctx, groupID)
		if access.CodeOf(err) == access.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		holds, shown := g.member(id)
		if shown {
			c.showsMembers.Store(true)
		}
		if holds {
			rows = append(rows, g)
		}
	}
	if exist && !c.showsMembers.Load() {
		return []access.Right{invisible()}, nil
	}
	var held []access.Right
	for _, g := range rows {
		held = append(held, membership(g))
	}
	return held, nil
}

func (c *Connector) group(ctx context.Context, id string) (resource, error) {
	path, err := at(groups, id)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, request{op: "read group", method: http.MethodGet, path: path})
}

func membership(g resource) access.Right {
	return access.Right{Kind: access.Grant, Type: typeGroup, ID: g.id(), Name: g.text("displayName")}
}

// invisible stands for memberships that the application does not show.
func invisible() access.Right {
	return access.Right{Kind: access.Grant, Type: "group membership", ID: "memberships", Obstacle: access.Invisible}
}
