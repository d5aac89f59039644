package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/connectors"
)

var update = flag.Bool("update", false, "write the expected messages anew")

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "killsignal.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

const small = `systems:
  - name: okta-prod
    kind: okta
    connection: {url: "https://example.okta.com", token: "file:secrets/okta"}
roster: {file: people.csv}
`

// describe prints every problem of an error with its hint.
func describe(err error) string {
	var lines []string
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, err := range all {
		var p *config.Problem
		if errors.As(err, &p) {
			lines = append(lines, p.Error(), "  hint: "+p.Hint)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestLoad(t *testing.T) {
	good, err := filepath.Glob("testdata/*.good.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, good)
	for _, path := range good {
		t.Run(filepath.Base(path)+" is accepted", func(t *testing.T) {
			_, err := config.Load(path)
			require.NoError(t, err)
		})
	}
	bad, err := filepath.Glob("testdata/*.bad.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, bad)
	for _, path := range bad {
		t.Run(filepath.Base(path)+" is refused with the message beside it", func(t *testing.T) {
			_, err := config.Load(path)
			require.Error(t, err)
			require.Equal(t, access.Invalid, access.CodeOf(err))
			message := strings.TrimSuffix(path, ".yaml") + ".txt"
			if *update {
				require.NoError(t, os.WriteFile(message, []byte(describe(err)), 0o644))
			}
			expected, readErr := os.ReadFile(message)
			require.NoError(t, readErr)
			require.Equal(t, string(expected), describe(err))
		})
	}
	t.Run("a file that is not there is named", func(t *testing.T) {
		_, err := config.Load("nowhere.yaml")
		require.ErrorContains(t, err, "nowhere.yaml: there is no such file")
	})
	t.Run("what the file does not say has safe defaults", func(t *testing.T) {
		path := write(t, small)
		c, err := config.Load(path)
		require.NoError(t, err)
		require.Equal(t, 15*time.Minute, c.Policy.Patience)
		require.Equal(t, "security", c.Policy.TaskOwner)
		require.Equal(t, "file://"+filepath.Join(filepath.Dir(path), "evidence"), c.Evidence.URL)
		require.Equal(t, filepath.Join(filepath.Dir(path), "spool"), c.Evidence.Spool)
	})
	t.Run("relative paths are relative to the file", func(t *testing.T) {
		path := write(t, small)
		c, err := config.Load(path)
		require.NoError(t, err)
		require.Equal(t, filepath.Join(filepath.Dir(path), "people.csv"), c.Roster.File)
		var connection struct {
			URL   string            `yaml:"url"`
			Token connectors.Secret `yaml:"token"`
		}
		require.NoError(t, c.Systems[0].Decode(&connection))
		require.Equal(t, "file:"+filepath.Join(filepath.Dir(path), "secrets/okta"), connection.Token.String())
	})
}

func TestDecode(t *testing.T) {
	type kind struct {
		URL    string            `yaml:"url"`
		Token  connectors.Secret `yaml:"token"`
		Settle time.Duration     `yaml:"settle"`
	}
	decode := func(t *testing.T, connection string) error {
		c, err := config.Load(write(t, "systems:\n  - name: okta-prod\n    kind: okta\n"+connection+"roster: {file: people.csv}\n"))
		require.NoError(t, err)
		return c.Systems[0].Decode(&kind{})
	}
	t.Run("an unknown key is refused with its line and the nearest key", func(t *testing.T) {
		err := decode(t, "    connection:\n      url: https://example.okta.com\n      tokne: env:OKTA\n")
		require.ErrorContains(t, err, `killsignal.yaml:6:7: unknown key "tokne"`)
		require.Contains(t, describe(err), `the nearest key is "token"`)
	})
	t.Run("a secret in clear is refused with its line and not repeated", func(t *testing.T) {
		err := decode(t, "    connection:\n      token: hunter2\n")
		require.ErrorContains(t, err, "killsignal.yaml:5:14: the value is refused")
		require.NotContains(t, describe(err), "hunter2")
		require.Contains(t, describe(err), "write env:NAME or file:/path")
	})
	t.Run("a number is no duration", func(t *testing.T) {
		require.ErrorContains(t, decode(t, "    connection: {settle: 5}\n"), `the value must be a duration such as "15m"`)
	})
	t.Run("a system without a connection is named with its line", func(t *testing.T) {
		require.ErrorContains(t, decode(t, ""), "killsignal.yaml:2:5: the system has no connection")
	})
}

func TestDigest(t *testing.T) {
	load := func(t *testing.T, text string) string {
		c, err := config.Load(write(t, text))
		require.NoError(t, err)
		return c.Digest()
	}
	one := load(t, small)
	require.Len(t, one, 64)
	t.Run("comments, layout and the order of keys do not count", func(t *testing.T) {
		require.Equal(t, one, load(t, `# a comment
roster:
  file: people.csv
systems: [{kind: okta, name: okta-prod, connection: {token: "file:secrets/okta", url: "https://example.okta.com"}}]
`))
	})
	t.Run("a value counts", func(t *testing.T) {
		require.NotEqual(t, one, load(t, strings.Replace(small, "people.csv", "others.csv", 1)))
	})
}

func TestFind(t *testing.T) {
	t.Setenv(config.Variable, "")
	t.Run("every place is named when there is none", func(t *testing.T) {
		t.Chdir(t.TempDir())
		_, err := config.Find("")
		require.Equal(t, access.Invalid, access.CodeOf(err))
		for _, place := range []string{"--config", "$KILLSIGNAL_CONFIG", "./killsignal.yaml", "./.killsignal/config.yaml"} {
			require.ErrorContains(t, err, place)
		}
	})
	t.Run("the flag wins over the variable, the variable over files, and your own file over the demo's", func(t *testing.T) {
		dir := t.TempDir()
		t.Chdir(dir)
		found := func(flag string) string {
			path, err := config.Find(flag)
			require.NoError(t, err)
			return path
		}
		require.NoError(t, os.Mkdir(".killsignal", 0o700))
		require.NoError(t, os.WriteFile(".killsignal/config.yaml", nil, 0o600))
		require.Equal(t, "./.killsignal/config.yaml", found(""))
		require.NoError(t, os.WriteFile("killsignal.yaml", nil, 0o600))
		require.Equal(t, "./killsignal.yaml", found(""))
		t.Setenv(config.Variable, "elsewhere.yaml")
		require.Equal(t, "elsewhere.yaml", found(""))
		require.Equal(t, "flag.yaml", found("flag.yaml"))
	})
}

func TestBrakesAreOnByDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "killsignal.yaml")
	require.NoError(t, os.WriteFile(path, []byte("systems:\n  - {name: a, kind: scim, connection: {}}\n  - {name: b, kind: scim, connection: {}, limits: {accounts: 5, window: 2h}}\nroster: {file: people.csv}\n"), 0o600))
	cfg, err := config.Load(path)
	require.NoError(t, err)
	require.Equal(t, connectors.Limit{Accounts: 100, Window: time.Hour}, cfg.Systems[0].Limits)
	require.Equal(t, connectors.Limit{Accounts: 5, Window: 2 * time.Hour}, cfg.Systems[1].Limits)
}
