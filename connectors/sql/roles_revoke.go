package sql

import (
	"context"
	"slices"

	"github.com/killsignal/killsignal/access"
)

// revoke removes one right, in one transaction in the database where it is.
func (r roles) revoke(ctx context.Context, l link, id string, right access.Right) error {
	at, err := placeOf(right.ID)
	if err != nil {
		return err
	}
	switch at.kind {
	case "attribute":
		return r.altering(ctx, l, id, func(found role) error { return r.disempower(ctx, l, found, at.database) })
	case "role":
		return r.altering(ctx, l, id, func(found role) error { return r.leave(ctx, l, found, at.database) })
	case "database", "cluster":
		return r.altering(ctx, l, id, func(found role) error { return r.strip(ctx, l, found, at, r.sharedPrivileges) })
	case "owned":
		if r.config.ReassignOwnedTo == "" {
			return &access.Error{Code: access.Unsupported, Hint: "nobody is named to take over what the role owns: set reassign_owned_to"}
		}
	}
	if at.kind == "owned" && at.database == "0" {
		return r.altering(ctx, l, id, func(found role) error { return r.reassign(ctx, l, found) })
	}
	databases, err := r.databases(ctx, l, id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(databases, func(b database) bool { return b.id == at.database })
	if i < 0 {
		return nil // nothing is there any more
	}
	return r.inside(ctx, databases[i].name, func(inside link) error {
		return r.altering(ctx, inside, id, func(found role) error {
			if at.kind == "owned" {
				return r.reassign(ctx, inside, found)
			}
			return r.strip(ctx, inside, found, at, r.privileges)
		})
	})
}

// disempower takes one attribute away, and the last superuser's never.
func (r roles) disempower(ctx context.Context, l link, found role, name string) error {
	held, err := r.attributes(ctx, l, found.id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(held, func(right access.Right) bool { return right.ID == "attribute/"+name }) {
		return errNothing{}
	}
	if name == "superuser" {
		if err := r.mayLock(ctx, l, found); err != nil {
			return err
		}
	}
	for _, a := range attributes {
		if a.name == name {
			_, err = l.write(ctx, "take attribute away", "ALTER ROLE "+quoted(found.name)+" "+a.without)
		}
	}
	return err
}

// leave ends a membership. Since PostgreSQL 16 it may have been granted more than
// once, and ends only with every grant.
func (r roles) leave(ctx context.Context, l link, found role, group string) error {
	seen, err := l.read(ctx, "read membership", `SELECT g.rolname::text, coalesce(b.rolname::text, ''), current_setting('server_version_num')::int >= 160000
		FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid LEFT JOIN pg_roles b ON b.oid = m.grantor WHERE m.member = $1::oid AND m.roleid = $2::oid`, found.id, group)
	if err != nil {
		return err
	}
	if len(seen.rows) == 0 {
		return errNothing{}
	}
	for _, row := range seen.rows {
		statement := "REVOKE " + quoted(row.at(0)) + " FROM " + quoted(found.name)
		if row.is(2) && row.at(1) != "" {
			statement += " GRANTED BY " + quoted(row.at(1))
		}
		if _, err := l.write(ctx, "leave role", statement); err != nil {
			return err
		}
	}
	left, err := r.memberships(ctx, l, found.id)
	if err == nil && slices.ContainsFunc(left, func(right access.Right) bool { return right.ID == "role/"+group }) {
		err = &access.Error{Code: access.Denied, Hint: hintPermission}
	}
	return err
}

// reassign gives what the role owns, in the database of the connection and in the
// cluster, to the heir, grants and all.
func (r roles) reassign(ctx context.Context, l link, found role) error {
	const left = `SELECT count(*)::text FROM pg_shdepend d WHERE ` + ownedBy + ` AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))`
	n, err := count(ctx, l, "count owned objects", left, found.id)
	switch {
	case err != nil:
		return err
	case n == 0:
		return errNothing{}
	case r.config.ReassignOwnedTo == found.name:
		return &access.Error{Code: access.Invalid, Hint: "reassign_owned_to is the leaver"}
	}
	if _, err := l.write(ctx, "reassign owned objects", "REASSIGN OWNED BY "+quoted(found.name)+" TO "+quoted(r.config.ReassignOwnedTo)); err != nil {
		return err
	}
	n, err = count(ctx, l, "count owned objects", left, found.id)
	if err == nil && n > 0 {
		err = &access.Error{Code: access.Denied, Hint: "objects are left that the server does not hand over"}
	}
	return err
}

// drop removes the role for good, after everything it owns has an heir. DROP OWNED
// then finds privileges only; that nothing owned is left is read in the same
// transaction. What stands in the way leaves the role disabled.
func (r roles) drop(ctx context.Context, l link, id string) error {
	if err := r.endSessions(ctx, l, id); err != nil {
		return err
	}
	databases, err := r.databases(ctx, l, id)
	if err != nil {
		return err
	}
	for _, b := range databases {
		if err := r.inside(ctx, b.name, func(inside link) error { return r.altering(ctx, inside, id, r.shed(ctx, inside)) }); err != nil {
			return err
		}
	}
	if err := r.altering(ctx, l, id, r.shed(ctx, l)); err != nil {
		return err
	}
	return r.altering(ctx, l, id, func(found role) error {
		_, err := l.write(ctx, "drop role", "DROP ROLE "+quoted(found.name))
		return err
	})
}

// shed hands over what the role owns and drops its privileges, in one database.
func (r roles) shed(ctx context.Context, l link) func(role) error {
	return func(found role) error {
		owned, err := r.owned(ctx, l, found.id)
		if err != nil {
			return err
		}
		if len(owned) > 0 && r.config.ReassignOwnedTo == "" {
			return &access.Error{Code: access.Unsupported, Hint: "the role owns objects and nobody is named to take them over: it is disabled, not dropped"}
		}
		err = r.reassign(ctx, l, found)
		if _, nothing := err.(errNothing); err != nil && !nothing {
			return err
		}
		_, err = l.write(ctx, "drop privileges", "DROP OWNED BY "+quoted(found.name))
		return err
	}
}
