package sql

import (
	"context"
	"slices"

	"github.com/killsignal/killsignal/access"
)

// lock bars sign-in by whichever method. The server commits by itself, and a user
// that is not there any more makes it fail.
func (u users) lock(ctx context.Context, l link, id string) error {
	found, err := u.byID(ctx, l, id)
	if err != nil || found == nil || found.locked {
		return err
	}
	if err := u.mayLock(ctx, l, *found); err != nil {
		return err
	}
	if _, err := l.write(ctx, "lock user", "ALTER USER "+found.quoted()+" ACCOUNT LOCK"); err != nil {
		return u.unlessGone(ctx, l, id, err)
	}
	if u.config.Lock == Drop {
		return u.drop(ctx, l, found.login)
	}
	return nil
}

// unlessGone is the error, unless the user is not there any more.
func (u users) unlessGone(ctx context.Context, l link, id string, err error) error {
	if access.CodeOf(err) != access.NotConverged {
		return err
	}
	if found, readErr := u.byID(ctx, l, id); readErr == nil && found == nil {
		return nil
	}
	return err
}

// mayLock refuses our own login and the last administrator who can sign in, not
// counting ourselves.
func (u users) mayLock(ctx context.Context, l link, found entry) error {
	seen, err := l.read(ctx, "read own user", "SELECT CURRENT_USER()")
	if err != nil {
		return err
	}
	if len(seen.rows) != 1 {
		return &access.Error{Code: access.Unknown, Hint: "our own user is not found"}
	}
	own := seen.rows[0].at(0)
	if own == found.id() {
		return &access.Error{Code: access.Protected, Hint: "this is Killsignal's own login"}
	}
	if !found.admin {
		return nil
	}
	administrators, err := readLogins(ctx, l, "count administrators", "WHERE "+administers)
	if err != nil {
		return err
	}
	for _, e := range administrators {
		if !e.locked && e.user != found.user && e.id() != own {
			return nil
		}
	}
	return &access.Error{Code: access.Protected, Hint: "this is the last administrator who can sign in: make another one first"}
}

func (u users) unlock(ctx context.Context, l link, before access.AccountState) error {
	if u.config.Lock == Drop {
		return &access.Error{Code: access.Unsupported, Hint: "the user was dropped for good: create it anew"}
	}
	found, err := u.byID(ctx, l, before.Ref.ID)
	if err != nil || found == nil || !found.locked {
		return err
	}
	_, err = l.write(ctx, "unlock user", "ALTER USER "+found.quoted()+" ACCOUNT UNLOCK")
	return err
}

// endSessions ends the sessions of the user from every host: the server shows where
// a session comes from, and not by which of the user's logins.
func (u users) endSessions(ctx context.Context, l link, id string) error {
	open, err := u.sessions(ctx, l, id)
	if err != nil || open == 0 {
		return err
	}
	who, _ := loginOf(id)
	if _, err := l.write(ctx, "end sessions", "KILL HARD CONNECTION USER "+backticked(who.user)); err != nil {
		return err
	}
	return awaitNone(ctx, func() (int, error) { return u.sessions(ctx, l, id) })
}

// sessions counts them. Without PROCESS the server would show our own only, which
// is not none. Those of a login that is not there are those of the user's other
// logins, if there are any.
func (u users) sessions(ctx context.Context, l link, id string) (int, error) {
	if err := permitted(ctx, l, "PROCESS", bitProcess); err != nil {
		return 0, err
	}
	who, _ := loginOf(id)
	logins, err := readLogins(ctx, l, "read logins of user", "WHERE User = ?", who.user)
	if err != nil {
		return 0, err
	}
	if len(logins) > 0 && !slices.ContainsFunc(logins, func(e entry) bool { return e.login == who }) {
		return 0, nil
	}
	return count(ctx, l, "count sessions", "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE BINARY USER = BINARY ? AND ID <> CONNECTION_ID()", who.user)
}

// drop removes the login for good. What runs in its name would break, and stands in
// the way.
func (u users) drop(ctx context.Context, l link, who login) error {
	if err := u.endSessions(ctx, l, who.id()); err != nil {
		return err
	}
	defined, err := u.defined(ctx, l, who)
	if err != nil {
		return err
	}
	if len(defined) > 0 {
		return &access.Error{Code: access.Unsupported, Hint: "views, routines, triggers or events run in the user's name: it is locked, not dropped"}
	}
	if _, err := l.write(ctx, "drop user", "DROP USER "+who.quoted()); err != nil {
		return u.unlessGone(ctx, l, who.id(), err)
	}
	return nil
}
