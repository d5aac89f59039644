package ldap

import (
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// key is one question for the subject's accounts.
type key struct {
	by        access.Correlator
	attribute string
	value     string
}

// keys lists every question for the subject, strongest first, ids left out.
func (c *Connector) keys(subject access.Subject) (keys []key) {
	for _, id := range subject.Identifiers(c.system) {
		for _, attribute := range c.config.attributes(id.By) {
			keys = append(keys, key{id.By, attribute, id.Value})
		}
	}
	return keys
}

// matches compares an entry with the question, as directories compare names: without
// regard to case (RFC 4519 2.39, RFC 4524 2.16, RFC 2798 2.4).
func (k key) matches(e *ldap.Entry) bool {
	return slices.ContainsFunc(e.GetEqualFoldAttributeValues(k.attribute), func(v string) bool { return strings.EqualFold(strings.TrimSpace(v), k.value) })
}

// Find asks by all keys at once and compares every entry that comes. When none comes,
// that is believed only where other accounts are to be seen by the same attributes.
//
// An address may be that of several accounts, all of which are the subject's. A user
// name or an employee number that two accounts have is Ambiguous, and so is
// an account whose employee number is another than the subject's: user names and
// addresses are given to somebody new. Accounts of which there is no such doubt come
// with the error.
func (c *Connector) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	const op = "find accounts"
	keys := c.keys(subject)
	var ids []string
	for _, id := range subject.Identifiers(c.system) {
		if id.By == access.ByID {
			ids = append(ids, id.Value)
		}
	}
	if len(keys)+len(ids) == 0 {
		return nil, c.refuse(access.Invalid, op, "the subject has no key by which this directory can be searched")
	}
	s := c.client.Session()
	defer s.Close()
	f := finding{connector: c, judge: judge{connector: c, session: s, op: op}}
	for _, id := range ids {
		e, err := c.fetch(ctx, s, op, id)
		if access.CodeOf(err) == access.NotFound {
			continue
		}
		if err == nil {
			err = f.add(ctx, e, access.ByID)
		}
		if err != nil {
			return f.accounts, err
		}
	}
	entries, err := c.ask(ctx, s, op, keys)
	if err != nil {
		return f.accounts, err
	}
	doubt := f.sort(ctx, entries, keys, subject)
	return f.accounts, doubt
}

// ask returns the entries that have one of the keys.
func (c *Connector) ask(ctx context.Context, s *directory.Session, op string, keys []key) ([]*ldap.Entry, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var clauses []string
	for _, k := range keys {
		if clause := directory.Equal(k.attribute, k.value); !slices.Contains(clauses, clause) {
			clauses = append(clauses, clause)
		}
	}
	entries, err := s.Search(ctx, directory.Operation{Op: op}, directory.Query{Base: c.config.BaseDN,
		Filter: directory.All(c.people(), directory.Any(clauses...)), Attributes: c.shown()})
	if access.CodeOf(err) == access.NotFound {
		return nil, c.unseen(op, "base_dn")
	}
	if err != nil {
		return nil, c.failed(op, err, readAccounts)
	}
	// A directory that ignores filters returns everybody.
	entries = slices.DeleteFunc(entries, func(e *ldap.Entry) bool {
		return !slices.ContainsFunc(keys, func(k key) bool { return k.matches(e) })
	})
	if len(entries) > 0 {
		return entries, nil
	}
	proved := map[string]bool{}
	for _, k := range keys {
		if proved[k.attribute] {
			continue
		}
		if err := c.sees(ctx, s, op, k.attribute); err != nil {
			return nil, err
		}
		proved[k.attribute] = true
	}
	return nil, nil
}

// finding is the accounts found so far, each once.
type finding struct {
	connector *Connector
	judge     judge
	accounts  []access.Account
}

// sort adds the entries that are the subject's beyond doubt, under their strongest
// key, and returns what is doubtful about others.
func (f *finding) sort(ctx context.Context, entries []*ldap.Entry, keys []key, subject access.Subject) (doubt error) {
	const op = "find accounts"
	for _, e := range entries {
		if f.has(f.connector.idOf(e)) {
			continue
		}
		matched := slices.DeleteFunc(slices.Clone(keys), func(k key) bool { return !k.matches(e) })
		certain := slices.IndexFunc(matched, func(k key) bool { return k.by == access.ByEmail || only(entries, k) })
		switch {
		case certain < 0:
			doubt = f.connector.refuse(access.Ambiguous, op, "two accounts have the same "+matched[0].attribute+": name the right one by its id")
		case f.connector.contradicts(e, subject):
			doubt = f.connector.refuse(access.Ambiguous, op, "an account with a key of the subject has another employee number: the key may have been given to somebody new; name the account by its id if it is the subject's")
		default:
			if err := f.add(ctx, e, matched[certain].by); err != nil {
				return err
			}
		}
	}
	return doubt
}

// only tells whether one entry alone has the key.
func only(entries []*ldap.Entry, k key) bool {
	n := 0
	for _, e := range entries {
		if k.matches(e) {
			n++
		}
	}
	return n == 1
}

// contradicts tells whether the entry carries an employee number, and not that of
// the subject.
func (c *Connector) contradicts(e *ldap.Entry, subject access.Subject) bool {
	number := strings.TrimSpace(subject.EmployeeNumber)
	if number == "" {
		return false
	}
	carries := false
	for _, attribute := range c.config.Attributes.EmployeeNumber {
		if (key{attribute: attribute, value: number}).matches(e) {
			return false
		}
		carries = carries || e.GetEqualFoldAttributeValue(attribute) != ""
	}
	return carries
}

func (f *finding) has(id string) bool {
	return slices.ContainsFunc(f.accounts, func(a access.Account) bool { return a.Ref.ID == id })
}

func (f *finding) add(ctx context.Context, e *ldap.Entry, by access.Correlator) error {
	account, err := f.judge.account(ctx, e)
	if err != nil || f.has(account.Ref.ID) {
		return err
	}
	account.MatchedBy = by
	f.accounts = append(f.accounts, account)
	return nil
}

// account is an entry as an account.
func (j *judge) account(ctx context.Context, e *ldap.Entry) (access.Account, error) {
	c := j.connector
	id := c.idOf(e)
	if id == "" {
		return access.Account{}, c.refuse(access.Denied, j.op, "an account does not show its "+c.config.IDAttribute+": our account may not "+readAccounts)
	}
	status, _, err := j.status(ctx, e)
	return access.Account{Ref: access.AccountRef{System: c.system, ID: id}, Name: c.name(e), Status: status, LastUsed: c.lastUsed(e)}, err
}
