package activedirectory

import (
	"context"
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// capability of a server that is a domain controller of Active Directory.
// https://learn.microsoft.com/openspecs/windows_protocols/ms-adts/3ed61e6c-cfdc-487d-9f02-5a3397be3772
const isDomainController = "1.2.840.113556.1.4.800"

// Check proves that the server is a domain controller, that base_dn and disabled_ou
// are there, that a look-up finds an account known to be there, and, by what the
// server says that we may write, the permissions. Whether passwords may be reset
// cannot be read.
func (c *Connector) Check(ctx context.Context) error {
	const op = "check"
	s := c.client.Session()
	defer s.Close()
	o := directory.Operation{Op: op}
	root, err := s.Read(ctx, o, "", []string{"supportedCapabilities"})
	if err != nil {
		return c.failed(op, err, readAccounts)
	}
	if !slices.Contains(root.GetAttributeValues("supportedCapabilities"), isDomainController) {
		return c.invalid(op, "the server is no domain controller of Active Directory: use the kind ldap")
	}
	if err := c.findOurselves(ctx, s, op); err != nil {
		return err
	}
	someone, err := c.someone(ctx, s, op)
	if err != nil {
		return err
	}
	found, err := c.rows(ctx, s, op, "", directory.Equal("sAMAccountName", someone.GetAttributeValue("sAMAccountName")))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(found, func(r row) bool { return r.id == someone.id }) {
		return &access.Error{Code: access.NotConverged, System: c.system, Op: op, Hint: "a look-up does not find an account that is there: its answers would prove nothing"}
	}
	e, err := s.Read(ctx, o, byGUID(someone.id), []string{"tokenGroups", "allowedAttributesEffective"})
	if err != nil {
		return c.failed(op, err, readAccounts)
	}
	var missing []string
	if len(e.GetRawAttributeValues("tokenGroups")) == 0 {
		missing = append(missing, readGroups)
	}
	if !writable(e.GetAttributeValues("allowedAttributesEffective"), attributeControl) {
		missing = append(missing, writeControl)
	}
	if c.config.DisabledOU != "" {
		ou, err := s.Read(ctx, o, c.config.DisabledOU, []string{"allowedChildClassesEffective"})
		if access.CodeOf(err) == access.NotFound {
			return c.invalid(op, "disabled_ou is not there, or may not be read")
		}
		if err != nil {
			return c.failed(op, err, moveAccounts)
		}
		if !writable(ou.GetAttributeValues("allowedChildClassesEffective"), "user") {
			missing = append(missing, moveAccounts)
		}
	}
	if len(missing) > 0 {
		return &access.Error{Code: access.Denied, System: c.system, Op: op, Hint: "the credential may not " + strings.Join(missing, "; ")}
	}
	return nil
}

func writable(allowed []string, name string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, name) })
}

// findOurselves learns the id of the account that we bind with, which is never to be
// locked.
func (c *Connector) findOurselves(ctx context.Context, s *directory.Session, op string) error {
	name := c.config.BindDN
	var id string
	if strings.Contains(name, "=") {
		e, err := s.Read(ctx, directory.Operation{Op: op}, name, []string{"objectGUID"})
		if err != nil {
			return c.failed(op, err, readAccounts)
		}
		id = guid(e.GetRawAttributeValue("objectGUID"))
	} else {
		account, _, _ := strings.Cut(name[strings.LastIndex(name, `\`)+1:], "@")
		entries, err := s.First(ctx, directory.Operation{Op: op}, directory.Query{Base: domain(c.config.BaseDN), Attributes: []string{"objectGUID"},
			Filter: directory.All("(objectClass=user)", directory.Any(directory.Equal("userPrincipalName", name), directory.Equal("sAMAccountName", account)))})
		if err != nil {
			return c.failed(op, err, readAccounts)
		}
		if len(entries) == 1 {
			id = guid(entries[0].GetRawAttributeValue("objectGUID"))
		}
	}
	if !isGUID(id) {
		return &access.Error{Code: access.Denied, System: c.system, Op: op, Hint: "our own account is not to be seen, so it could not be protected: give bind_dn as a DN"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.own = []string{id}
	return nil
}

// someone returns an account of the base that is not our own and no administrator's.
func (c *Connector) someone(ctx context.Context, s *directory.Session, op string) (row, error) {
	entries, err := s.First(ctx, directory.Operation{Op: op}, directory.Query{Base: c.config.BaseDN, PageSize: 10,
		Filter: directory.All(persons, "(!(adminCount=1))"), Attributes: shown})
	if err != nil {
		return row{}, c.baseFailed(op, err)
	}
	for _, e := range entries {
		r, err := c.row(op, e)
		if err != nil {
			return row{}, err
		}
		if !slices.Contains(c.Info().OwnAccounts, r.id) {
			return r, nil
		}
	}
	return row{}, &access.Error{Code: access.Denied, System: c.system, Op: op, Hint: "no account is to be seen in base_dn: the credential may not " + readAccounts}
}
