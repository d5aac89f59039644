package activedirectory

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// maxClauses is how many alternatives go into one filter.
const maxClauses = 50

// Find looks for the subject by objectGUID, sAMAccountName and userPrincipalName,
// mail and proxyAddresses, and the employee number. When nobody is found, that is
// believed only where other accounts are to be seen by the same attributes.
//
// A person may have several accounts, with one address. A user name or an employee
// number that two accounts have is Ambiguous, and so is an account whose employee
// number is another than the subject's: names and addresses are given to somebody
// new. Accounts of which there is no such doubt come with the error.
func (c *Connector) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	const op = "find accounts"
	identifiers := subject.Identifiers(c.system)
	if len(identifiers) == 0 {
		return nil, c.invalid(op, "the subject has no key by which to look")
	}
	var clauses []string
	for _, identifier := range identifiers {
		if identifier.By == access.ByID && !isGUID(identifier.Value) {
			return nil, c.invalid(op, "the id is not an objectGUID")
		}
		for _, k := range c.keys(identifier) {
			if clause := directory.Equal(k.attribute, k.value); !slices.Contains(clauses, clause) {
				clauses = append(clauses, clause)
			}
		}
	}
	s := c.client.Session()
	defer s.Close()
	var rows []row
	for some := range slices.Chunk(clauses, maxClauses) {
		more, err := c.rows(ctx, s, op, "", directory.Any(some...), "mail", "proxyAddresses", c.config.EmployeeNumber)
		if err != nil {
			return nil, err
		}
		rows = append(rows, slices.DeleteFunc(more, func(r row) bool {
			return slices.ContainsFunc(rows, func(known row) bool { return known.id == r.id })
		})...)
	}
	found, err := c.sort(op, subject, identifiers, rows)
	if len(found) > 0 || err != nil {
		return found, err
	}
	for _, identifier := range identifiers {
		if err := c.sees(ctx, s, op, identifier); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// sort keeps the rows that are the subject's beyond doubt, under their strongest
// key, and returns what is doubtful about others. The server compares more loosely
// than we do, accents for example not at all.
func (c *Connector) sort(op string, subject access.Subject, identifiers []access.Identifier, rows []row) (found []access.Account, doubt error) {
	found = []access.Account{}
	ambiguous := func(hint string) error {
		return &access.Error{Code: access.Ambiguous, System: c.system, Op: op, Hint: hint}
	}
	for _, r := range rows {
		matched := slices.DeleteFunc(slices.Clone(identifiers), func(i access.Identifier) bool { return !c.has(r, i) })
		if len(matched) == 0 {
			continue
		}
		certain := slices.IndexFunc(matched, func(i access.Identifier) bool {
			return i.By == access.ByEmail || !slices.ContainsFunc(rows, func(other row) bool { return other.id != r.id && c.has(other, i) })
		})
		switch {
		case certain < 0:
			doubt = ambiguous("more than one account has the same " + string(matched[0].By) + ": name the right one by its id")
		case matched[certain].By != access.ByID && c.contradicts(r, subject):
			doubt = ambiguous("an account with a key of the subject has another employee number: the key may have been given to somebody new; name the account by its id if it is the subject's")
		default:
			account := c.account(r)
			account.MatchedBy = matched[certain].By
			found = append(found, account)
		}
	}
	return found, doubt
}

// contradicts tells whether the account carries an employee number, and not that of
// the subject.
func (c *Connector) contradicts(r row, subject access.Subject) bool {
	number := access.Identifier{By: access.ByEmployeeNumber, Value: strings.TrimSpace(subject.EmployeeNumber)}
	return number.Value != "" && r.GetEqualFoldAttributeValue(c.config.EmployeeNumber) != "" && !c.has(r, number)
}

// key is an attribute and what it must hold.
type key struct{ attribute, value string }

// keys are the attributes in which an identifier may stand.
func (c *Connector) keys(identifier access.Identifier) []key {
	value := identifier.Value
	switch identifier.By {
	case access.ByID:
		return []key{{"objectGUID", guidBytes(value)}}
	case access.ByUserName:
		return []key{{"sAMAccountName", value}, {"userPrincipalName", value}}
	case access.ByEmail:
		return []key{{"mail", value}, {"userPrincipalName", value}, {"proxyAddresses", "smtp:" + value}}
	default:
		return []key{{c.config.EmployeeNumber, value}}
	}
}

func (c *Connector) has(r row, identifier access.Identifier) bool {
	if identifier.By == access.ByID {
		return r.id == identifier.Value
	}
	return slices.ContainsFunc(c.keys(identifier), func(k key) bool {
		return slices.ContainsFunc(r.GetEqualFoldAttributeValues(k.attribute), func(held string) bool { return strings.EqualFold(held, k.value) })
	})
}

func (c *Connector) account(r row) access.Account {
	account := access.Account{Ref: access.AccountRef{System: c.system, ID: r.id}, Name: r.GetAttributeValue("userPrincipalName"), Status: r.status()}
	if account.Name == "" {
		account.Name = r.GetAttributeValue("sAMAccountName")
	}
	return account
}

// Accounts lists every account in the base, with lastLogonTimestamp, which the
// domain updates only when it is 9 to 14 days old: LastUsed is at most so late.
// A cursor is good once, and for two minutes.
func (c *Connector) Accounts(ctx context.Context, cursor string) (connectors.Page[access.Account], error) {
	const op = "list accounts"
	var page connectors.Page[access.Account]
	entries, next, err := c.client.Page(ctx, directory.Operation{Op: op}, directory.Query{Base: c.config.BaseDN,
		Filter: directory.All(persons), Attributes: append(slices.Clone(shown), "lastLogonTimestamp"), PageSize: c.config.PageSize}, cursor)
	if err != nil {
		return page, c.baseFailed(op, err)
	}
	for _, e := range entries {
		r, err := c.row(op, e)
		if err != nil {
			return page, err
		}
		account := c.account(r)
		account.LastUsed = instant(e.GetAttributeValue("lastLogonTimestamp"))
		page.Items = append(page.Items, account)
	}
	if page.Next = next; cursor == "" && next == "" && len(entries) == 0 {
		s := c.client.Session()
		defer s.Close()
		return page, c.sees(ctx, s, op, access.Identifier{By: access.ByID})
	}
	return page, nil
}

// instant reads a FILETIME: tenths of microseconds since 1601 (MS-DTYP 2.3.3). It
// is nil for never.
func instant(filetime string) *time.Time {
	const from1601to1970 = 11_644_473_600 // seconds
	ticks, err := strconv.ParseInt(filetime, 10, 64)
	if err != nil || ticks <= 0 {
		return nil
	}
	at := time.Unix(ticks/10_000_000-from1601to1970, ticks%10_000_000*100).UTC()
	return &at
}
