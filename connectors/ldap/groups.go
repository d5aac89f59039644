package ldap

import (
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// Rights lists the memberships of groups, on one page: those that a search of
// group_base_dn finds, those that memberOf of the account tells of besides, and the
// primary group of a POSIX account. That no group of a class holds the account is
// believed only where members of such groups are to be seen.
func (c *Connector) Rights(ctx context.Context, ref access.AccountRef, kind access.RightKind, _ string) (connectors.Page[access.Right], error) {
	const op = "list groups"
	var page connectors.Page[access.Right]
	if kind != access.Grant || c.config.GroupBaseDN == "" {
		return page, c.refuse(access.Unsupported, op, "this directory shows memberships of groups only, and these where group_base_dn is configured")
	}
	s := c.client.Session()
	defer s.Close()
	account, err := c.fetch(ctx, s, op, ref.ID)
	if access.CodeOf(err) == access.NotFound {
		return page, nil
	}
	if err != nil {
		return page, err
	}
	l := &listing{connector: c, session: s, op: op, account: account}
	for _, m := range c.config.memberships() {
		if err := l.search(ctx, m); err != nil {
			return page, err
		}
	}
	if !l.shown {
		return page, l.unseen()
	}
	if err := l.primary(ctx); err != nil {
		return page, err
	}
	if err := l.told(ctx); err != nil {
		return page, err
	}
	page.Items = l.rights
	return page, nil
}

// listing is the rights of one account as they come to light.
type listing struct {
	connector *Connector
	session   *directory.Session
	op        string
	account   *ldap.Entry
	rights    []access.Right
	known     []string // names of the groups that are listed
	shown     bool     // members of some group are to be seen
}

// groupAttributes are asked of every group.
func (c *Connector) groupAttributes() []string {
	attributes := []string{"objectClass", "cn", c.config.IDAttribute}
	for _, m := range c.config.memberships() {
		attributes = append(attributes, m.attribute)
	}
	return attributes
}

// search lists the groups of one class that hold the account.
func (l *listing) search(ctx context.Context, m membership) error {
	c := l.connector
	filter := m.filter(l.account)
	if filter == "" {
		return nil
	}
	groups, err := l.session.Search(ctx, directory.Operation{Op: l.op}, directory.Query{Base: c.config.GroupBaseDN,
		Filter: filter, Attributes: c.groupAttributes()})
	if err != nil {
		return l.failed(err)
	}
	for _, group := range groups {
		if m.holds(group, l.account) {
			if err := l.add(group, m); err != nil {
				return err
			}
		}
	}
	if len(groups) > 0 {
		l.shown = true
		return nil
	}
	return l.prove(ctx, m)
}

// prove requires that members of groups of the class are to be seen, if there are any.
func (l *listing) prove(ctx context.Context, m membership) error {
	c := l.connector
	shows := func(filter string) (bool, error) {
		entries, err := l.session.First(ctx, directory.Operation{Op: l.op}, directory.Query{Base: c.config.GroupBaseDN, PageSize: 1,
			Filter: filter, Attributes: []string{c.config.IDAttribute}})
		return len(entries) > 0, l.failed(err)
	}
	class := directory.Equal("objectClass", m.class)
	members, err := shows(directory.All(class, present(m.attribute)))
	if err != nil || members {
		l.shown = l.shown || members
		return err
	}
	// A group without any member is allowed in these classes, so it hides nothing.
	groups, err := shows(class)
	if err == nil && groups && m.neverNone && !c.config.Dialect.emptyGroups() {
		return c.refuse(access.Denied, l.op, "groups are to be seen in group_base_dn and their members are not: our account may not "+readGroups)
	}
	return err
}

// unseen is the error for a base in which no group shows a member.
func (l *listing) unseen() error {
	return l.connector.refuse(access.Denied, l.op, "no group with members is to be seen in group_base_dn: our account may not "+readGroups)
}

func (l *listing) failed(err error) error {
	if access.CodeOf(err) == access.NotFound {
		return l.connector.unseen(l.op, "group_base_dn")
	}
	return l.connector.failed(l.op, err, readGroups)
}

// add lists the membership in a group. The last member of a group whose schema wants
// one cannot be removed.
func (l *listing) add(group *ldap.Entry, m membership) error {
	c := l.connector
	right := access.Right{Kind: access.Grant, Type: m.kind, ID: c.idOf(group), Name: group.GetEqualFoldAttributeValue("cn")}
	if right.ID == "" {
		return c.refuse(access.Denied, l.op, "a group does not show its "+c.config.IDAttribute+": our account may not "+readGroups)
	}
	last := m.neverNone && !c.config.Dialect.emptyGroups() && len(group.GetEqualFoldAttributeValues(m.attribute)) == 1
	if last && c.config.PlaceholderDN == "" {
		right.Obstacle, right.Source = access.OtherTool, lastMember
	}
	l.known = append(l.known, group.DN)
	if !slices.ContainsFunc(l.rights, func(r access.Right) bool { return r.ID == right.ID && r.Type == right.Type }) {
		l.rights = append(l.rights, right)
	}
	return nil
}

// lastMember is what must be done about the last member of a group.
const lastMember = "the account is the group's last member, and its schema wants one: add another member or delete the group, or configure placeholder_dn"

// primary lists the group that a POSIX account has by its gidNumber, which ends with
// the account.
func (l *listing) primary(ctx context.Context) error {
	c := l.connector
	number := l.account.GetEqualFoldAttributeValue("gidNumber")
	if number == "" || !slices.ContainsFunc(c.config.GroupClasses, func(class string) bool { return strings.EqualFold(class, "posixGroup") }) {
		return nil
	}
	groups, err := l.session.Search(ctx, directory.Operation{Op: l.op}, directory.Query{Base: c.config.GroupBaseDN,
		Filter:     directory.All(directory.Equal("objectClass", "posixGroup"), directory.Equal("gidNumber", number)),
		Attributes: c.groupAttributes()})
	for _, group := range groups {
		l.rights = append(l.rights, access.Right{Kind: access.Grant, Type: typePrimaryGroup, ID: c.idOf(group),
			Name: group.GetEqualFoldAttributeValue("cn"), Obstacle: access.Inherent, Source: "gidNumber of the account"})
	}
	return l.failed(err)
}

// told lists the groups that memberOf of the account names and the search did not
// find: those outside group_base_dn, those that come through another group, and those
// of which we can tell nothing.
func (l *listing) told(ctx context.Context) error {
	c := l.connector
	for _, dn := range l.account.GetEqualFoldAttributeValues("memberOf") {
		if slices.ContainsFunc(l.known, func(known string) bool { return sameDN(known, dn) }) {
			continue
		}
		group, err := l.session.Read(ctx, directory.Operation{Op: l.op}, dn, c.groupAttributes())
		if code := access.CodeOf(err); code == access.NotFound || code == access.Denied {
			l.rights = append(l.rights, access.Right{Kind: access.Grant, Type: typeGroup, ID: dn, Name: dn, Obstacle: access.OtherTool,
				Source: "memberOf names a group that our account may not read"})
			continue
		}
		if err != nil {
			return c.failed(l.op, err, readGroups)
		}
		if m, direct := l.direct(group); direct {
			if err := l.add(group, m); err != nil {
				return err
			}
			continue
		}
		right := access.Right{Kind: access.Grant, Type: typeNestedGroup, ID: dn, Name: group.GetEqualFoldAttributeValue("cn"),
			Obstacle: access.ByGroup, Source: "memberOf of the account"}
		if slices.ContainsFunc(group.GetEqualFoldAttributeValues("objectClass"), func(class string) bool { return strings.EqualFold(class, "groupOfURLs") }) {
			right.Type, right.Obstacle = "dynamic-group", access.ByRule
		}
		l.rights = append(l.rights, right)
	}
	return nil
}

// direct tells how a group that memberOf names holds the account itself.
func (l *listing) direct(group *ldap.Entry) (found membership, direct bool) {
	for _, m := range l.connector.config.memberships() {
		if len(group.GetEqualFoldAttributeValues(m.attribute)) > 0 && m.holds(group, l.account) && (!direct || m.of(group)) {
			found, direct = m, true
		}
	}
	return found, direct
}
