package sql

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// The types of rights of a user. What is in a database is one right.
const (
	typeGlobal  = "global-privileges"
	typeTables  = "table-privileges"    // on tables, columns and routines of a database
	typeProxy   = "proxy"               // may act as another user
	typeDefined = "objects-in-its-name" // views, routines, triggers, events with the user as definer
)

// rights lists what the login has, from the server's own tables. They hold names
// only, so that an id is a type and a name.
func (u users) rights(ctx context.Context, l link, id string, _ access.RightKind) ([]access.Right, error) {
	found, err := u.byID(ctx, l, id)
	if err != nil || found == nil {
		return nil, err
	}
	var all []access.Right
	for _, list := range []func(context.Context, link, login) ([]access.Right, error){u.global, u.roles, u.databases, u.tables, u.proxies, u.defined} {
		some, err := list(ctx, l, found.login)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// rightID is the id of a right with these names.
func rightID(kind string, names ...string) string {
	id := kind
	for _, name := range names {
		id += "/" + base64.RawURLEncoding.EncodeToString([]byte(name))
	}
	return id
}

// namesOf reads the names out of the id of a right of this type.
func namesOf(right access.Right, n int) ([]string, error) {
	parts := strings.Split(right.ID, "/")
	invalid := &access.Error{Code: access.Invalid, Hint: "that is not the id of a right"}
	if len(parts) != n+1 || parts[0] != right.Type {
		return nil, invalid
	}
	var names []string
	for _, part := range parts[1:] {
		name, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || n == 1 && len(name) == 0 || !sound(string(name)) {
			return nil, invalid
		}
		names = append(names, string(name))
	}
	return names, nil
}

// listed makes one right of every row.
func listed(ctx context.Context, l link, kind, what, statement string, args ...any) ([]access.Right, error) {
	seen, err := l.read(ctx, what, statement, args...)
	if err != nil {
		return nil, err
	}
	var all []access.Right
	for _, row := range seen.rows {
		var names []string
		for i := range row {
			names = append(names, row.at(i))
		}
		all = append(all, grant(kind, rightID(kind, names...), strings.Join(names, "@")))
	}
	return all, nil
}

// global lists the privileges on everything; USAGE is none.
func (users) global(ctx context.Context, l link, who login) ([]access.Right, error) {
	n, err := count(ctx, l, "read global privileges", "SELECT COUNT(*) FROM mysql.global_priv WHERE User = ? AND Host = ? AND CAST(COALESCE(JSON_VALUE(Priv, '$.access'), '0') AS UNSIGNED) <> 0", who.user, who.host)
	if err != nil || n == 0 {
		return nil, err
	}
	return []access.Right{grant(typeGlobal, typeGlobal, "privileges on every database")}, nil
}

func (users) roles(ctx context.Context, l link, who login) ([]access.Right, error) {
	return listed(ctx, l, typeMembership, "list roles", "SELECT Role FROM mysql.roles_mapping WHERE User = ? AND Host = ? ORDER BY Role", who.user, who.host)
}

// databases lists privileges on databases, whose names may be patterns.
func (users) databases(ctx context.Context, l link, who login) ([]access.Right, error) {
	return listed(ctx, l, typeDatabase, "list privileges on databases", "SELECT Db FROM mysql.db WHERE User = ? AND Host = ? ORDER BY Db", who.user, who.host)
}

func (users) tables(ctx context.Context, l link, who login) ([]access.Right, error) {
	return listed(ctx, l, typeTables, "list privileges on tables", `SELECT Db FROM mysql.tables_priv WHERE User = ? AND Host = ?
		UNION SELECT Db FROM mysql.columns_priv WHERE User = ? AND Host = ? UNION SELECT Db FROM mysql.procs_priv WHERE User = ? AND Host = ? ORDER BY 1`,
		who.user, who.host, who.user, who.host, who.user, who.host)
}

func (users) proxies(ctx context.Context, l link, who login) ([]access.Right, error) {
	return listed(ctx, l, typeProxy, "list proxies", "SELECT Proxied_user, Proxied_host FROM mysql.proxies_priv WHERE User = ? AND Host = ? ORDER BY 1, 2", who.user, who.host)
}

// defined lists the databases with objects that run in the user's name, by whoever
// calls them or by the clock, whether the user is locked or not.
func (users) defined(ctx context.Context, l link, who login) ([]access.Right, error) {
	all, err := listed(ctx, l, typeDefined, "list objects in its name", `SELECT TABLE_SCHEMA FROM information_schema.VIEWS WHERE DEFINER = ?
		UNION SELECT TRIGGER_SCHEMA FROM information_schema.TRIGGERS WHERE DEFINER = ?
		UNION SELECT db FROM mysql.proc WHERE definer = ? UNION SELECT db FROM mysql.event WHERE definer = ? ORDER BY 1`, who.id(), who.id(), who.id(), who.id())
	for i := range all {
		all[i].Obstacle, all[i].Source = access.OtherTool, "ALTER … DEFINER of the views, routines, triggers and events of this database"
	}
	return all, err
}

// revoke removes one right. What is gone already is no error.
func (u users) revoke(ctx context.Context, l link, id string, right access.Right) error {
	found, err := u.byID(ctx, l, id)
	if err != nil || found == nil {
		return err
	}
	switch right.Type {
	case typeGlobal:
		return u.strip(ctx, l, *found, "*.*")
	case typeMembership:
		names, err := namesOf(right, 1)
		if err != nil {
			return err
		}
		return u.take(ctx, l, "leave role", "REVOKE "+backticked(names[0])+" FROM "+found.quoted())
	case typeDatabase:
		names, err := namesOf(right, 1)
		if err != nil {
			return err
		}
		return u.strip(ctx, l, *found, backticked(names[0])+".*")
	case typeTables:
		names, err := namesOf(right, 1)
		if err != nil {
			return err
		}
		return u.stripDatabase(ctx, l, *found, names[0])
	case typeProxy:
		names, err := namesOf(right, 2)
		if err != nil {
			return err
		}
		return u.take(ctx, l, "leave proxy", "REVOKE PROXY ON "+backticked(names[0])+"@"+backticked(names[1])+" FROM "+found.quoted())
	}
	return &access.Error{Code: access.Invalid, Hint: "that is not the type of a right"}
}

// take runs one revocation; a grant that is not there is taken.
func (users) take(ctx context.Context, l link, what, statement string) error {
	_, err := l.write(ctx, what, statement)
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	return err
}

// strip takes every privilege on one thing, and the power to pass it on, which ALL
// does not hold. The last administrator keeps them.
func (u users) strip(ctx context.Context, l link, found entry, on string) error {
	if on == "*.*" {
		if err := u.mayLock(ctx, l, found); err != nil {
			return err
		}
	}
	for _, privilege := range []string{"ALL PRIVILEGES", "GRANT OPTION"} {
		if err := u.take(ctx, l, "revoke privileges", "REVOKE "+privilege+" ON "+on+" FROM "+found.quoted()); err != nil {
			return err
		}
	}
	return nil
}

// stripDatabase takes the privileges on every table and routine of a database.
func (u users) stripDatabase(ctx context.Context, l link, found entry, name string) error {
	seen, err := l.read(ctx, "list privileges on tables", `SELECT 'TABLE', Table_name FROM mysql.tables_priv WHERE User = ? AND Host = ? AND Db = ?
		UNION SELECT 'TABLE', Table_name FROM mysql.columns_priv WHERE User = ? AND Host = ? AND Db = ?
		UNION SELECT Routine_type, Routine_name FROM mysql.procs_priv WHERE User = ? AND Host = ? AND Db = ?`,
		found.user, found.host, name, found.user, found.host, name, found.user, found.host, name)
	if err != nil {
		return err
	}
	for _, row := range seen.rows {
		word, ok := map[string]string{"TABLE": "TABLE", "PROCEDURE": "PROCEDURE", "FUNCTION": "FUNCTION", "PACKAGE": "PACKAGE", "PACKAGE BODY": "PACKAGE BODY"}[row.at(0)]
		if !ok {
			return &access.Error{Code: access.Unsupported, Hint: "a privilege is on a kind of object that is not known here"}
		}
		if err := u.strip(ctx, l, found, word+" "+backticked(name)+"."+backticked(row.at(1))); err != nil {
			return err
		}
	}
	return nil
}
