package sql

import (
	"context"
	"strconv"
	"time"

	"github.com/killsignal/killsignal/access"
)

// serial makes changes to one database wait for each other: PostgreSQL lets the
// second of two at once fail.
const serial = "SELECT pg_advisory_xact_lock(5424961301)"

// altering runs do in a transaction with the role, alone. Nothing is done when the
// role is not there.
func (r roles) altering(ctx context.Context, l link, id string, do func(role) error) error {
	return change(ctx, l, "BEGIN", func() error {
		if _, err := l.read(ctx, "wait for others", serial); err != nil {
			return err
		}
		found, err := r.byID(ctx, l, id)
		switch {
		case err != nil:
			return err
		case found == nil:
			return errNothing{}
		}
		return do(*found)
	})
}

// lock bars sign-in by whichever method: NOLOGIN holds for passwords, certificates
// and Kerberos alike. The password goes, so that it cannot be used when somebody
// restores LOGIN alone. That the role altered by its name is the one with the id is
// read before the commit.
func (r roles) lock(ctx context.Context, l link, id string) error {
	err := r.altering(ctx, l, id, func(found role) error {
		if !found.login {
			return errNothing{}
		}
		if err := r.mayLock(ctx, l, found); err != nil {
			return err
		}
		if _, err := l.write(ctx, "lock role", "ALTER ROLE "+quoted(found.name)+" NOLOGIN CONNECTION LIMIT 0 VALID UNTIL '-infinity' PASSWORD NULL"); err != nil {
			return err
		}
		after, err := r.byID(ctx, l, id)
		if err == nil && (after == nil || after.login) {
			err = &access.Error{Code: access.NotConverged, Hint: "the role was renamed meanwhile"}
		}
		return err
	})
	if err != nil || r.config.Lock != Drop {
		return err
	}
	return r.drop(ctx, l, id)
}

// mayLock refuses our own role and the last superuser who can sign in, not
// counting ourselves.
func (r roles) mayLock(ctx context.Context, l link, found role) error {
	seen, err := l.read(ctx, "count superusers", `SELECT (SELECT oid = $1::oid FROM pg_roles WHERE rolname = session_user)::text,
		(SELECT count(*) FROM pg_roles WHERE rolsuper AND rolcanlogin AND oid <> $1::oid AND rolname <> session_user)::text`, found.id)
	if err != nil {
		return err
	}
	if len(seen.rows) != 1 {
		return &access.Error{Code: access.Unknown, Hint: "the superusers cannot be counted"}
	}
	switch {
	case seen.rows[0].is(0):
		return &access.Error{Code: access.Protected, Hint: "this is Killsignal's own login"}
	case found.super && seen.rows[0].at(1) == "0":
		return &access.Error{Code: access.Protected, Hint: "this is the last superuser who can sign in: make another one first"}
	}
	return nil
}

// unlock restores LOGIN, the connection limit and the validity. The password is
// gone for good: a new one must be set.
func (r roles) unlock(ctx context.Context, l link, before access.AccountState) error {
	if r.config.Lock == Drop {
		return &access.Error{Code: access.Unsupported, Hint: "the role was dropped for good: create it anew"}
	}
	options := "LOGIN"
	if limit, ok := before.Attributes[attributeLimit]; ok {
		n, err := strconv.Atoi(limit)
		if err != nil || n < -1 {
			return &access.Error{Code: access.Invalid, Hint: "the connection limit before is no number"}
		}
		options += " CONNECTION LIMIT " + strconv.Itoa(n)
	}
	if until, ok := before.Attributes[attributeUntil]; ok {
		literal := validUntil(until)
		if literal == "" {
			return &access.Error{Code: access.Invalid, Hint: "the validity before is no instant"}
		}
		options += " VALID UNTIL '" + literal + "'"
	}
	return r.altering(ctx, l, before.Ref.ID, func(found role) error {
		_, err := l.write(ctx, "unlock role", "ALTER ROLE "+quoted(found.name)+" "+options)
		return err
	})
}

// endSessions ends every backend of the role and waits until it is gone. Sessions
// are found by the oid, so that those of a dropped role are too.
func (r roles) endSessions(ctx context.Context, l link, id string) error {
	open, err := r.sessions(ctx, l, id)
	if err != nil || open == 0 {
		return err
	}
	_, err = l.write(ctx, "end sessions", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usesysid = $1::oid AND pid <> pg_backend_pid()", id)
	if err != nil {
		return err
	}
	return awaitNone(ctx, func() (int, error) { return r.sessions(ctx, l, id) })
}

// awaitNone waits for sessions that were told to end, which takes them a moment, and
// gives up without an error: whoever asked counts what is left.
func awaitNone(ctx context.Context, open func() (int, error)) error {
	for end, pause := time.Now().Add(2*time.Second), 2*time.Millisecond; time.Now().Before(end); pause = min(2*pause, 50*time.Millisecond) {
		if n, err := open(); err != nil || n == 0 {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return &access.Error{Code: access.NotConverged, Hint: "sessions are still ending", Cause: ctx.Err()}
		}
	}
	return nil
}

// sessions counts them. pg_stat_activity shows everybody who has a session to
// everybody who may read it.
func (r roles) sessions(ctx context.Context, l link, id string) (int, error) {
	return count(ctx, l, "count sessions", "SELECT count(*)::text FROM pg_stat_activity WHERE usesysid = $1::oid AND pid <> pg_backend_pid()", id)
}

// count reads one number.
func count(ctx context.Context, l link, what, statement string, args ...any) (int, error) {
	seen, err := l.read(ctx, what, statement, args...)
	if err != nil {
		return 0, err
	}
	if len(seen.rows) == 1 && len(seen.rows[0]) == 1 {
		if n, err := strconv.Atoi(seen.rows[0].at(0)); err == nil && n >= 0 {
			return n, nil
		}
	}
	return 0, &access.Error{Code: access.Unknown, Hint: "a count is no number"}
}
