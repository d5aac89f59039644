package sql_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/sql"
)

const minimal = "engine: postgres\nhost: db.example.com\nuser: killsignal\npassword: env:WAREHOUSE_PASSWORD\n"

func read(text string) (*sql.Connector, error) {
	var c sql.Config
	if err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict()); err != nil {
		return nil, err
	}
	return sql.New(system, c)
}

func TestConfig(t *testing.T) {
	t.Run("a wrong one is refused, and what was wrong is not repeated", func(t *testing.T) {
		for name, text := range map[string]string{
			"no engine":                       strings.Replace(minimal, "engine: postgres", "", 1),
			"an unknown engine":               strings.Replace(minimal, "postgres", "secret", 1),
			"no host":                         strings.Replace(minimal, "host: db.example.com", "", 1),
			"a port that is none":             minimal + "port: 70000",
			"no user":                         strings.Replace(minimal, "user: killsignal", "", 1),
			"no password":                     strings.Replace(minimal, "password: env:WAREHOUSE_PASSWORD", "", 1),
			"plaintext that leaves the host":  minimal + "insecure_plaintext: true",
			"an authority for plaintext":      strings.Replace(minimal, "db.example.com", "127.0.0.1", 1) + "insecure_plaintext: true\nca_file: secret",
			"a negative time":                 minimal + "timeout: -1s",
			"an unknown correlator":           minimal + "correlators: [secret]",
			"an unknown lock":                 minimal + "lock: secret",
			"an heir whose name is none":      minimal + "reassign_owned_to: \"" + strings.Repeat("secret", 11) + "\"",
			"an heir in MariaDB":              strings.Replace(minimal, "postgres", "mariadb", 1) + "reassign_owned_to: secret",
			"a lock of logins beside tables":  minimal + "lock: drop\n" + application,
			"tables without a statement find": minimal + strings.Replace(application, "find:", "find: {}\n  list_from: x\n  name: x\n  ignored:", 1),
		} {
			t.Run(name, func(t *testing.T) {
				_, err := read(text)
				require.Error(t, err)
				require.NotContains(t, err.Error(), "secret")
			})
		}
	})
	t.Run("tables that say too little or contradict themselves are refused", func(t *testing.T) {
		for name, change := range map[string][2]string{
			"no state":                      {"  state: SELECT id, login, status FROM accounts WHERE id = :id\n", ""},
			"no lock":                       {"  lock: UPDATE accounts SET status = 'locked' WHERE id = :id\n", ""},
			"nothing that means locked":     {"values: [locked, \"gone\"]", "values: []"},
			"a look-up without a column":    {", column: staff", ""},
			"sessions that cannot be ended": {"    remove: DELETE FROM sessions WHERE id = :item AND account = :id\n", ""},
			"a right without a type":        {"    - type: role\n", "    - kind: grant\n"},
			"one type twice":                {"type: api-key", "type: role"},
			"an unknown kind":               {"kind: credential", "kind: secret"},
			"a contradiction on sessions":   {"  name: login", "  name: login\n  sessions_outlive: 1h\n  lock_ends_sessions: true"},
		} {
			t.Run(name, func(t *testing.T) {
				require.Contains(t, application, change[0])
				_, err := read(minimal + strings.Replace(application, change[0], change[1], 1))
				require.Equal(t, access.Invalid, access.CodeOf(err))
				require.NotContains(t, err.Error(), "secret")
			})
		}
	})
	t.Run("what an instance can do is what its statements do", func(t *testing.T) {
		c, err := read(minimal + "tables:\n  find: {email: {statement: \"SELECT id, email FROM a WHERE email = :key\", column: email}}\n" +
			"  state: SELECT id, off FROM a WHERE id = :id\n  locked: {column: off, values: [t]}\n  lock: UPDATE a SET off = true WHERE id = :id\n")
		require.NoError(t, err)
		require.Equal(t, []connectors.Capability{connectors.CanFind, connectors.CanLock}, connectors.Capabilities(c))
		require.Equal(t, []access.Correlator{access.ByEmail}, c.Info().Keys)
		require.Equal(t, 24*time.Hour, c.Info().Outlives)
		require.Empty(t, c.Info().Restores)
		c, err = read(minimal)
		require.NoError(t, err)
		require.Len(t, connectors.Capabilities(c), 5)
		require.Zero(t, c.Info().Outlives, "the sessions of a server are counted")
	})
}

func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/connectors/sql.md")
	require.NoError(t, err)
	blocks := strings.Split(string(page), "```yaml\n")[1:]
	require.Len(t, blocks, 2)
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		path := filepath.Join(t.TempDir(), "killsignal.yaml")
		require.NoError(t, os.WriteFile(path, []byte(text+"roster:\n  file: people.csv\nevidence:\n  url: evidence\n"), 0o600))
		cfg, err := config.Load(path)
		require.NoError(t, err)
		var c sql.Config
		require.NoError(t, cfg.Systems[0].Decode(&c))
		_, err = sql.New(cfg.Systems[0].Name, c)
		require.NoError(t, err, cfg.Systems[0].Name)
	}
}

func TestStatements(t *testing.T) {
	// where is the line of the statement state in the file.
	load := func(t *testing.T, statement string) error {
		t.Helper()
		path := filepath.Join(t.TempDir(), "killsignal.yaml")
		connection := minimal + strings.Replace(application, "SELECT id, login, status FROM accounts WHERE id = :id", statement, 1)
		text := "systems:\n  - name: warehouse\n    kind: sql\n    connection:\n      " + strings.ReplaceAll(connection, "\n", "\n      ") +
			"\nroster:\n  file: people.csv\nevidence:\n  url: evidence\n"
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		cfg, err := config.Load(path)
		require.NoError(t, err)
		var c sql.Config
		return cfg.Systems[0].Decode(&c)
	}
	t.Run("one that is as it should be is taken", func(t *testing.T) {
		for _, statement := range []string{
			"SELECT id, login, status FROM accounts WHERE id = :id",
			"select id::text, status from accounts where id = :id and note <> ':id; -- no'' comment'",
			"SELECT `id`, \"status\" FROM a WHERE id=:id OR other=:id",
		} {
			require.NoError(t, load(t, "'"+strings.ReplaceAll(statement, "'", "''")+"'"), statement)
		}
	})
	for name, statement := range map[string]string{
		"without a parameter":          "SELECT id, status FROM accounts",
		"without the key":              "SELECT id, status FROM accounts WHERE id = :key",
		"with a parameter of its own":  "SELECT id, status FROM accounts WHERE id = :id AND tenant = :tenant",
		"with a parameter in quotes":   "SELECT id, status FROM accounts WHERE id = ':id'",
		"with a second statement":      "SELECT id FROM accounts WHERE id = :id; DROP TABLE accounts",
		"with a comment":               "SELECT id FROM accounts WHERE id = :id -- AND active",
		"with a comment of the engine": "SELECT id FROM accounts /*! WHERE id = :id */",
		"with a comment of MariaDB":    "SELECT id FROM accounts # :id",
		"with an escape":               `SELECT id FROM accounts WHERE id = :id AND x = '\\'`,
		"with a quotation without end": "SELECT id FROM accounts WHERE id = :id AND x = 'y",
		"with numbered parameters":     "SELECT id FROM accounts WHERE id = $1 OR id = :id",
		"with nameless parameters":     "SELECT id FROM accounts WHERE id = ? OR id = :id",
		"with a dollar quotation":      "SELECT id FROM accounts WHERE id = :id AND x = $$y$$",
		"that writes instead":          "DELETE FROM accounts WHERE id = :id",
		"that calls instead":           "CALL lock_account(:id)",
		"that hides a write":           "WITH gone AS (DELETE FROM accounts WHERE id = :id RETURNING id) SELECT id FROM gone",
		"that is empty":                " ",
	} {
		t.Run("one "+name+" is refused at its line", func(t *testing.T) {
			err := load(t, "\""+strings.ReplaceAll(strings.ReplaceAll(statement, `\`, `\\`), `"`, `\"`)+"\"")
			require.Error(t, err)
			require.ErrorContains(t, err, "killsignal.yaml:16:", "the line of the statement")
			require.NotContains(t, err.Error(), "accounts", "the statement is not repeated")
		})
	}
}
