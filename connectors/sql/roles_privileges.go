package sql

import (
	"context"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// privilege is what one grantor gave the role on one object.
type privilege struct {
	kind    string // database, cluster, schema, other, defaults
	space   string // oid of the schema, or of the database
	where   string // name of the schema, or of the database
	on      string // the object, as in REVOKE … ON
	grantor string
	owner   string
}

// right is the group of privileges that this one belongs to: a schema and all in
// it is one right.
func (p privilege) right(b database) access.Right {
	switch p.kind {
	case "schema":
		return grant(typeSchema, "schema/"+b.id+"/"+p.space, "schema "+p.where+" in database "+b.name)
	case "defaults":
		return grant(typeDefaults, "defaults/"+b.id, "objects yet to be made in database "+b.name)
	case "database":
		return grant(typeDatabase, "database/"+p.space, "database "+p.where)
	case "cluster":
		return grant(typeCluster, "cluster/0", "tablespaces and parameters")
	}
	return grant(typeOther, "other/"+b.id, "objects outside schemas in database "+b.name)
}

// in tells whether the privilege belongs to the right.
func (p privilege) in(at place) bool {
	return p.kind == at.kind && (p.kind != "schema" || p.space == at.schema) && (p.kind != "database" || p.space == at.database)
}

// Every row below says: kind, schema, its name, the word for REVOKE, the name in
// parts, arguments, owner, access list. What an owner has of right is not listed.
const withinDatabase = `
	SELECT 'schema' AS kind, c.relnamespace AS space, n.nspname AS place, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS word,
		c.relname AS name, NULL AS arguments, c.relowner AS owner, c.relacl AS acl FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	UNION ALL SELECT 'schema', c.relnamespace, n.nspname, 'TABLE', c.relname, NULL, c.relowner, a.attacl
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	UNION ALL SELECT 'schema', p.pronamespace, n.nspname, 'ROUTINE', p.proname, pg_get_function_identity_arguments(p.oid), p.proowner, p.proacl
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	UNION ALL SELECT 'schema', t.typnamespace, n.nspname, 'TYPE', t.typname, NULL, t.typowner, t.typacl
		FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
	UNION ALL SELECT 'schema', oid, nspname, 'SCHEMA', NULL, NULL, nspowner, nspacl FROM pg_namespace
	UNION ALL SELECT 'other', 0, '', 'LANGUAGE', lanname, NULL, lanowner, lanacl FROM pg_language
	UNION ALL SELECT 'other', 0, '', 'FOREIGN DATA WRAPPER', fdwname, NULL, fdwowner, fdwacl FROM pg_foreign_data_wrapper
	UNION ALL SELECT 'other', 0, '', 'FOREIGN SERVER', srvname, NULL, srvowner, srvacl FROM pg_foreign_server
	UNION ALL SELECT 'other', 0, '', 'LARGE OBJECT', oid::text::name, NULL, lomowner, lomacl FROM pg_largeobject_metadata
	UNION ALL SELECT 'defaults', coalesce(n.oid, 0), coalesce(n.nspname, ''), CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
		WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END, NULL, NULL, d.defaclrole, d.defaclacl
		FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace`

const withinCluster = `
	SELECT 'database' AS kind, oid AS space, datname AS place, 'DATABASE' AS word, datname AS name, NULL AS arguments, datdba AS owner, datacl AS acl FROM pg_database
	UNION ALL SELECT 'cluster', 0, '', 'TABLESPACE', spcname, NULL, spcowner, spcacl FROM pg_tablespace`

// Parameters have privileges since PostgreSQL 15, and no owner but the server's.
const withParameters = `
	UNION ALL SELECT 'cluster', 0, '', 'PARAMETER', parname::name, NULL, 10, paracl FROM pg_parameter_acl`

// granted lists what the access lists of a part of the catalogue give the role.
func (roles) granted(ctx context.Context, l link, id, within string) ([]privilege, error) {
	seen, err := l.read(ctx, "list privileges", `SELECT DISTINCT o.kind, o.space::text, o.place::text, o.word, o.name::text, o.arguments, g.rolname::text, w.rolname::text
		FROM (`+within+`) o CROSS JOIN LATERAL aclexplode(o.acl) a JOIN pg_roles g ON g.oid = a.grantor JOIN pg_roles w ON w.oid = o.owner
		WHERE a.grantee = $1::oid AND o.owner <> $1::oid ORDER BY 1, 3, 4, 5, 6, 7`, id)
	if err != nil {
		return nil, err
	}
	var all []privilege
	for _, r := range seen.rows {
		all = append(all, privilege{kind: r.at(0), space: r.at(1), where: r.at(2), grantor: r.at(6), owner: r.at(7),
			on: object(r.at(0), r.at(3), r.at(2), r.at(4), r.at(5))})
	}
	return all, nil
}

// object is how REVOKE names what a privilege is on.
func object(kind, word, schema, name, arguments string) string {
	switch {
	case kind == "defaults" || word == "LARGE OBJECT":
		return word + " " + name // a keyword, or a number
	case word == "SCHEMA":
		return word + " " + quoted(schema)
	case word == "ROUTINE":
		return word + " " + quoted(schema, name) + "(" + arguments + ")" // quoted by the server
	case word == "PARAMETER":
		return word + " " + quoted(strings.Split(name, ".")...)
	case kind == "schema":
		return word + " " + quoted(schema, name)
	}
	return word + " " + quoted(name)
}

// privileges lists those in the database of the connection.
func (r roles) privileges(ctx context.Context, l link, id string) ([]privilege, error) {
	return r.granted(ctx, l, id, withinDatabase)
}

// sharedPrivileges lists those on databases, tablespaces and parameters.
func (r roles) sharedPrivileges(ctx context.Context, l link, id string) ([]privilege, error) {
	version, err := count(ctx, l, "read version", "SELECT current_setting('server_version_num')")
	if err != nil {
		return nil, err
	}
	within := withinCluster
	if version >= 150000 {
		within += withParameters
	}
	return r.granted(ctx, l, id, within)
}

func (r roles) shared(ctx context.Context, l link, id string) ([]access.Right, error) {
	held, err := r.sharedPrivileges(ctx, l, id)
	if err != nil {
		return nil, err
	}
	var all []access.Right
	for _, p := range held {
		right := p.right(database{})
		if len(all) == 0 || all[len(all)-1].ID != right.ID {
			all = append(all, right)
		}
	}
	return all, nil
}

// statement takes the privilege away.
func (p privilege) statement(role string) string {
	if p.kind != "defaults" {
		return "REVOKE ALL PRIVILEGES ON " + p.on + " FROM " + quoted(role)
	}
	in := ""
	if p.where != "" {
		in = " IN SCHEMA " + quoted(p.where)
	}
	return "ALTER DEFAULT PRIVILEGES FOR ROLE " + quoted(p.owner) + in + " REVOKE ALL PRIVILEGES ON " + p.on + " FROM " + quoted(role)
}

// strip takes away every privilege of one right, each as its grantor: a revocation
// by the owner leaves what others granted. A revocation that we may not make is a
// mere warning in PostgreSQL, so what is left is read before the commit.
func (r roles) strip(ctx context.Context, l link, found role, at place, list func(context.Context, link, string) ([]privilege, error)) error {
	held, err := list(ctx, l, found.id)
	if err != nil {
		return err
	}
	revoked := 0
	for _, p := range held {
		if !p.in(at) {
			continue
		}
		revoked++
		foreign := p.kind != "defaults" && p.grantor != p.owner
		if foreign {
			if _, err := l.read(ctx, "act as grantor", "SET LOCAL ROLE "+quoted(p.grantor)); err != nil {
				return err
			}
		}
		if _, err := l.write(ctx, "revoke privileges", p.statement(found.name)); err != nil {
			return err
		}
		if foreign {
			if _, err := l.read(ctx, "act as ourselves", "SET LOCAL ROLE NONE"); err != nil {
				return err
			}
		}
	}
	if revoked == 0 {
		return errNothing{}
	}
	left, err := list(ctx, l, found.id)
	if err != nil {
		return err
	}
	for _, p := range left {
		if p.in(at) {
			return &access.Error{Code: access.Denied, Hint: hintPermission}
		}
	}
	return nil
}
