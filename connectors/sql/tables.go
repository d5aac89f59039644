package sql

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// tables are the accounts of an application, in tables of its own. Reads run in a
// transaction that cannot write; a write runs in one that has just seen that the
// account with this very id is there, and is undone when it meets more than one row.
type tables struct {
	Tables
	engine Engine
}

func (t tables) info() connectors.Info {
	const selects = "SELECT on the tables of the statements"
	info := connectors.Info{
		Permissions: map[connectors.Capability][]string{
			connectors.CanFind: {selects}, connectors.CanLock: {"what the statement lock does"},
		},
		Revives: []string{"sessions, tokens and keys that the application has kept"},
	}
	for _, r := range t.Rights {
		if !slices.Contains(info.Rights, r.Kind) {
			info.Rights = append(info.Rights, r.Kind)
		}
		info.Permissions[connectors.CanRevoke] = []string{selects, "what the statements under rights do"}
	}
	if !t.Unlock.isZero() {
		info.Restores = []string{t.Locked.Column}
	}
	if len(t.Rights) == 0 {
		info.Without = append(info.Without, connectors.CanRevoke)
	}
	if t.Sessions.List.isZero() {
		info.Without = append(info.Without, connectors.CanEndSessions)
	} else {
		info.Permissions[connectors.CanEndSessions] = []string{selects, "what the statement sessions.remove does"}
	}
	if t.List.isZero() {
		info.Without = append(info.Without, connectors.CanList)
	} else {
		info.Permissions[connectors.CanList] = []string{selects}
	}
	if !t.LockEndsSessions {
		info.Outlives = cmp.Or(t.SessionsOutlive, assumedOutlive)
		info.OutlivesWhat = "sessions of the application that are not in its tables"
	}
	return info
}

// wellFormed takes any text that a database can hold.
func (tables) wellFormed(id string) bool {
	return strings.TrimSpace(id) != "" && len(id) <= 255 && utf8.ValidString(id) && !strings.ContainsFunc(id, func(r rune) bool { return r < ' ' })
}

func (t tables) finds(by access.Correlator) Find {
	return map[access.Correlator]Find{access.ByUserName: t.Find.UserName, access.ByEmail: t.Find.Email, access.ByEmployeeNumber: t.Find.EmployeeNumber}[by]
}

func (t tables) knows(by access.Correlator) bool { return !t.finds(by).Statement.isZero() }

// selected runs a reading statement in a transaction that cannot write, and requires
// the columns, which it returns first.
func (t tables) selected(ctx context.Context, l link, what string, s statement, values map[string]any, columns ...string) ([]row, error) {
	begin := "START TRANSACTION READ ONLY"
	var rows []row
	err := change(ctx, l, begin, func() (err error) {
		if rows, err = t.rows(ctx, l, what, s, values, columns...); err == nil {
			err = errNothing{} // nothing to commit
		}
		return err
	})
	return rows, err
}

// rows runs a reading statement within a transaction. A column that starts with ?
// may be missing, and is NULL then.
func (t tables) rows(ctx context.Context, l link, what string, s statement, values map[string]any, columns ...string) ([]row, error) {
	text, args := s.bound(t.engine, values)
	seen, err := l.read(ctx, what, text, args...)
	if err != nil {
		return nil, err
	}
	var at []int
	for _, name := range columns {
		name, optional := strings.CutPrefix(name, "?")
		i := slices.IndexFunc(seen.columns, func(c string) bool { return strings.EqualFold(c, name) })
		if i < 0 && !optional {
			return nil, &access.Error{Code: access.Invalid, Hint: "a statement does not select the column that the configuration names, or id"}
		}
		at = append(at, i)
	}
	var all []row
	for _, r := range seen.rows {
		picked := make(row, len(at))
		for j, i := range at {
			if i >= 0 {
				picked[j] = r[i]
			}
		}
		all = append(all, picked)
	}
	return all, nil
}

// status reads the column that says locked. Where it is missing, nothing is said.
func (t tables) status(value *string) access.Status {
	if value != nil && slices.Contains(t.Locked.Values, *value) {
		return access.Locked
	}
	return access.Active
}

func (t tables) account(id, name, locked *string) access.Account {
	account := access.Account{Status: t.status(locked)}
	if id != nil {
		account.Ref.ID = *id
	}
	if name != nil {
		account.Name = *name
	}
	return account
}

// lookup compares every row with the key: a statement may be wider than it looks.
// The status comes from the statement for that, whatever the look-up selects.
func (t tables) lookup(ctx context.Context, l link, key access.Identifier) ([]access.Account, error) {
	if key.By == access.ByID {
		found, err := t.one(ctx, l, key.Value)
		if err != nil || found == nil {
			return nil, err
		}
		return []access.Account{t.account(found[0], found[2], found[1])}, nil
	}
	if !t.wellFormed(key.Value) {
		return nil, nil
	}
	find := t.finds(key.By)
	rows, err := t.selected(ctx, l, "look up account", find.Statement.statement, map[string]any{"key": key.Value}, t.ID, find.Column)
	if err != nil {
		return nil, err
	}
	var accounts []access.Account
	for _, r := range rows {
		same := strings.EqualFold(r.at(1), key.Value)
		if key.By == access.ByEmployeeNumber {
			same = r.at(1) == key.Value
		}
		if !same || slices.ContainsFunc(accounts, func(a access.Account) bool { return a.Ref.ID == r.at(0) }) {
			continue
		}
		if len(accounts) > 0 && key.By != access.ByEmail {
			return nil, &access.Error{Code: access.Ambiguous, Hint: "two accounts have the same key: name the right one by its id"}
		}
		found, err := t.one(ctx, l, r.at(0))
		if err != nil {
			return nil, err
		}
		if found == nil {
			return nil, &access.Error{Code: access.Invalid, Hint: "find shows an account that state does not: both must select the same accounts"}
		}
		accounts = append(accounts, t.account(found[0], found[2], found[1]))
	}
	return accounts, nil
}

// one reads the account: its id, what says locked, its name. It is nil when there
// is none.
func (t tables) one(ctx context.Context, l link, id string) (found row, err error) {
	err = change(ctx, l, "START TRANSACTION READ ONLY", func() error {
		found, err = t.oneWithin(ctx, l, id)
		return cmp.Or[error](err, errNothing{})
	})
	return found, err
}

// oneWithin compares ids exactly: to a database, 12 and 12a may be the same.
func (t tables) oneWithin(ctx context.Context, l link, id string) (row, error) {
	name := "?" + cmp.Or(t.Name, "name")
	rows, err := t.rows(ctx, l, "read account", t.State.statement, map[string]any{"id": id}, t.ID, t.Locked.Column, name)
	if err != nil {
		if access.AsError(err, "").ProviderCode == "22P02" { // not of the column's type: nobody's
			return nil, nil
		}
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return r.at(0) != id })
	switch len(rows) {
	case 0:
		return nil, nil
	case 1:
		return rows[0], nil
	}
	return nil, &access.Error{Code: access.Ambiguous, Hint: "the statement state selects more than one row for one id"}
}

func (t tables) state(ctx context.Context, l link, id string) (access.AccountState, error) {
	found, err := t.one(ctx, l, id)
	if err != nil || found == nil {
		return access.AccountState{Status: access.Absent}, err
	}
	return access.AccountState{Status: t.status(found[1]), Word: t.Locked.Column + "=" + found.at(1),
		Attributes: map[string]string{t.Locked.Column: found.at(1)}}, nil
}

func (t tables) accounts(ctx context.Context, l link, after string) (connectors.Page[access.Account], error) {
	var page connectors.Page[access.Account]
	if t.List.isZero() {
		return page, &access.Error{Code: access.Unsupported, Hint: "no statement lists the accounts: write list"}
	}
	rows, err := t.selected(ctx, l, "list accounts", t.List.statement, map[string]any{"after": cmp.Or(after, t.ListFrom)},
		t.ID, t.Locked.Column, "?"+cmp.Or(t.Name, "name"))
	if err != nil {
		return page, err
	}
	for _, r := range rows {
		page.Items = append(page.Items, t.account(r[0], r[2], r[1]))
	}
	if len(rows) > 0 {
		page.Next = rows[len(rows)-1].at(0)
	}
	return page, nil
}
