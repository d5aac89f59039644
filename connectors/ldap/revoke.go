package ldap

import (
	"context"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// RevokeRight takes the account, and nobody else, out of a group. Where the schema
// wants a member and the account is the last, the placeholder takes its place in the
// same request; without one it is Unsupported, since only a person can decide.
func (c *Connector) RevokeRight(ctx context.Context, ref access.AccountRef, right access.Right) error {
	const op = "leave group"
	known := slices.IndexFunc(c.config.memberships(), func(m membership) bool { return m.kind == right.Type })
	if right.Kind != access.Grant || !right.Removable() || known < 0 {
		return c.refuse(access.Unsupported, op, "this right cannot be removed from the account")
	}
	m := c.config.memberships()[known]
	if err := c.checkID(op, right.ID); err != nil {
		return err
	}
	s := c.client.Session()
	defer s.Close()
	account, err := c.fetch(ctx, s, op, ref.ID)
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	group, err := c.byID(ctx, s, op, c.config.GroupBaseDN, right.ID, []string{c.config.IDAttribute, m.attribute})
	if err != nil {
		return c.failed(op, err, readGroups)
	}
	if group == nil {
		return c.refuse(access.NotFound, op, "")
	}
	return c.leave(ctx, s, op, group, account, m, right.ID)
}

func (c *Connector) leave(ctx context.Context, s *directory.Session, op string, group, account *ldap.Entry, m membership, id string) error {
	members := group.GetEqualFoldAttributeValues(m.attribute)
	held := slices.DeleteFunc(slices.Clone(members), func(member string) bool { return !m.is(member, account) })
	if len(held) == 0 {
		if len(members) > 0 {
			return nil // gone already
		}
		held = m.values(account) // members may be written and not read
	}
	o := directory.Operation{Op: op, Target: id}
	request := ldap.NewModifyRequest(group.DN, nil)
	request.Delete(m.attribute, held)
	err := s.Modify(ctx, o, request)
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultObjectClassViolation) && c.config.PlaceholderDN != "" && !m.byUID {
		request := ldap.NewModifyRequest(group.DN, nil)
		request.Add(m.attribute, []string{c.config.PlaceholderDN})
		request.Delete(m.attribute, held)
		err = s.Modify(ctx, o, request)
	}
	switch {
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultNoSuchAttribute):
		return c.gone(ctx, s, op, account, m, id, err)
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultObjectClassViolation):
		return c.refuse(access.Unsupported, op, lastMember)
	case access.CodeOf(err) == access.NotFound:
		return c.refuse(access.NotConverged, op, "the group was moved or deleted in the meantime")
	}
	return c.failed(op, err, writeMembers)
}

// gone is nil when the account is not in the group any more: somebody else was
// faster. It is the directory's refusal when a fresh read still shows it.
func (c *Connector) gone(ctx context.Context, s *directory.Session, op string, account *ldap.Entry, m membership, id string, refusal error) error {
	group, err := c.byID(ctx, s, op, c.config.GroupBaseDN, id, []string{c.config.IDAttribute, m.attribute})
	if err != nil {
		return c.failed(op, err, readGroups)
	}
	if group != nil && slices.ContainsFunc(group.GetEqualFoldAttributeValues(m.attribute), func(member string) bool { return m.is(member, account) }) {
		return c.failed(op, refusal, writeMembers)
	}
	return nil
}
