package activedirectory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// The types of rights.
const (
	typeGroup   = "group"
	typePrimary = "primary-group"
	typeNested  = "inherited-group"
	typeGuard   = "administrator-guard"
	typePlace   = "organizational-unit"
)

// Rights lists, as grants, the groups that the account is a member of, and last of
// all its place when that is not yet the organisational unit for the disabled; as
// credentials, whatever else than the password proves who somebody is.
func (c *Connector) Rights(ctx context.Context, ref access.AccountRef, kind access.RightKind, cursor string) (connectors.Page[access.Right], error) {
	const op = "list rights"
	var page connectors.Page[access.Right]
	if cursor != "" {
		return page, c.invalid(op, "there is one page")
	}
	s := c.client.Session()
	defer s.Close()
	var err error
	switch kind {
	case access.Grant:
		page.Items, err = c.grants(ctx, s, op, ref.ID)
	case access.Credential:
		page.Items, err = c.credentials(ctx, s, op, ref.ID)
	}
	return page, err
}

// RevokeRight removes one right. What the account does not have is no error.
func (c *Connector) RevokeRight(ctx context.Context, ref access.AccountRef, right access.Right) error {
	const op = "revoke right"
	if !isGUID(ref.ID) {
		return c.invalid(op, "the id is not an objectGUID")
	}
	s := c.client.Session()
	defer s.Close()
	switch {
	case !right.Removable():
	case right.Kind == access.Grant && right.Type == typeGroup && isGUID(right.ID):
		return c.leave(ctx, s, ref.ID, right.ID)
	case right.Kind == access.Grant && right.Type == typePlace && c.config.DisabledOU != "":
		return c.moveAway(ctx, s, ref.ID)
	case right.Kind == access.Credential && slices.Contains(c.config.CredentialAttributes, right.Type):
		return c.forget(ctx, s, ref.ID, right)
	}
	return &access.Error{Code: access.Unsupported, System: c.system, Op: op, Hint: "this right cannot be removed from the account here"}
}

// credentials lists each value of the credential attributes as a right.
func (c *Connector) credentials(ctx context.Context, s *directory.Session, op, id string) ([]access.Right, error) {
	r, err := c.fetch(ctx, s, op, id, nil, c.config.CredentialAttributes...)
	if err != nil {
		return nil, err
	}
	rights := []access.Right{}
	for _, attribute := range c.config.CredentialAttributes {
		for _, value := range r.GetEqualFoldAttributeValues(attribute) {
			rights = append(rights, access.Right{Kind: access.Credential, Type: attribute, ID: digest(attribute, value)})
		}
	}
	return rights, nil
}

// digest names one value of an attribute, however long it is. What a key
// credential says of where its account lies is left out: that changes.
func digest(attribute, value string) string {
	if head, _, ok := cutBinary(value); ok {
		value = head
	}
	sum := sha256.Sum256([]byte(strings.ToLower(attribute) + "\x00" + value))
	return hex.EncodeToString(sum[:12])
}

// cutBinary splits a value of the syntax DN with binary, "B:4:CAFE:CN=…"
// (MS-ADTS 3.1.1.2.2.2.3).
func cutBinary(value string) (binary, dn string, ok bool) {
	parts := strings.SplitN(value, ":", 4)
	if len(parts) != 4 || parts[0] != "B" || fmt.Sprint(len(parts[2])) != parts[1] {
		return "", "", false
	}
	return strings.Join(parts[:3], ":"), parts[3], true
}

// forget deletes one value of a credential attribute.
func (c *Connector) forget(ctx context.Context, s *directory.Session, id string, right access.Right) error {
	const op = "remove credential"
	r, err := c.fetch(ctx, s, op, id, nil, right.Type)
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	values := r.GetEqualFoldAttributeValues(right.Type)
	i := slices.IndexFunc(values, func(value string) bool { return digest(right.Type, value) == right.ID })
	if i < 0 {
		return nil
	}
	// One attribute a request: an unknown one would spoil the whole of it.
	request := ldap.NewModifyRequest(byGUID(id), nil)
	request.Delete(right.Type, []string{values[i]})
	err = s.Modify(ctx, directory.Operation{Op: op, Target: id}, request)
	return c.failed(op, c.guarded(r, err), writeSecrets)
}

// moveAway moves the account to the organisational unit for the disabled. When
// somebody there has its name already, it takes part of its id into the name.
func (c *Connector) moveAway(ctx context.Context, s *directory.Session, id string) error {
	const op = "move account"
	r, err := c.fetch(ctx, s, op, id, nil)
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	if err != nil || c.away(r) {
		return err
	}
	name := &ldap.DN{RDNs: r.dn.RDNs[:1]}
	err = s.Move(ctx, directory.Operation{Op: op, Target: id}, ldap.NewModifyDNRequest(byGUID(id), name.String(), true, c.config.DisabledOU))
	if access.CodeOf(err) == access.NotConverged && access.AsError(err, op).ProviderCode == entryExists {
		err = s.Move(ctx, directory.Operation{Op: op, Target: id}, ldap.NewModifyDNRequest(byGUID(id), distinct(r), true, c.config.DisabledOU))
	}
	if access.CodeOf(err) == access.NotFound {
		e := *access.AsError(err, op)
		e.Code, e.Hint = access.Invalid, "disabled_ou is not there"
		err = &e
	}
	return c.failed(op, c.guarded(r, err), moveAccounts)
}

// entryExists is the provider's code for a name that is taken.
const entryExists = "ldap-68"

// distinct is the account's name with the first part of its id, within the 64
// characters that a cn may have.
func distinct(r row) string {
	attribute := r.dn.RDNs[0].Attributes[0]
	name := []rune(attribute.Value)
	name = name[:min(len(name), 64-9)]
	rdn := &ldap.DN{RDNs: []*ldap.RelativeDN{{Attributes: []*ldap.AttributeTypeAndValue{
		{Type: attribute.Type, Value: string(name) + " " + r.id[:8]}}}}}
	return rdn.String()
}

// away tells whether the account lies where the disabled are.
func (c *Connector) away(r row) bool {
	ou, err := ldap.ParseDN(c.config.DisabledOU)
	return err == nil && ou.EqualFold(&ldap.DN{RDNs: r.dn.RDNs[1:]})
}
