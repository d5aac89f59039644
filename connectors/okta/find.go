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
// (user names and e-mail addresses) and by e-mail address. Ids and logins are
// unique at Okta, and what they find is certain. E-mail addresses need not be: one
// that fits several accounts is Ambiguous, unless each of them is certain. Trouble
// with one key never hides what another has found.
func (c *Connector) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	const op = "find accounts"
	keys := slices.DeleteFunc(subject.Identifiers(c.system), func(key access.Identifier) bool { return key.By == access.ByEmployeeNumber })
	if len(keys) == 0 {
		return nil, &access.Error{Code: access.Invalid, System: c.system, Op: op, Hint: "the subject has no user name, e-mail address or Okta id to look for"}
	}
	var trouble error
	note := func(err error) { // what trying again can heal is told first
		if trouble == nil || access.CodeOf(err).Transient() && !access.CodeOf(trouble).Transient() {
			trouble = c.fail(op, err)
		}
	}
	accounts := []access.Account{}
	for _, key := range keys {
		if key.By != access.ByID {
			continue
		}
		user, err := c.user(ctx, op, key.Value)
		switch {
		case err == nil:
			accounts = append(accounts, c.account(user, access.ByID))
		case access.CodeOf(err) != access.NotFound:
			note(err)
		}
	}
	keys = slices.DeleteFunc(keys, func(key access.Identifier) bool { return key.By == access.ByID })
	rows, err := c.lookUp(ctx, keys)
	if err != nil {
		note(err)
	}
	found, ambiguous := c.judge(accounts, keys, rows, err == nil)
	if ambiguous {
		note(&access.Error{Code: access.Ambiguous, Hint: "several accounts have the same login or e-mail address: name those that are meant by their ids"})
	}
	return found, trouble
}

// judge adds to the accounts those that are certainly the subject's too, and tells
// whether a key leaves others in doubt. Rows that are not all there are cannot show
// that an e-mail address is one account's alone.
func (c *Connector) judge(accounts []access.Account, keys []access.Identifier, rows []*okta.User, all bool) (found []access.Account, ambiguous bool) {
	add := func(some []access.Account) {
		for _, account := range some {
			if !holds(accounts, account) {
				accounts = append(accounts, account)
			}
		}
	}
	for _, key := range keys {
		named := c.fitting(rows, key, named)
		if len(named) == 1 {
			add(named)
		}
		ambiguous = ambiguous || len(named) > 1
	}
	for _, key := range keys {
		fitting := c.fitting(rows, key, fits)
		doubtful := slices.ContainsFunc(fitting, func(a access.Account) bool { return !holds(accounts, a) })
		if len(fitting) == 1 && all {
			add(fitting)
		}
		ambiguous = ambiguous || doubtful && len(fitting) > 1
	}
	return accounts, ambiguous
}

// fitting returns the rows that fit the key, as accounts.
func (c *Connector) fitting(rows []*okta.User, key access.Identifier, fits func(*okta.User, access.Identifier) bool) []access.Account {
	var accounts []access.Account
	for _, row := range rows {
		if fits(row, key) {
			accounts = append(accounts, c.account(row, key.By))
		}
	}
	return accounts
}

// keysAtOnce bounds the length of one expression.
const keysAtOnce = 8

// lookUp returns the users that fit any of the keys, each once and as it is now,
// and with an error those that it had found until then. A filter sees changes at
// once and may leave out deactivated users; a search includes them and lags behind,
// so what it alone finds is read again.
func (c *Connector) lookUp(ctx context.Context, keys []access.Identifier) (rows []*okta.User, err error) {
	for some := range slices.Chunk(keys, keysAtOnce) {
		wanted := expression(some)
		current, err := c.list(ctx, query.WithFilter(wanted))
		if err != nil {
			return rows, err
		}
		for _, row := range current {
			if fitsAny(row, some) && !has(rows, row.Id) {
				rows = append(rows, row)
			}
		}
		lagging, err := c.list(ctx, query.WithSearch(wanted))
		if err != nil {
			return rows, err
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
				return rows, err
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

// named tells whether the login is the key, without regard to case, as Okta has it.
func named(row *okta.User, key access.Identifier) bool {
	return strings.EqualFold(profile(row, "login"), key.Value)
}

// fits tells whether the login, or with an e-mail address either, is the key.
func fits(row *okta.User, key access.Identifier) bool {
	return named(row, key) || key.By == access.ByEmail && strings.EqualFold(profile(row, "email"), key.Value)
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
		Status: c.status(user), LastUsed: user.LastLogin}
}
