package house_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/house"
)

// kinds has the one kind that links little.
func kinds() house.Kinds {
	return house.Kinds{"scim": func(system string, decode func(any) error) (connectors.Connector, error) {
		var c scim.Config
		if err := decode(&c); err != nil {
			return nil, err
		}
		return scim.New(system, c)
	}}
}

func open(t *testing.T, text string) (*house.House, error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "killsignal.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "people.csv"), []byte("key\nP-1042\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte("a token\n"), 0o600))
	cfg, err := config.Load(path)
	require.NoError(t, err)
	h, err := house.Open(t.Context(), cfg, house.Options{Kinds: kinds()})
	if err == nil {
		t.Cleanup(func() { require.NoError(t, h.Close()) })
	}
	return h, err
}

const two = `systems:
  - {name: wiki, kind: scim, connection: {url: "https://wiki.invalid/v2", token: "file:token"}}
  - {name: vault, kind: scim, queue: vault, slow: true, connection: {url: "https://vault.invalid/v2", token: "file:token"}}
roster: {file: people.csv}
evidence: {url: "mem://"}
`

func TestQueues(t *testing.T) {
	t.Run("a worker serves the queues of cases, and those of systems with their twins for emergencies", func(t *testing.T) {
		h, err := open(t, two)
		require.NoError(t, err)
		require.Equal(t, []string{"killsignal-emergency", "killsignal", "vault", "vault-emergency"}, h.Queues())
	})
	t.Run("a configuration that names queues means those alone", func(t *testing.T) {
		h, err := open(t, two+"worker: {queues: [vault]}\n")
		require.NoError(t, err)
		require.Equal(t, []string{"vault"}, h.Queues())
	})
}

func TestActivities(t *testing.T) {
	t.Run("planning knows the systems in the order of the file, with their queues", func(t *testing.T) {
		h, err := open(t, two)
		require.NoError(t, err)
		verbs := h.Activities()
		require.Len(t, verbs.Systems, 2)
		require.Equal(t, "wiki", verbs.Planned[0].Name)
		require.Equal(t, "vault", verbs.Planned[1].Queue)
		require.True(t, verbs.Planned[1].Slow)
		require.Equal(t, h.Config.Digest(), verbs.Digest)
	})
}

func TestOpen(t *testing.T) {
	t.Run("all that is wrong with any system is reported at once, with the lines", func(t *testing.T) {
		_, err := open(t, `systems:
  - {name: wiki, kind: scim, connection: {url: "ftp://wiki.invalid", token: "file:token"}}
  - {name: crm, kind: scim, connection: {url: "https://crm.invalid", tokn: "file:token"}}
  - {name: chat, kind: scim, connection: {url: "https://chat.invalid", token: "file:nowhere"}}
  - {name: old, kind: ldap}
roster: {file: people.csv}
evidence: {url: "mem://"}
`)
		require.Equal(t, access.Invalid, access.CodeOf(err))
		for _, part := range []string{"yaml:2:5: system wiki cannot be set up", `yaml:3:70: unknown key "tokn"`,
			"yaml:4:5: a secret of system chat is missing", `yaml:5:5: there is no kind of system named "ldap"`} {
			require.ErrorContains(t, err, part)
		}
	})
}

func TestNoEvidence(t *testing.T) {
	t.Run("whoever only looks can store nothing", func(t *testing.T) {
		require.Equal(t, access.Protected, access.CodeOf(house.NoEvidence{}.Record(t.Context(), access.Receipt{})))
		_, err := house.NoEvidence{}.Intend(t.Context(), access.Intent{})
		require.Equal(t, access.Protected, access.CodeOf(err))
	})
}
