package scim

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// The forms in which one member is removed from a group, in the order in which
// they are tried.
const (
	byMemberPath form = iota // PATCH with the path members[value eq "…"]
	byGroupPut               // PUT of the group without the member
	byMemberList             // PATCH with the path members and a list, as Entra ID sends it
	removals                 // how many there are
)

// RevokeRight removes the account from a group, and nobody else.
func (c *Connector) RevokeRight(ctx context.Context, ref access.AccountRef, right access.Right) error {
	if right.Kind != access.Grant || right.Type != typeGroup || !right.Removable() {
		return &access.Error{Code: access.Unsupported, Op: "leave group", System: c.system, Hint: "this right cannot be removed from the account by SCIM"}
	}
	if _, err := at(users, ref.ID); err != nil {
		return err
	}
	err := c.leave(ctx, right.ID, ref.ID)
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	return err
}

// leave removes the member in the first form that is seen to take effect.
func (c *Connector) leave(ctx context.Context, groupID, id string) error {
	var refusal, refusedPath error
	accepted := false
	for _, f := range c.removal.order(removals) {
		fit, err := c.fits(ctx, f, refusedPath)
		if err != nil {
			return err
		}
		if !fit {
			continue
		}
		err = c.sendRemoval(ctx, f, groupID, id)
		switch {
		case err != nil && !refused(err):
			return err
		case err == nil && c.removal.knows(f):
			return nil
		}
		g, readErr := c.group(ctx, groupID)
		if readErr != nil {
			return readErr
		}
		held, shown := g.member(id)
		switch {
		case shown && !held || err == nil && !shown:
			// Where no member shows, the next listing decides.
			if err == nil && shown {
				c.removal.learn(f)
			}
			return nil
		case err == nil && c.config.Settle > 0:
			// It may show later. Whoever comes again has waited for that.
			c.removal.prefer((f + 1) % removals)
			return nil
		case err == nil:
			accepted = true
		case f == byMemberPath:
			refusal, refusedPath = err, err
		case refusal == nil:
			refusal = err
		}
	}
	if refusal != nil && !accepted {
		return c.refusal("leave group", refusal)
	}
	return &access.Error{Code: access.NotConverged, Op: "leave group", System: c.system,
		Hint: "the application accepts the removal and a fresh read does not show it"}
}

// fits tells whether a form may be tried, after the refusal of a member's path if
// that was tried. The other forms can remove others: a PUT those members that the
// application does not show, a removal without a filter all of them (RFC 7644
// 3.5.2.2). So only who cannot PATCH is sent a PUT, and only who cannot read the
// filter a list.
func (c *Connector) fits(ctx context.Context, f form, refusedPath error) (bool, error) {
	code := access.CodeOf(refusedPath)
	switch {
	case f == byMemberPath, c.removal.knows(f):
		return true, nil
	case code == access.Unknown: // it failed rather than refused
		return false, nil
	case pathUnread(refusedPath):
		return true, nil
	case f == byMemberList:
		return false, nil
	case code == access.Unsupported:
		return true, nil
	}
	announced, err := c.probe(ctx)
	return announced.noPatch, err
}

func (c *Connector) sendRemoval(ctx context.Context, f form, groupID, id string) error {
	path, err := at(groups, groupID)
	if err != nil {
		return err
	}
	r := request{op: "leave group", method: http.MethodPatch, path: path}
	switch f {
	case byMemberPath:
		r.body = patch(map[string]any{"op": "remove", "path": "members[" + equals("value", id) + "]"})
	case byMemberList:
		r.body = patch(map[string]any{"op": "remove", "path": "members", "value": []any{map[string]any{"value": id}}})
	case byGroupPut:
		g, err := c.group(ctx, groupID)
		if err != nil {
			return err
		}
		// A group that does not show the member may hide others too: a PUT would
		// remove them.
		held, _ := g.member(id)
		if !held {
			return &access.Error{Code: access.Unsupported, Op: "leave group", System: c.system}
		}
		r.method, r.body, r.version = http.MethodPut, withoutMember(g, id), g.version()
	}
	_, err = c.send(ctx, r)
	return err
}

// withoutMember is the group as it was, but for one member.
func withoutMember(g resource, id string) resource {
	members, _ := g.value("members").([]any)
	rest := g.without("meta", "members")
	rest["members"] = slices.DeleteFunc(slices.Clone(members), func(m any) bool {
		one := resource{"members": []any{m}}
		held, _ := one.member(id)
		return held
	})
	return rest
}

// pathUnread tells whether the application said that it cannot read the path of
// an operation (RFC 7644 3.12).
func pathUnread(err error) bool {
	if err == nil {
		return false
	}
	code := access.AsError(err, "").ProviderCode
	return slices.ContainsFunc([]string{"invalidPath", "invalidFilter", "invalidSyntax"}, func(c string) bool { return strings.EqualFold(c, code) })
}
