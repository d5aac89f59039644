package sql_test

import (
	"context"
	databasesql "database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/sql"
	"github.com/killsignal/killsignal/internal/servers/mariadb"
	"github.com/killsignal/killsignal/internal/servers/sqlgate"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func TestMariaDB(t *testing.T) {
	s := newShop(t)
	t.Run("conformance", func(t *testing.T) {
		connectortest.Run(t, func(t *testing.T) *connectortest.Harness { return s.open(t).harness() })
	})
	t.Run("sessions and locks", func(t *testing.T) { testUsers(t, s) })
	t.Run("rights", func(t *testing.T) { testUserRights(t, s) })
	t.Run("connections", func(t *testing.T) { testMariaDBConnections(t, s) })
	t.Run("tables", func(t *testing.T) { testTables(t, s.client(t)) })
}

// shop is a MariaDB server with people in it, for all tests of this package.
type shop struct {
	*mariadb.Server
	side *databasesql.DB // the side door
}

const shoppers = "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host NOT IN ('localhost', '127.0.0.1', '::1'); FLUSH PRIVILEGES;" +
	"CREATE DATABASE app; CREATE TABLE app.orders (id int, total int); CREATE TABLE app.`pay``roll` (id int, salary int);" +
	"CREATE PROCEDURE app.raise() SELECT 1; CREATE FUNCTION app.tax() RETURNS int RETURN 1; CREATE ROLE eng; CREATE ROLE ops;" +
	"CREATE USER `ada.marshall`@`%` IDENTIFIED BY 'word'; GRANT eng TO `ada.marshall`@`%`; GRANT ops TO `ada.marshall`@`%`; GRANT SELECT ON app.* TO `ada.marshall`@`%`;" +
	"CREATE USER `ben.okoro`@`%` IDENTIFIED BY 'word'; GRANT SELECT (id) ON app.`pay``roll` TO `ben.okoro`@`%`"

func newShop(t *testing.T) *shop {
	s := &shop{Server: mariadb.Start(t)}
	s.side = s.Connect(t, mariadb.Superuser, s.Password, "")
	s.run(t, shoppers)
	bystander, err := s.Connect(t, "ada.marshall", "word", "app").Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, bystander.PingContext(context.Background()), "the bystander's session")
		bystander.Close()
	})
	return s
}

// run runs statements with semicolons between them.
func (s *shop) run(t *testing.T, statements string) {
	t.Helper()
	for _, statement := range strings.Split(statements, ";") {
		_, err := s.side.ExecContext(context.Background(), statement)
		require.NoError(t, err, statement)
	}
}

func (s *shop) text(t *testing.T, query string, args ...any) (value string) {
	t.Helper()
	require.NoError(t, s.side.QueryRowContext(context.Background(), query, args...).Scan(&value))
	return value
}

// counter is the shop as it was, and a fresh connector to it.
type counter struct {
	*sql.Connector
	*shop
	faults *fault.Injector
	config sql.Config
	leaver *databasesql.Conn // her open session
}

const shopAgain = "DROP USER IF EXISTS `ada.marsh`@`%`, `ada.marsh`@`10.0.0.%`, killsignal@`%`;" +
	"CREATE USER killsignal@`%` IDENTIFIED BY 'canary-killsignal'; GRANT ALL PRIVILEGES ON *.* TO killsignal@`%` WITH GRANT OPTION;" +
	"GRANT eng TO killsignal@`%` WITH ADMIN OPTION; GRANT ops TO killsignal@`%` WITH ADMIN OPTION; CREATE USER `ada.marsh`@`%` IDENTIFIED BY 'her-word';" +
	"GRANT eng TO `ada.marsh`@`%`; GRANT SELECT, INSERT ON app.* TO `ada.marsh`@`%` WITH GRANT OPTION"

// open makes the shop as it was. Tests change what else they need.
func (s *shop) open(t *testing.T, configure ...func(*sql.Config)) *counter {
	t.Helper()
	t.Setenv("WAREHOUSE_PASSWORD", "canary-killsignal")
	s.endSessions(t)
	s.run(t, shopAgain)
	o := &counter{shop: s, faults: fault.New()}
	o.leaver = o.signIn(t)
	host, port := split(t, sqlgate.Open(t, s.Address(), o.faults, sqlgate.MariaDB))
	o.config = sql.Config{Engine: sql.MariaDB, Host: host, Port: port, User: "killsignal", Password: secret(t, "env:WAREHOUSE_PASSWORD"), InsecurePlaintext: true}
	for _, change := range configure {
		change(&o.config)
	}
	var err error
	o.Connector, err = sql.New(system, o.config)
	require.NoError(t, err)
	return o
}

// signIn opens a session of the leaver's.
func (s *shop) signIn(t *testing.T) *databasesql.Conn {
	t.Helper()
	c, err := s.Connect(t, "ada.marsh", "her-word", "app").Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// endSessions ends what an earlier test has left open.
func (s *shop) endSessions(t *testing.T) {
	t.Helper()
	s.run(t, "KILL USER `ada.marsh`; KILL USER killsignal")
	require.Eventually(t, func() bool {
		return s.text(t, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER IN ('ada.marsh', 'killsignal')") == "0"
	}, 30*time.Second, 2*time.Millisecond)
}

func (o *counter) ref() access.AccountRef {
	return access.AccountRef{System: system, ID: "ada.marsh@%"}
}

func (o *counter) harness() *connectortest.Harness {
	return &connectortest.Harness{
		Connector: o.Connector, System: system, Subject: ada, Nobody: nobody, Witness: marshall, Account: "ada.marsh@%",
		Truth: o.truth, Faults: o.faults, Deny: o.deny, Inapplicable: noRetryAfter(),
	}
}

// Passwords have salts, and the time at which they were set.
const truthOfUsers = `SELECT CONCAT(g.User, '@', g.Host), JSON_OBJECT('priv', JSON_EXTRACT(JSON_REMOVE(Priv, '$.password_last_changed'), '$'),
	'roles', (SELECT GROUP_CONCAT(Role ORDER BY Role) FROM mysql.roles_mapping r WHERE r.User = g.User AND r.Host = g.Host),
	'databases', (SELECT GROUP_CONCAT(Db, Select_priv, Insert_priv, Grant_priv ORDER BY Db) FROM mysql.db r WHERE r.User = g.User AND r.Host = g.Host),
	'tables', (SELECT GROUP_CONCAT(Db, Table_name, Table_priv, Column_priv ORDER BY 1) FROM mysql.tables_priv r WHERE r.User = g.User AND r.Host = g.Host),
	'columns', (SELECT GROUP_CONCAT(Db, Table_name, Column_name, Column_priv ORDER BY 1) FROM mysql.columns_priv r WHERE r.User = g.User AND r.Host = g.Host),
	'routines', (SELECT GROUP_CONCAT(Db, Routine_name, Proc_priv ORDER BY 1) FROM mysql.procs_priv r WHERE r.User = g.User AND r.Host = g.Host),
	'proxies', (SELECT GROUP_CONCAT(Proxied_user, Proxied_host ORDER BY 1) FROM mysql.proxies_priv r WHERE r.User = g.User AND r.Host = g.Host),
	'sessions', (SELECT COUNT(*) FROM information_schema.PROCESSLIST p WHERE p.USER = g.User AND p.USER LIKE 'ada%'))
	FROM mysql.global_priv g WHERE COALESCE(JSON_VALUE(Priv, '$.is_role'), '0') = '0'`

// truth is what the side door says of every user.
func (o *counter) truth() map[string]string {
	all := map[string]string{}
	rows, err := o.side.QueryContext(context.Background(), truthOfUsers)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	defer rows.Close()
	for rows.Next() {
		var id, truth string
		if err := rows.Scan(&id, &truth); err != nil {
			return map[string]string{"error": err.Error()}
		}
		all[id] = truth
	}
	return all
}

// deny takes from our user what the capability needs.
func (o *counter) deny(c connectors.Capability) {
	statements := map[connectors.Capability]string{
		connectors.CanFind:        "REVOKE ALL PRIVILEGES, GRANT OPTION FROM killsignal@`%`",
		connectors.CanLock:        "REVOKE CREATE USER, INSERT, UPDATE, DELETE ON *.* FROM killsignal@`%`",
		connectors.CanEndSessions: "REVOKE CONNECTION ADMIN, SUPER ON *.* FROM killsignal@`%`",
		connectors.CanRevoke:      "REVOKE GRANT OPTION ON *.* FROM killsignal@`%`;REVOKE ADMIN OPTION FOR eng FROM killsignal@`%`",
	}
	statements[connectors.CanList] = statements[connectors.CanFind]
	for _, statement := range strings.Split(statements[c], ";") {
		if _, err := o.side.ExecContext(context.Background(), statement); err != nil {
			panic(fmt.Sprint(statement, err))
		}
	}
}
