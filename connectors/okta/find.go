package okta

import (
	"context"
	"slices"
	"strings"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"github.com/killsignal/killsignal/access"
)

// Find returns the subject's accounts, deactivated ones included, by id, by login
// (user names and e-mail addresses) and by e-mail address. A key that fits several
// accounts is Ambiguous, unless each of them is known by its id: e-mail addresses
// need not be unique at Okta.
func (c *Connector) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	const op = "find accounts"
	var keys []access.Identifier
	accounts := []access.Account{}
	usable := false
	for _, key := range subject.Identifiers(c.system) {
		switch key.By {
		case access.ByID:
			usable = true
			user, err := c.user(ctx, op, key.Value)
			if access.CodeOf(err) == access.NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			accounts = append(accounts, c.account(user, access.ByID))
		case access.ByUserName, access.ByEmail:
			usable = true
			keys = append(keys, key)
		}
	}
	if !usable {
		return nil, &access.Error{Code: access.Invalid, System: c.system, Op: op, Hint: "the subject has no user name, e-mail address or Okta id to look for"}
	}
	rows, err := c.lookUp(ctx, keys)
	if err != nil {
		return nil, c.fail(op, err)
	}
	known := accounts
	for _, key := range keys {
		var found []access.Account
		for _, row := range rows {
			if fits(row, key) {
				found = append(found, c.account(row, key.By))
			}
		}
		if len(found) > 1 && slices.ContainsFunc(found, func(a access.Account) bool { return !holds(known, a) }) {
			return nil, &access.Error{Code: access.Ambiguous, System: c.system, Op: op,
				Hint: "several accounts have the same " + string(key.By) + ": name those that are meant by their ids"}
		}
		for _, account := range found {
			if !holds(accounts, account) {
				accounts = append(accounts, account)
			}
		}
	}
	return accounts, nil
}

// keysAtOnce bounds the length of one expression.
const keysAtOnce = 8

// lookUp returns the users that fit any of the keys, each once and as it is now.
// A filter sees changes at once and may leave out deactivated users; a search
// includes them and lags behind, so what it alone finds is read again.
func (c *Connector) lookUp(ctx context.Context, keys []access.Identifier) ([]*okta.User, error) {
	var rows []*okta.User
	for some := range slices.Chunk(keys, keysAtOnce) {
		wanted := expression(some)
		current, err := c.list(ctx, query.WithFilter(wanted))
		if err != nil {
			return nil, err
		}
		for _, row := range current {
			if fitsAny(row, some) && !has(rows, row.Id) {
				rows = append(rows, row)
			}
		}
		lagging, err := c.list(ctx, query.WithSearch(wanted))
		if err != nil {
			return nil, err
		}
		for _, row := range lagging {
			if !fitsAny(row, some) || has(rows, row.Id) {
				continue
			}
			fresh, err := c.user(ctx, "find accounts", row.Id)
			if access.CodeOf(err) == access.NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			rows = append(rows, fresh)
		}
	}
	return rows, nil
}

func (c *Connector) list(ctx context.Context, criterion query.ParamOptions) ([]*okta.User, error) {
	return walk(ctx, func() ([]*okta.User, *okta.Response, error) {
		return c.client.User.ListUsers(ctx, query.NewQueryParams(criterion, query.WithLimit(200)))
	})
}

// expression asks for users who have any of the keys. An e-mail address may be a
// login, as Okta's logins have that form.
func expression(keys []access.Identifier) string {
	var terms []string
	for _, key := range keys {
		value := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key.Value) + `"`
		terms = append(terms, "profile.login eq "+value)
		if key.By == access.ByEmail {
			terms = append(terms, "profile.email eq "+value)
		}
	}
	return strings.Join(terms, " or ")
}

// fits compares a row with a key, as Okta does, without regard to case.
func fits(row *okta.User, key access.Identifier) bool {
	if strings.EqualFold(profile(row, "login"), key.Value) {
		return true
	}
	return key.By == access.ByEmail && strings.EqualFold(profile(row, "email"), key.Value)
}

func fitsAny(row *okta.User, keys []access.Identifier) bool {
	return row != nil && slices.ContainsFunc(keys, func(key access.Identifier) bool { return fits(row, key) })
}

func has(rows []*okta.User, id string) bool {
	return slices.ContainsFunc(rows, func(row *okta.User) bool { return row.Id == id })
}

func holds(accounts []access.Account, account access.Account) bool {
	return slices.ContainsFunc(accounts, func(a access.Account) bool { return a.Ref == account.Ref })
}

// profile returns a text attribute, or "".
func profile(user *okta.User, attribute string) string {
	if user.Profile == nil {
		return ""
	}
	value, _ := (*user.Profile)[attribute].(string)
	return value
}

func (c *Connector) account(user *okta.User, by access.Correlator) access.Account {
	return access.Account{Ref: access.AccountRef{System: c.system, ID: user.Id}, Name: profile(user, "login"), MatchedBy: by,
		Status: status(user), LastUsed: user.LastLogin}
}
