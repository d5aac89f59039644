package kinds_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/connectors/kinds"
	"github.com/killsignal/killsignal/internal/house"
)

func TestExampleConfiguration(t *testing.T) {
	example, err := os.ReadFile("../../config.example.yaml")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "killsignal.yaml")
	secret := filepath.Join(t.TempDir(), "entra")
	require.NoError(t, os.WriteFile(secret, []byte("a client secret"), 0o600))
	require.NoError(t, os.WriteFile(path, bytes.Replace(example, []byte("file:/run/secrets/entra"), []byte("file:"+secret), 1), 0o600))
	cfg, err := config.Load(path)
	require.NoError(t, err)

	t.Run("every connection of the example is understood by its kind", func(t *testing.T) {
		t.Setenv("OKTA_API_TOKEN", "a token")
		t.Setenv("WIKI_SCIM_TOKEN", "a token")
		t.Setenv("CORP_PASSWORD", "a password")
		t.Setenv("LDAP_PASSWORD", "a password")
		t.Setenv("WAREHOUSE_PASSWORD", "a password")
		systems, err := house.Systems(cfg, kinds.All(), house.NoEvidence{})
		require.NoError(t, err)
		require.Len(t, systems, 6)
		require.True(t, systems[0].Info().IdentityProvider)
	})
	t.Run("every kind that there is stands in the example", func(t *testing.T) {
		inExample := map[string]bool{}
		for _, s := range cfg.Systems {
			inExample[s.Kind] = true
		}
		for name := range kinds.All() {
			require.True(t, inExample[name], name)
		}
	})
	t.Run("a missing secret is named with its line, and all are reported at once", func(t *testing.T) {
		t.Setenv("OKTA_API_TOKEN", "")
		t.Setenv("WIKI_SCIM_TOKEN", "")
		t.Setenv("CORP_PASSWORD", "")
		t.Setenv("LDAP_PASSWORD", "")
		t.Setenv("WAREHOUSE_PASSWORD", "")
		systems, err := house.Systems(cfg, kinds.All(), house.NoEvidence{})
		require.Equal(t, access.Invalid, access.CodeOf(err))
		require.ErrorContains(t, err, "killsignal.yaml:9:5: a secret of system okta-prod is missing")
		require.ErrorContains(t, err, "a secret of system wiki is missing")
		require.Len(t, systems, 1, "the systems that are well stay usable")
	})
}
