package ldap

import (
	"context"
	"slices"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// pagedResults is the control by which listings are read page by page (RFC 2696).
const pagedResults = "1.2.840.113556.1.4.319"

// Check proves that the directory lets us in, reads listings page by page, and shows
// accounts by every configured attribute, groups by their members, and, in OpenLDAP,
// that password policies enforce locks. Whether we may write cannot be read.
func (c *Connector) Check(ctx context.Context) error {
	const op = "check"
	s := c.client.Session()
	defer s.Close()
	root, err := s.Read(ctx, directory.Operation{Op: op}, "", []string{"supportedControl"})
	if err != nil {
		return c.failed(op, err, readRoot)
	}
	if !slices.Contains(root.GetEqualFoldAttributeValues("supportedControl"), pagedResults) {
		return c.refuse(access.Unsupported, op, "the directory does not read listings page by page (RFC 2696)")
	}
	if err := c.findOurselves(ctx, s, op); err != nil {
		return err
	}
	attributes := []string{c.config.IDAttribute}
	for _, by := range c.config.keys() {
		attributes = append(attributes, c.config.attributes(by)...)
	}
	for _, attribute := range attributes {
		if err := c.sees(ctx, s, op, attribute); err != nil {
			return err
		}
	}
	if c.config.Dialect == OpenLDAP {
		if err := c.checkPolicies(ctx, s, op); err != nil {
			return err
		}
	}
	return c.checkGroups(ctx, s, op)
}

// findOurselves learns the id of the account that we bind with, which is never to be
// locked. An administrator of the server itself has no entry, and none to lock.
func (c *Connector) findOurselves(ctx context.Context, s *directory.Session, op string) error {
	e, err := s.Read(ctx, directory.Operation{Op: op}, c.config.BindDN, []string{c.config.IDAttribute})
	if code := access.CodeOf(err); err != nil && code != access.NotFound && code != access.Denied {
		return c.failed(op, err, readAccounts)
	}
	var own []string
	if err == nil && c.idOf(e) != "" {
		own = []string{c.idOf(e)}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.own = own
	return nil
}

// checkPolicies requires that the default policy enforces locks.
func (c *Connector) checkPolicies(ctx context.Context, s *directory.Session, op string) error {
	j := judge{connector: c, session: s, op: op}
	heeded, err := j.defaults(ctx)
	if err == nil && !heeded {
		return c.refuse(access.Unsupported, op, "the password policy does not enforce locks: set pwdLockout to TRUE in it")
	}
	return err
}

// checkGroups requires that groups and their members are to be seen.
func (c *Connector) checkGroups(ctx context.Context, s *directory.Session, op string) error {
	if c.config.GroupBaseDN == "" {
		return nil
	}
	l := &listing{connector: c, session: s, op: op}
	for _, m := range c.config.memberships() {
		if err := l.prove(ctx, m); err != nil {
			return err
		}
	}
	if !l.shown {
		return l.unseen()
	}
	return nil
}
