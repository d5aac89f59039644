package sql_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/sql"
	"github.com/killsignal/killsignal/internal/servers/sqlgate"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

// How an application keeps its accounts. The ids are numbers, which MariaDB takes
// for equal to texts that start with them.
const application = `
tables:
  name: login
  find:
    user_name: {statement: "SELECT id, login FROM accounts WHERE lower(login) = lower(:key)", column: login}
    email: {statement: "SELECT id, email FROM accounts WHERE email = :key", column: email}
    employee_number: {statement: "SELECT id, staff FROM accounts WHERE staff = :key", column: staff}
  state: SELECT id, login, status FROM accounts WHERE id = :id
  locked: {column: status, values: [locked, "gone"]}
  lock: UPDATE accounts SET status = 'locked' WHERE id = :id
  unlock: UPDATE accounts SET status = 'open' WHERE id = :id
  sessions:
    list: SELECT id FROM sessions WHERE account = :id
    remove: DELETE FROM sessions WHERE id = :item AND account = :id
  rights:
    - type: role
      list: SELECT role AS id FROM roles WHERE account = :id ORDER BY role
      revoke: DELETE FROM roles WHERE account = :id AND role = :item
    - kind: credential
      type: api-key
      list: SELECT id, label AS name FROM api_keys WHERE account = :id ORDER BY id
      revoke: DELETE FROM api_keys WHERE id = :item AND account = :id
  list: SELECT id, login, status FROM accounts WHERE id > :after ORDER BY id LIMIT 1
  list_from: "0"
`

const applicationTables = `CREATE TABLE accounts (id int PRIMARY KEY, login varchar(80), email varchar(80), staff varchar(20), status varchar(20));
	CREATE TABLE sessions (id varchar(20) PRIMARY KEY, account int); CREATE TABLE roles (account int, role varchar(20)); CREATE TABLE api_keys (id varchar(20) PRIMARY KEY, account int, label varchar(20))`

const applicationPeople = `DELETE FROM accounts; DELETE FROM sessions; DELETE FROM roles; DELETE FROM api_keys;
	INSERT INTO accounts VALUES (1042, 'ada.marsh', 'ada.marsh@example.com', '1042', 'open'), (1043, 'ada.marshall', 'ada.marshall@example.com', '10423', 'open'), (1044, 'ben.okoro', 'ben.okoro@example.com', '2001', 'gone');
	INSERT INTO sessions VALUES ('s1', 1042), ('s2', 1042), ('s3', 1043); INSERT INTO roles VALUES (1042, 'admin'), (1042, 'editor'), (1043, 'admin'), (1044, 'editor');
	INSERT INTO api_keys VALUES ('k1', 1042, 'laptop'), ('k2', 1042, 'phone'), ('k3', 1043, 'laptop')`

// client is the application's database, by the side door.
type client struct {
	engine   sql.Engine
	address  string
	protocol func() sqlgate.Protocol
	login    string // how GRANT names our own login
	exec     func(statement string) error
	query    func(query string) (map[string]string, error)
	truth    string // selects id and JSON of every account
}

// app is the application as it was, and a fresh connector to it.
type app struct {
	*sql.Connector
	client
	faults *fault.Injector
}

func (c client) run(t *testing.T, statements string) {
	t.Helper()
	for _, statement := range strings.Split(statements, ";") {
		require.NoError(t, c.exec(statement), statement)
	}
}

// open makes the application as it was; change rewrites its description.
func (c client) open(t *testing.T, change ...string) *app {
	t.Helper()
	t.Setenv("APP_PASSWORD", "canary-application")
	c.run(t, applicationPeople)
	for _, table := range []string{"accounts", "sessions", "roles", "api_keys"} {
		c.run(t, "GRANT SELECT, UPDATE, DELETE ON "+table+" TO "+c.login)
	}
	o := &app{client: c, faults: fault.New()}
	host, port := split(t, sqlgate.Open(t, c.address, o.faults, c.protocol))
	text := strings.NewReplacer(change...).Replace(application) + fmt.Sprintf("engine: %s\nhost: %s\nport: %d\ndatabase: app\nuser: app\npassword: env:APP_PASSWORD\ninsecure_plaintext: true\n", c.engine, host, port)
	var config sql.Config
	require.NoError(t, yaml.UnmarshalWithOptions([]byte(text), &config, yaml.Strict()))
	var err error
	o.Connector, err = sql.New(system, config)
	require.NoError(t, err)
	return o
}

func (o *app) ref() access.AccountRef { return access.AccountRef{System: system, ID: "1042"} }

func (o *app) accounts() map[string]string {
	all, err := o.query(o.truth)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return all
}

func (o *app) harness() *connectortest.Harness {
	person := func(key access.SubjectKey, name, staff string) access.Subject {
		return access.Subject{Key: key, UserNames: []string{name}, Emails: []string{name + "@example.com"}, EmployeeNumber: staff}
	}
	return &connectortest.Harness{
		Connector: o.Connector, System: system, Account: "1042", Subject: person("P-1042", "ada.marsh", "1042"),
		Nobody: person("P-1099", "nils.ohm", "1099"), Witness: person("P-1043", "ada.marshall", "10423"),
		Truth: o.accounts, Faults: o.faults, Inapplicable: noRetryAfter(),
		Deny: func(c connectors.Capability) {
			for _, statement := range map[connectors.Capability][]string{
				connectors.CanFind:        {"REVOKE SELECT ON accounts FROM "},
				connectors.CanList:        {"REVOKE SELECT ON accounts FROM "},
				connectors.CanLock:        {"REVOKE UPDATE ON accounts FROM "},
				connectors.CanEndSessions: {"REVOKE DELETE ON sessions FROM "},
				connectors.CanRevoke:      {"REVOKE DELETE ON roles FROM ", "REVOKE DELETE ON api_keys FROM "},
			}[c] {
				if err := o.exec(statement + o.login); err != nil {
					panic(err)
				}
			}
		},
	}
}

// client is the application's tables on PostgreSQL.
func (c *cluster) client(t *testing.T) client {
	run(t, c.app, "CREATE ROLE app LOGIN PASSWORD 'canary-application'")
	o := client{engine: sql.Postgres, address: c.Address(), protocol: sqlgate.Postgres, login: "app",
		exec:  func(statement string) error { _, err := c.app.Exec(context.Background(), statement); return err },
		query: func(query string) (map[string]string, error) { return (&office{}).pairs(c.app, query), nil },
		truth: `SELECT id::text, json_build_object('account', a, 'sessions', (SELECT json_agg(s ORDER BY id) FROM sessions s WHERE s.account = a.id),
			'roles', (SELECT json_agg(role ORDER BY role) FROM roles r WHERE r.account = a.id), 'keys', (SELECT json_agg(k ORDER BY id) FROM api_keys k WHERE k.account = a.id))::text FROM accounts a`,
	}
	o.run(t, applicationTables)
	return o
}

// client is the application's tables on MariaDB.
func (s *shop) client(t *testing.T) client {
	side := s.Connect(t, "root", s.Password, "app")
	o := client{engine: sql.MariaDB, address: s.Address(), protocol: sqlgate.MariaDB, login: "app@`%`",
		exec: func(statement string) error { _, err := side.ExecContext(context.Background(), statement); return err },
		query: func(query string) (map[string]string, error) {
			all := map[string]string{}
			rows, err := side.QueryContext(context.Background(), query)
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			for rows.Next() {
				var id, truth string
				if err := rows.Scan(&id, &truth); err != nil {
					return nil, err
				}
				all[id] = truth
			}
			return all, rows.Err()
		},
		truth: `SELECT id, JSON_OBJECT('login', login, 'status', status, 'sessions', (SELECT GROUP_CONCAT(id ORDER BY id) FROM sessions s WHERE s.account = a.id),
			'roles', (SELECT GROUP_CONCAT(role ORDER BY role) FROM roles r WHERE r.account = a.id), 'keys', (SELECT GROUP_CONCAT(id, label ORDER BY id) FROM api_keys k WHERE k.account = a.id)) FROM accounts a`,
	}
	o.run(t, "CREATE USER app@`%` IDENTIFIED BY 'canary-application'")
	o.run(t, applicationTables)
	return o
}

// testTables are the hazards of tables, on either engine.
func testTables(t *testing.T, c client) {
	t.Run("conformance", func(t *testing.T) {
		connectortest.Run(t, func(t *testing.T) *connectortest.Harness { return c.open(t).harness() })
	})
	t.Run("a write that meets two rows is undone", func(t *testing.T) {
		o := c.open(t, "status = 'locked' WHERE id = :id", "status = 'locked' WHERE id >= :id")
		before := o.accounts()
		err := o.Lock(t.Context(), o.ref())
		require.Equal(t, access.Ambiguous, access.CodeOf(err))
		require.ErrorContains(t, err, "and was undone")
		require.Equal(t, before, o.accounts())
	})
	if c.engine == sql.MariaDB {
		t.Run("a write that cannot be undone is not called undone", func(t *testing.T) {
			c.run(t, "ALTER TABLE accounts ENGINE = MyISAM")
			defer c.run(t, "ALTER TABLE accounts ENGINE = InnoDB")
			err := c.open(t, "status = 'locked' WHERE id = :id", "status = 'locked' WHERE id >= :id").Lock(t.Context(), access.AccountRef{System: system, ID: "1042"})
			require.Equal(t, access.Ambiguous, access.CodeOf(err))
			require.ErrorContains(t, err, "may not have been undone")
		})
	}
	t.Run("an id that merely starts like an account's is nobody's", func(t *testing.T) {
		o := c.open(t)
		before := o.accounts()
		for _, id := range []string{"1042a", "01042", "1042.0", " 1042", "1042 "} {
			ref := access.AccountRef{System: system, ID: id}
			state, err := o.State(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, access.Absent, state.Status, id)
			require.NoError(t, o.Lock(t.Context(), ref))
			require.NoError(t, o.EndSessions(t.Context(), ref))
			require.NoError(t, o.RevokeRight(t.Context(), ref, access.Right{Kind: access.Grant, Type: "role", ID: "admin"}))
		}
		require.Equal(t, before, o.accounts())
	})
	t.Run("a look-up that is wider than it looks finds only who has the key", func(t *testing.T) {
		o := c.open(t, "WHERE email = :key", "WHERE email IS NOT NULL OR email = :key")
		found, err := o.Find(t.Context(), access.Subject{Key: "P-1042", Emails: []string{"ADA.marsh@example.com"}})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, o.ref(), found[0].Ref)
	})
	t.Run("two accounts with one user name are ambiguous", func(t *testing.T) {
		o := c.open(t)
		o.run(t, "INSERT INTO accounts VALUES (1045, 'Ada.Marsh', 'other@example.com', '9', 'open')")
		_, err := o.Find(t.Context(), access.Subject{Key: "P-1042", UserNames: []string{"ada.marsh"}})
		require.Equal(t, access.Ambiguous, access.CodeOf(err))
	})
	if c.engine == sql.Postgres { // MariaDB takes locks in a transaction that cannot write
		t.Run("a statement that writes where it should read is refused by the server", func(t *testing.T) {
			o := c.open(t, "SELECT id, email FROM accounts WHERE email = :key", "SELECT id, email FROM accounts WHERE email = :key FOR UPDATE")
			_, err := o.Find(t.Context(), access.Subject{Key: "P-1042", Emails: []string{"ada.marsh@example.com"}})
			require.Equal(t, access.Invalid, access.CodeOf(err))
		})
	}
	t.Run("a session that was open at the lock is there until it is ended", func(t *testing.T) {
		o := c.open(t)
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		seen, err := o.Sessions(t.Context(), o.ref())
		require.NoError(t, err)
		require.Equal(t, access.SessionState{Open: 2}, seen)
		require.NoError(t, o.EndSessions(t.Context(), o.ref()))
		seen, err = o.Sessions(t.Context(), o.ref())
		require.NoError(t, err)
		require.Equal(t, access.SessionState{Proof: access.SessionsZero}, seen)
	})
	t.Run("its check finds a statement that does not fit", func(t *testing.T) {
		for _, wrong := range [][]string{
			{"UPDATE accounts SET status = 'locked'", "UPDATE accounts SET state = 'locked'"},
			{"DELETE FROM roles WHERE account = :id AND role", "DELETE FROM roles WHERE account = :id AND name"},
			{"SELECT id, login, status FROM accounts WHERE id = :id", "SELECT id, login FROM accounts WHERE id = :id"},
		} {
			err := c.open(t, wrong...).Check(t.Context())
			require.Equal(t, access.Invalid, access.CodeOf(err), wrong[1])
		}
	})
}
