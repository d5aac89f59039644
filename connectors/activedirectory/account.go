package activedirectory

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// The attributes that we read and change.
const (
	attributeControl = "userAccountControl"
	keyCredentials   = "msDS-KeyCredentialLink"
)

// accountDisable is the bit of userAccountControl that bars sign-in.
// https://learn.microsoft.com/windows/win32/adschema/a-useraccountcontrol
const accountDisable = 0x2

// persons is the filter for people's accounts: no computers, no contacts.
const persons = "(objectCategory=person)(objectClass=user)"

// row is an account as the directory shows it.
type row struct {
	id      string
	dn      *ldap.DN
	text    string // the DN as it came
	control int
	*ldap.Entry
}

func (r row) status() access.Status {
	if r.control&accountDisable != 0 {
		return access.Locked
	}
	return access.Active
}

// shown are the attributes that every read of an account asks for.
var shown = []string{"objectGUID", "objectClass", "sAMAccountName", "userPrincipalName", attributeControl, "adminCount", "accountExpires"}

// row reads an entry, which must show what an account cannot be judged without.
func (c *Connector) row(op string, e *ldap.Entry) (row, error) {
	r := row{Entry: e, id: guid(e.GetRawAttributeValue("objectGUID"))}
	// With the control for extended DNs, the DN comes after the ids.
	r.text = e.DN[strings.LastIndex(e.DN, ">;")+1:]
	r.text = strings.TrimPrefix(r.text, ";")
	control, controlErr := strconv.Atoi(e.GetAttributeValue(attributeControl))
	dn, dnErr := ldap.ParseDN(r.text)
	if r.id == "" || controlErr != nil || dnErr != nil {
		return row{}, &access.Error{Code: access.Denied, System: c.system, Op: op, Hint: "the credential may not " + readAccounts}
	}
	r.control, r.dn = control, dn
	return r, nil
}

// fetch reads an account under its id. One that is not there, nor found by a
// second look, is NotFound.
func (c *Connector) fetch(ctx context.Context, s *directory.Session, op, id string, controls []ldap.Control, more ...string) (row, error) {
	if !isGUID(id) {
		return row{}, c.invalid(op, "the id is not an objectGUID, such as 1b671a64-40d5-491e-99b0-da01ff1f3341")
	}
	o := directory.Operation{Op: op, Target: id}
	e, err := s.Read(ctx, o, byGUID(id), append(slices.Clone(shown), more...), controls...)
	if access.CodeOf(err) == access.NotFound {
		return row{}, c.confirmAbsent(ctx, s, op, id)
	}
	if err != nil {
		return row{}, c.failed(op, err, readAccounts)
	}
	r, err := c.row(op, e)
	classes := e.GetAttributeValues("objectClass")
	switch {
	case err != nil:
		return row{}, err
	case r.id != id:
		return row{}, &access.Error{Code: access.Unknown, System: c.system, Op: op, Hint: "the directory answered with another entry"}
	case !c.config.within(r.dn):
		return row{}, &access.Error{Code: access.Unsupported, System: c.system, Op: op, Hint: "the account lies outside base_dn, where nothing is touched"}
	case !slices.Contains(classes, "user") || slices.Contains(classes, "computer"):
		return row{}, &access.Error{Code: access.Unsupported, System: c.system, Op: op, Hint: "the entry is not a person's account"}
	}
	return r, nil
}

// confirmAbsent returns NotFound when a search does not find the id either and the
// credential sees accounts at all: what we may not see looks like what is not there.
func (c *Connector) confirmAbsent(ctx context.Context, s *directory.Session, op, id string) error {
	rows, err := c.rows(ctx, s, op, id, directory.Equal("objectGUID", guidBytes(id)))
	if err != nil {
		return err
	}
	if len(rows) > 0 {
		return &access.Error{Code: access.NotConverged, System: c.system, Op: op, Hint: "the account is not found under its id and still listed"}
	}
	if err := c.sees(ctx, s, op, access.Identifier{By: access.ByID}); err != nil {
		return err
	}
	return &access.Error{Code: access.NotFound, System: c.system, Op: op}
}

// rows returns every account in the base that fits the filter.
func (c *Connector) rows(ctx context.Context, s *directory.Session, op, target, filter string, more ...string) ([]row, error) {
	entries, err := s.Search(ctx, directory.Operation{Op: op, Target: target}, directory.Query{Base: c.config.BaseDN,
		Filter: directory.All(persons, filter), Attributes: append(slices.Clone(shown), more...), PageSize: c.config.PageSize})
	if err != nil {
		return nil, c.baseFailed(op, err)
	}
	var rows []row
	for _, e := range entries {
		r, err := c.row(op, e)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// sees requires that the credential sees any account in the base by one of the
// attributes in which such an identifier may stand: a search by what we may not read
// finds nobody, and is no error.
func (c *Connector) sees(ctx context.Context, s *directory.Session, op string, identifier access.Identifier) error {
	var present []string
	for _, k := range c.keys(identifier) {
		present = append(present, "("+k.attribute+"=*)")
	}
	entries, err := s.First(ctx, directory.Operation{Op: op}, directory.Query{Base: c.config.BaseDN,
		Filter: directory.All(persons, directory.Any(present...)), Attributes: []string{"objectGUID"}, PageSize: 1})
	if err != nil {
		return c.baseFailed(op, err)
	}
	if len(entries) == 0 {
		return &access.Error{Code: access.Denied, System: c.system, Op: op,
			Hint: "no account in base_dn is to be seen by its " + string(identifier.By) + ", so that not finding one proves nothing: the credential may not " + readAccounts + ", or nobody has one"}
	}
	return nil
}

// baseFailed is the error for a search of the base. A base that is not found is no
// empty base.
func (c *Connector) baseFailed(op string, err error) error {
	if access.CodeOf(err) == access.NotFound {
		return &access.Error{Code: access.Denied, System: c.system, Op: op, Hint: "base_dn is not there, or the credential may not read it"}
	}
	return c.failed(op, err, readAccounts)
}

// State reads the account afresh. Absent is what neither its id nor a search finds.
func (c *Connector) State(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
	s := c.client.Session()
	defer s.Close()
	state := access.AccountState{Ref: ref, Status: access.Absent, ObservedAt: time.Now().UTC()}
	r, err := c.fetch(ctx, s, "read account", ref.ID, nil)
	if access.CodeOf(err) == access.NotFound {
		return state, nil
	}
	if err != nil {
		return access.AccountState{}, err
	}
	state.Status, state.Word = r.status(), "enabled"
	if state.Status == access.Locked {
		state.Word = "ACCOUNTDISABLE"
	}
	state.Attributes = map[string]string{attributeControl: strconv.Itoa(r.control), "distinguishedName": r.text}
	for _, name := range []string{"adminCount", "accountExpires"} {
		if value := r.GetAttributeValue(name); value != "" {
			state.Attributes[name] = value
		}
	}
	return state, nil
}
