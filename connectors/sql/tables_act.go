package sql

import (
	"context"
	"slices"

	"github.com/killsignal/killsignal/access"
)

// write runs one writing statement for the account, in a transaction: first the
// account with this very id is read, since to a database 12 and 12a may be the same;
// needed then says whether there is anything to do; then the statement runs, and is
// undone when it meets more than one row.
func (t tables) write(ctx context.Context, l link, what, id string, s statement, values map[string]any, needed func(row) (bool, error)) error {
	err := change(ctx, l, "START TRANSACTION", func() error {
		found, err := t.oneWithin(ctx, l, id)
		if err != nil {
			return err
		}
		if found == nil {
			return errNothing{}
		}
		needs, err := needed(found)
		if err != nil {
			return err
		}
		if !needs {
			return errNothing{}
		}
		text, args := s.bound(t.engine, values)
		met, err := l.write(ctx, what, text, args...)
		if err == nil && met > 1 {
			err = &access.Error{Code: access.Ambiguous, Hint: "the statement meets more than one row and was undone: it must meet the one that is meant"}
		}
		return err
	})
	if access.CodeOf(err) == access.Ambiguous && t.engine == MariaDB {
		return undone(ctx, l, err)
	}
	return err
}

// undone is the error of a write that was rolled back, unless its table knows no
// transactions: of that the server only warns.
func undone(ctx context.Context, l link, err error) error {
	const notRolledBack = "1196"
	warnings, readErr := l.read(ctx, "read warnings", "SHOW WARNINGS")
	if readErr == nil && !slices.ContainsFunc(warnings.rows, func(r row) bool { return len(r) > 1 && r.at(1) == notRolledBack }) {
		return err
	}
	return &access.Error{Code: access.Ambiguous, Hint: "the statement met more than one row, in a table that knows no transactions: it may not have been undone, look at the rows"}
}

func (t tables) lock(ctx context.Context, l link, id string) error {
	return t.write(ctx, l, "lock account", id, t.Lock.statement, map[string]any{"id": id}, func(found row) (bool, error) {
		return t.status(found[1]) == access.Active, nil
	})
}

func (t tables) unlock(ctx context.Context, l link, before access.AccountState) error {
	if t.Unlock.isZero() {
		return &access.Error{Code: access.Unsupported, Hint: "no statement unlocks an account: write unlock"}
	}
	return t.write(ctx, l, "unlock account", before.Ref.ID, t.Unlock.statement, map[string]any{"id": before.Ref.ID}, func(found row) (bool, error) {
		return t.status(found[1]) == access.Locked, nil
	})
}

// items lists rows of an account: id and name.
func (t tables) items(ctx context.Context, l link, what string, list Read, id string) ([]row, error) {
	return t.selected(ctx, l, what, list.statement, map[string]any{"id": id}, "id", "?name")
}

// remove takes one listed item away. It is looked for in the list first, and
// compared here, so that nothing that merely equals it goes.
func (t tables) remove(ctx context.Context, l link, what, id, item string, list Read, removal Removal) error {
	return t.write(ctx, l, what, id, removal.statement, map[string]any{"id": id, "item": item}, func(row) (bool, error) {
		rows, err := t.rows(ctx, l, "list again", list.statement, map[string]any{"id": id}, "id")
		for _, r := range rows {
			if r.at(0) == item {
				return true, err
			}
		}
		return false, err
	})
}

// endSessions ends one session after the other, each in a transaction of its own.
func (t tables) endSessions(ctx context.Context, l link, id string) error {
	if t.Sessions.List.isZero() {
		return &access.Error{Code: access.Unsupported, Hint: "no statement lists sessions: write sessions"}
	}
	found, err := t.one(ctx, l, id)
	if err != nil || found == nil {
		return err
	}
	open, err := t.items(ctx, l, "list sessions", t.Sessions.List, id)
	if err != nil {
		return err
	}
	for _, session := range open {
		if err := t.remove(ctx, l, "end session", id, session.at(0), t.Sessions.List, t.Sessions.Remove); err != nil {
			return err
		}
	}
	return nil
}

func (t tables) sessions(ctx context.Context, l link, id string) (int, error) {
	if t.Sessions.List.isZero() {
		return 0, &access.Error{Code: access.Unsupported, Hint: "no statement lists sessions: write sessions"}
	}
	open, err := t.items(ctx, l, "list sessions", t.Sessions.List, id)
	return len(open), err
}

func (t tables) rights(ctx context.Context, l link, id string, kind access.RightKind) ([]access.Right, error) {
	found, err := t.one(ctx, l, id)
	if err != nil || found == nil {
		return nil, err
	}
	var all []access.Right
	for _, r := range t.Rights {
		if r.Kind != kind {
			continue
		}
		held, err := t.items(ctx, l, "list rights", r.List, id)
		if err != nil {
			return nil, err
		}
		for _, h := range held {
			all = append(all, access.Right{Kind: r.Kind, Type: r.Type, ID: h.at(0), Name: h.at(1)})
		}
	}
	return all, nil
}

func (t tables) revoke(ctx context.Context, l link, id string, right access.Right) error {
	for _, r := range t.Rights {
		if r.Kind == right.Kind && r.Type == right.Type {
			return t.remove(ctx, l, "revoke right", id, right.ID, r.List, r.Revoke)
		}
	}
	return &access.Error{Code: access.Invalid, Hint: "no statement is about rights of that type"}
}
