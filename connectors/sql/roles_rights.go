package sql

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// The types of rights of a role. Those that live in a database have its oid in
// their id.
const (
	typeMembership = "role"               // membership; role/<oid>
	typeAttribute  = "attribute"          // a power of the role itself; attribute/<name>
	typeCluster    = "cluster-privileges" // tablespaces and parameters; cluster/0
	typeDatabase   = "database-privileges"
	typeSchema     = "schema-privileges" // a schema and all in it; schema/<database>/<schema>
	typeOther      = "other-privileges"  // what is in no schema; other/<database>
	typeDefaults   = "default-privileges"
	typeOwned      = "owned-objects" // owned/<database>; 0 for databases and tablespaces themselves
)

// attributes are the powers of a role, as in pg_roles and as taken away.
var attributes = []struct{ column, name, without string }{
	{"rolsuper", "superuser", "NOSUPERUSER"},
	{"rolcreatedb", "createdb", "NOCREATEDB"},
	{"rolcreaterole", "createrole", "NOCREATEROLE"},
	{"rolreplication", "replication", "NOREPLICATION"},
	{"rolbypassrls", "bypassrls", "NOBYPASSRLS"},
}

// rights lists what the role has: in the cluster first, then in every database in
// which the shared catalogue says that it has something.
func (r roles) rights(ctx context.Context, l link, id string, _ access.RightKind) ([]access.Right, error) {
	found, err := r.byID(ctx, l, id)
	if err != nil || found == nil {
		return nil, err
	}
	var all []access.Right
	for _, list := range []func(context.Context, link, string) ([]access.Right, error){r.attributes, r.memberships, r.shared, r.owned, r.inDatabases} {
		some, err := list(ctx, l, id)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func grant(kind, id, name string) access.Right {
	return access.Right{Kind: access.Grant, Type: kind, ID: id, Name: name}
}

func (roles) attributes(ctx context.Context, l link, id string) ([]access.Right, error) {
	var columns []string
	for _, a := range attributes {
		columns = append(columns, a.column+"::text")
	}
	seen, err := l.read(ctx, "read attributes", "SELECT "+strings.Join(columns, ", ")+" FROM pg_roles WHERE oid = $1::oid", id)
	if err != nil {
		return nil, err
	}
	var all []access.Right
	for _, row := range seen.rows {
		for i, a := range attributes {
			if row.is(i) {
				all = append(all, grant(typeAttribute, "attribute/"+a.name, a.name))
			}
		}
	}
	return all, nil
}

func (roles) memberships(ctx context.Context, l link, id string) ([]access.Right, error) {
	seen, err := l.read(ctx, "list memberships", `SELECT DISTINCT g.oid::text, g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
		WHERE m.member = $1::oid ORDER BY 2`, id)
	if err != nil {
		return nil, err
	}
	var all []access.Right
	for _, row := range seen.rows {
		all = append(all, grant(typeMembership, "role/"+row.at(0), row.at(1)))
	}
	return all, nil
}

// database is one in which a role has something.
type database struct {
	id, name string
	open     bool // connections are allowed
}

// databases lists those in which the shared catalogue of dependencies names the
// role, however.
func (roles) databases(ctx context.Context, l link, id string) ([]database, error) {
	seen, err := l.read(ctx, "list databases", `SELECT DISTINCT b.oid::text, b.datname::text, b.datallowconn::text FROM pg_shdepend d JOIN pg_database b ON b.oid = d.dbid
		WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = $1::oid ORDER BY 2`, id)
	if err != nil {
		return nil, err
	}
	var all []database
	for _, row := range seen.rows {
		all = append(all, database{row.at(0), row.at(1), row.is(2)})
	}
	return all, nil
}

// owned lists the databases in which the role owns something, from the shared
// catalogue. Without an heir that is an obstacle.
func (r roles) owned(ctx context.Context, l link, id string) ([]access.Right, error) {
	seen, err := l.read(ctx, "list owned objects", `SELECT d.dbid::text, coalesce(b.datname::text, ''), count(*)::text FROM pg_shdepend d LEFT JOIN pg_database b ON b.oid = d.dbid
		WHERE `+ownedBy+` GROUP BY 1, 2 ORDER BY 2`, id)
	if err != nil {
		return nil, err
	}
	var all []access.Right
	for _, row := range seen.rows {
		right := grant(typeOwned, "owned/"+row.at(0), row.at(2)+" objects in database "+row.at(1))
		if row.at(0) == "0" {
			right.Name = row.at(2) + " databases or tablespaces"
		}
		if r.config.ReassignOwnedTo == "" {
			right.Obstacle, right.Source = access.OtherTool, "REASSIGN OWNED, or reassign_owned_to in the configuration"
		}
		all = append(all, right)
	}
	return all, nil
}

// ownedBy picks what a role owns and could be given to another. Default privileges
// and user mappings count as owned too, and end with the role.
const ownedBy = `d.refclassid = 'pg_authid'::regclass AND d.refobjid = $1::oid AND d.deptype = 'o'
	AND d.classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass)`

// inDatabases lists the privileges in every database, from within.
func (r roles) inDatabases(ctx context.Context, l link, id string) ([]access.Right, error) {
	databases, err := r.databases(ctx, l, id)
	if err != nil {
		return nil, err
	}
	var all []access.Right
	for _, b := range databases {
		if !b.open {
			right := grant(typeOther, "other/"+b.id, "privileges or objects in database "+b.name)
			right.Obstacle, right.Source = access.OtherTool, "the database, which allows no connections"
			all = append(all, right)
			continue
		}
		err := r.inside(ctx, b.name, func(inside link) error {
			held, err := r.privileges(ctx, inside, id)
			for _, p := range held {
				right := p.right(b)
				if !slices.ContainsFunc(all, func(a access.Right) bool { return a.ID == right.ID }) {
					all = append(all, right)
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b access.Right) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// inside runs do on a connection to the database.
func (r roles) inside(ctx context.Context, name string, do func(link) error) error {
	l, err := r.dial(ctx, name)
	if err != nil {
		return err
	}
	defer l.close()
	return do(l)
}

// place is where a right is, taken from its id.
type place struct{ kind, database, schema string }

var placePattern = regexp.MustCompile(`^(role|database|other|defaults|owned|cluster)/([0-9]{1,10})$|^(schema)/([0-9]{1,10})/([0-9]{1,10})$|^(attribute)/([a-z]+)$`)

// placeOf reads the id of a right; the oid of a membership and the name of an
// attribute are in database.
func placeOf(id string) (place, error) {
	m := placePattern.FindStringSubmatch(id)
	if m == nil {
		return place{}, &access.Error{Code: access.Invalid, Hint: "that is not the id of a right"}
	}
	return place{kind: m[1] + m[3] + m[6], database: m[2] + m[4] + m[7], schema: m[5]}, nil
}
