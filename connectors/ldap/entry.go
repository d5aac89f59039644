package ldap

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// people is the filter for people's accounts.
func (c *Connector) people() string {
	var classes []string
	for _, class := range c.config.UserClasses {
		classes = append(classes, directory.Equal("objectClass", class))
	}
	return directory.Any(classes...)
}

// shown are the attributes that every read of an account asks for. Most are
// operational, so that they come only when they are named.
func (c *Connector) shown() []string {
	return slices.Concat([]string{"objectClass", c.config.IDAttribute, c.mark.attribute, "pwdPolicySubentry", "memberOf", "gidNumber", "uid", "cn"},
		c.config.Attributes.UserName, c.config.Attributes.Email, c.config.Attributes.EmployeeNumber, c.config.Dialect.lastUsed())
}

// tree is the naming context that a base is in, or the base where the directory names
// none: an entry that has left the base is still looked for there.
func (c *Connector) tree(ctx context.Context, s *directory.Session, op, base string) (string, error) {
	c.mu.Lock()
	known := c.trees[base]
	c.mu.Unlock()
	if known != "" {
		return known, nil
	}
	root, err := s.Read(ctx, directory.Operation{Op: op}, "", []string{"namingContexts"})
	if err != nil {
		return "", c.failed(op, err, readRoot)
	}
	known = base
	for _, name := range root.GetEqualFoldAttributeValues("namingContexts") {
		if within(base, name) {
			known = name
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trees[base] = known
	return known, nil
}

// within tells whether a name lies below another one.
func within(name, ancestor string) bool {
	above, err := ldap.ParseDN(ancestor)
	if err != nil || len(above.RDNs) == 0 {
		return false
	}
	below, err := ldap.ParseDN(name)
	return err == nil && above.AncestorOfFold(below)
}

// checkID refuses what is not an id of this directory: it never becomes part of a filter.
func (c *Connector) checkID(op, id string) error {
	if !c.id.MatchString(id) {
		return c.refuse(access.Invalid, op, "the id is not of the form of "+c.config.IDAttribute)
	}
	return nil
}

// fetch reads an account under its id, wherever it is. One that is not there is
// NotFound, provided that accounts are to be seen at all.
func (c *Connector) fetch(ctx context.Context, s *directory.Session, op, id string) (*ldap.Entry, error) {
	e, err := c.byID(ctx, s, op, c.config.BaseDN, id, c.shown())
	if err != nil {
		return nil, c.failed(op, err, readAccounts)
	}
	if e == nil {
		if err := c.sees(ctx, s, op, c.config.IDAttribute); err != nil {
			return nil, err
		}
		return nil, c.refuse(access.NotFound, op, "")
	}
	for _, class := range c.config.UserClasses {
		if slices.ContainsFunc(e.GetEqualFoldAttributeValues("objectClass"), func(has string) bool { return strings.EqualFold(has, class) }) {
			return e, nil
		}
	}
	return nil, c.refuse(access.Unsupported, op, "the entry is not a person's account by user_classes, and is not touched")
}

// byID reads any entry under its id, in the tree that a base is in; nil when none is
// to be seen.
func (c *Connector) byID(ctx context.Context, s *directory.Session, op, base, id string, attributes []string) (*ldap.Entry, error) {
	if err := c.checkID(op, id); err != nil {
		return nil, err
	}
	tree, err := c.tree(ctx, s, op, base)
	if err != nil {
		return nil, err
	}
	entries, err := s.Search(ctx, directory.Operation{Op: op, Target: id}, directory.Query{Base: tree,
		Filter: directory.Equal(c.config.IDAttribute, id), Attributes: attributes})
	switch {
	case access.CodeOf(err) == access.NotFound:
		return nil, c.unseen(op, "the tree that the configured base is in")
	case err != nil || len(entries) == 0:
		return nil, err
	case len(entries) > 1:
		return nil, c.refuse(access.Ambiguous, op, "two entries have the same id")
	case c.idOf(entries[0]) != id:
		return nil, c.refuse(access.Unknown, op, "the directory answered with another entry")
	}
	return entries[0], nil
}

// sees requires that an account with the attribute is to be seen in base_dn. Where
// none is, there may be none, or we may not see it: nobody can tell.
func (c *Connector) sees(ctx context.Context, s *directory.Session, op, attribute string) error {
	entries, err := s.First(ctx, directory.Operation{Op: op}, directory.Query{Base: c.config.BaseDN, PageSize: 1,
		Filter: directory.All(c.people(), present(attribute)), Attributes: []string{c.config.IDAttribute}})
	switch {
	case access.CodeOf(err) == access.NotFound:
		return c.unseen(op, "base_dn")
	case err != nil:
		return c.failed(op, err, readAccounts)
	case len(entries) == 0 || c.idOf(entries[0]) == "":
		return c.refuse(access.Denied, op, "no account is to be seen in base_dn that has "+attribute+": our account may not "+readAccounts+", or the attribute is not in use and does not belong into the configuration")
	}
	return nil
}

// unseen is the error for a search of an entry that the configuration names and that
// is not found: that is no empty answer.
func (c *Connector) unseen(op, what string) error {
	return c.refuse(access.Denied, op, what+" is not there, or our account may not read it")
}

// idOf is the id of an entry, or "" when it shows none of the right form.
func (c *Connector) idOf(e *ldap.Entry) string {
	id := e.GetEqualFoldAttributeValue(c.config.IDAttribute)
	if !c.id.MatchString(id) {
		return ""
	}
	return id
}

// name is the login name of an account.
func (c *Connector) name(e *ldap.Entry) string {
	for _, attribute := range append(slices.Clone(c.config.Attributes.UserName), "uid", "cn") {
		if value := e.GetEqualFoldAttributeValue(attribute); value != "" {
			return value
		}
	}
	return ""
}

// lastUsed is when an account was last signed in with, or nil.
func (c *Connector) lastUsed(e *ldap.Entry) *time.Time {
	for _, attribute := range c.config.Dialect.lastUsed() {
		for _, layout := range []string{"20060102150405Z", "20060102150405.999999Z"} {
			if at, err := time.Parse(layout, e.GetEqualFoldAttributeValue(attribute)); err == nil {
				return &at
			}
		}
	}
	return nil
}

// present is the filter for entries that have an attribute.
func present(attribute string) string { return "(" + attribute + "=*)" }
