package sql_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/sql"
	"github.com/killsignal/killsignal/internal/servers/postgres"
	"github.com/killsignal/killsignal/internal/servers/sqlgate"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

const system = "warehouse"

var (
	ada      = access.Subject{Key: "P-1042", Name: "Ada Marsh", UserNames: []string{"ada.marsh"}}
	marshall = access.Subject{Key: "P-1043", Name: "Ada Marshall", UserNames: []string{"ada.marshall"}}
	nobody   = access.Subject{Key: "P-1099", Name: "Nils Ohm", UserNames: []string{"nils.ohm"}}
)

// noRetryAfter are the checks that SQL has no words for.
func noRetryAfter() map[string]string {
	const why = "a database server never says when to come back"
	return map[string]string{
		"status 429 with a long Retry-After is rate_limited":    why,
		"one answer of not found does not make an account gone": "a table has no answer of not found for one row, but no row",
		"status 503 with a long Retry-After is unavailable":     why,
		"a 429 or 503 without Retry-After heals by itself":      "a connector over SQL sends nothing twice; the workflow does",
	}
}

func TestPostgres(t *testing.T) {
	c := newCluster(t)
	t.Run("conformance", func(t *testing.T) {
		connectortest.Run(t, func(t *testing.T) *connectortest.Harness { return c.open(t).harness() })
	})
	t.Run("sessions and locks", func(t *testing.T) { testRoles(t, c) })
	t.Run("rights", func(t *testing.T) { testRoleRights(t, c) })
	t.Run("drop", func(t *testing.T) { testRoleDrop(t, c) })
	t.Run("connections", func(t *testing.T) { testPostgresConnections(t, c) })
	t.Run("tables", func(t *testing.T) { testTables(t, c.client(t)) })
}

// cluster is a PostgreSQL server with people in it, for all tests of this package.
type cluster struct {
	*postgres.Server
	home, app *pgx.Conn // the side door, into the databases postgres and app
	oids      map[string]string
	appID     string
}

const people = `
	CREATE ROLE killsignal LOGIN SUPERUSER PASSWORD 'canary-killsignal';
	CREATE ROLE sales_owner; CREATE ROLE eng; CREATE ROLE ops;
	CREATE ROLE "ada.marsh"; CREATE ROLE "ada.marshall" LOGIN PASSWORD 'word' IN ROLE eng, ops; CREATE ROLE "ben.okoro" LOGIN IN ROLE eng`

const schema = `
	CREATE SCHEMA sales AUTHORIZATION sales_owner; CREATE SCHEMA hr;
	CREATE TABLE sales.orders (id int, total int); ALTER TABLE sales.orders OWNER TO sales_owner;
	CREATE TABLE hr."Pay ""roll" (id int, salary int); CREATE SEQUENCE hr.numbers;
	CREATE FUNCTION hr.raise(n int) RETURNS int LANGUAGE sql AS 'SELECT n';
	CREATE TABLE sales.notes (id int);
	GRANT USAGE ON SCHEMA sales, hr TO "ada.marshall", eng; GRANT SELECT, UPDATE ON sales.orders, hr."Pay ""roll" TO "ada.marshall", eng`

func newCluster(t *testing.T) *cluster {
	c := &cluster{Server: postgres.Start(t)}
	c.home = c.Connect(t, postgres.Superuser, c.Password, "postgres")
	run(t, c.home, people)
	run(t, c.home, "CREATE DATABASE app")
	c.app = c.Connect(t, postgres.Superuser, c.Password, "app")
	run(t, c.app, schema)
	c.oids = map[string]string{}
	for _, name := range []string{"ada.marsh", "ada.marshall", "killsignal", "eng"} {
		c.oids[name] = text(t, c.home, "SELECT oid::text FROM pg_roles WHERE rolname = $1", name)
	}
	c.appID = text(t, c.home, "SELECT oid::text FROM pg_database WHERE datname = 'app'")
	marshall := c.Connect(t, "ada.marshall", "word", "app") // a bystander's session, which must go on
	t.Cleanup(func() { require.NoError(t, marshall.Ping(context.Background()), "the bystander's session") })
	return c
}

func run(t *testing.T, c *pgx.Conn, statements string) {
	t.Helper()
	_, err := c.Exec(context.Background(), statements, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
}

func text(t *testing.T, c *pgx.Conn, query string, args ...any) (value string) {
	t.Helper()
	require.NoError(t, c.QueryRow(context.Background(), query, args...).Scan(&value))
	return value
}

// office is the cluster as it was, and a fresh connector to it.
type office struct {
	*sql.Connector
	*cluster
	faults *fault.Injector
	config sql.Config
	leaver []*pgx.Conn // her open sessions, one to each database
}

// The leaver is made anew under her old oid: everything about her is as it was.
const again = `
	ALTER ROLE killsignal SUPERUSER CREATEROLE; REVOKE pg_signal_backend FROM killsignal; REVOKE sales_owner FROM killsignal;
	ALTER ROLE "ada.marsh" LOGIN NOSUPERUSER NOCREATEDB CONNECTION LIMIT 7 VALID UNTIL '2099-01-01 00:00:00+00' PASSWORD 'her-word';
	GRANT eng TO "ada.marsh"; GRANT SELECT ON pg_catalog.pg_roles TO PUBLIC; GRANT CONNECT ON DATABASE app TO PUBLIC`

const againInApp = `
	GRANT USAGE ON SCHEMA hr TO "ada.marsh"; GRANT SELECT (id), UPDATE (salary) ON hr."Pay ""roll" TO "ada.marsh"; ALTER TABLE sales.notes OWNER TO "ada.marsh"`

// more is one right of every other type.
const more = `ALTER ROLE "ada.marsh" CREATEDB; GRANT ops TO "ada.marsh"; GRANT CONNECT ON DATABASE app TO "ada.marsh"`

const moreInApp = `
	GRANT USAGE ON SCHEMA sales TO "ada.marsh"; GRANT SELECT, INSERT ON sales.orders TO "ada.marsh"; GRANT USAGE ON SEQUENCE hr.numbers TO "ada.marsh";
	GRANT EXECUTE ON FUNCTION hr.raise TO "ada.marsh"; ALTER DEFAULT PRIVILEGES FOR ROLE sales_owner IN SCHEMA sales GRANT SELECT ON TABLES TO "ada.marsh"`

// open makes the cluster as it was. Tests change what else they need.
func (c *cluster) open(t *testing.T, configure ...func(*sql.Config)) *office {
	t.Helper()
	t.Setenv("WAREHOUSE_PASSWORD", "canary-killsignal")
	c.endSessions(t)
	run(t, c.home, again)
	run(t, c.app, againInApp)
	o := &office{cluster: c, faults: fault.New()}
	for _, database := range []string{"app", "postgres"} {
		o.leaver = append(o.leaver, c.Connect(t, "ada.marsh", "her-word", database))
	}
	host, port := split(t, sqlgate.Open(t, c.Address(), o.faults, sqlgate.Postgres))
	o.config = sql.Config{Engine: sql.Postgres, Host: host, Port: port, User: "killsignal", Password: secret(t, "env:WAREHOUSE_PASSWORD"),
		InsecurePlaintext: true, ReassignOwnedTo: "sales_owner"}
	for _, change := range configure {
		change(&o.config)
	}
	var err error
	o.Connector, err = sql.New(system, o.config)
	require.NoError(t, err)
	return o
}

// endSessions ends what an earlier test has left open.
func (c *cluster) endSessions(t *testing.T) {
	t.Helper()
	const theirs = " FROM pg_stat_activity WHERE usename IN ('ada.marsh', 'killsignal')"
	run(t, c.home, "SELECT pg_terminate_backend(pid)"+theirs)
	require.Eventually(t, func() bool { return text(t, c.home, "SELECT count(*)::text"+theirs) == "0" }, 30*time.Second, 2*time.Millisecond)
}

func (o *office) ref() access.AccountRef {
	return access.AccountRef{System: system, ID: o.oids["ada.marsh"]}
}

// harness hands the office to the suite.
func (o *office) harness() *connectortest.Harness {
	return &connectortest.Harness{
		Connector: o.Connector, System: system, Subject: ada, Nobody: nobody, Witness: marshall, Account: o.oids["ada.marsh"],
		Truth: o.truth, Bystanders: o.bystanders, Faults: o.faults, Deny: o.deny, Inapplicable: noRetryAfter(),
	}
}

// Who uses the side door and the connector itself comes and goes.
const truthOfRoles = `SELECT oid::text, (to_jsonb(a) - 'rolpassword' || jsonb_build_object('password', rolpassword IS NOT NULL,
	'roles', (SELECT jsonb_agg('role/' || roleid ORDER BY roleid) FROM pg_auth_members WHERE member = a.oid),
	'databases', (SELECT jsonb_agg(datname || ' ' || x.privilege_type ORDER BY 1) FROM pg_database, aclexplode(datacl) x WHERE x.grantee = a.oid),
	'sessions', (SELECT count(*) FROM pg_stat_activity WHERE usesysid = a.oid AND rolname LIKE 'ada%')))::text FROM pg_authid a WHERE rolname !~ '^pg_'`

const truthOfObjects = `SELECT coalesce(x.grantee, 0)::text, jsonb_agg(what || ' ' || x.privilege_type || ' by ' || x.grantor ORDER BY what, x.privilege_type)::text FROM (
	SELECT 'schema/' || nspname AS what, nspacl AS acl, nspowner AS owner FROM pg_namespace UNION ALL SELECT relnamespace::regnamespace || '.' || relname, relacl, relowner FROM pg_class
	UNION ALL SELECT attrelid::regclass || '.' || attname, attacl, 0 FROM pg_attribute WHERE attacl IS NOT NULL UNION ALL SELECT proname, proacl, proowner FROM pg_proc
	UNION ALL SELECT 'defaults', defaclacl, defaclrole FROM pg_default_acl) o, aclexplode(acl) x WHERE x.grantee <> owner GROUP BY 1`

// truth is what the side door says of every role.
func (o *office) truth() map[string]string {
	truth, objects := o.pairs(o.home, truthOfRoles), o.pairs(o.app, truthOfObjects)
	for id := range truth {
		truth[id] = fmt.Sprintf(`{"role": %s, "objects": %s}`, truth[id], orNull(objects[id]))
	}
	return truth
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return s
}

// bystanders is what everybody may do, and how many objects each schema has.
func (o *office) bystanders() string {
	return o.pairs(o.app, truthOfObjects)["0"] + fmt.Sprint(o.pairs(o.app, "SELECT relnamespace::regnamespace::text, string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind IN ('r', 'S') AND relnamespace > 16383 GROUP BY 1"))
}

func (o *office) pairs(c *pgx.Conn, query string) map[string]string {
	all := map[string]string{}
	rows, err := c.Query(context.Background(), query)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	defer rows.Close()
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return map[string]string{"error": err.Error()}
		}
		all[key] = value
	}
	return all
}

// deny takes from our role what the capability needs.
func (o *office) deny(c connectors.Capability) {
	statements := map[connectors.Capability]string{
		connectors.CanFind:        "ALTER ROLE killsignal NOSUPERUSER; REVOKE SELECT ON pg_catalog.pg_roles FROM PUBLIC",
		connectors.CanLock:        "ALTER ROLE killsignal NOSUPERUSER NOCREATEROLE",
		connectors.CanEndSessions: "ALTER ROLE killsignal NOSUPERUSER",
		connectors.CanRevoke:      "ALTER ROLE killsignal NOSUPERUSER; GRANT pg_signal_backend, sales_owner TO killsignal; REVOKE CONNECT ON DATABASE app FROM PUBLIC",
	}
	statements[connectors.CanList] = statements[connectors.CanFind]
	if _, err := o.home.Exec(context.Background(), statements[c], pgx.QueryExecModeSimpleProtocol); err != nil {
		panic(err)
	}
}
