package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
)

func TestTemporalSettings(t *testing.T) {
	profiles := filepath.Join(t.TempDir(), "temporal.toml")
	require.NoError(t, os.WriteFile(profiles, []byte("[profile.default]\naddress = \"usual:7233\"\n[profile.prod]\naddress = \"prod:7233\"\nnamespace = \"prod\"\n"), 0o600))
	tests := []struct {
		name               string
		environment        map[string]string
		temporal           config.Temporal
		address, namespace string
	}{
		{"nothing said means the usual place", nil, config.Temporal{}, "localhost:7233", "default"},
		{"the file says where", nil, config.Temporal{Address: "file:1", Namespace: "ns"}, "file:1", "ns"},
		{"a profile fills in what the file does not say", nil, config.Temporal{Namespace: "ns", Profile: "prod", ConfigFile: profiles}, "prod:7233", "ns"},
		{"the file wins over the profile", nil, config.Temporal{Address: "file:1", Profile: "prod", ConfigFile: profiles}, "file:1", "prod"},
		{"a variable wins over the file", map[string]string{"TEMPORAL_ADDRESS": "env:1"}, config.Temporal{Address: "file:1"}, "env:1", "default"},
		{"a variable chooses the profile", map[string]string{"TEMPORAL_PROFILE": "prod"}, config.Temporal{ConfigFile: profiles}, "prod:7233", "prod"},
		{"an address alone inherits no default profile", map[string]string{"XDG_CONFIG_HOME": "none"}, config.Temporal{Address: "file:1"}, "file:1", "default"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range []string{"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"} {
				t.Setenv(name, "")
				require.NoError(t, os.Unsetenv(name))
			}
			t.Setenv("TEMPORAL_PROFILE", "")
			t.Setenv("TEMPORAL_CONFIG_FILE", "")
			t.Setenv("XDG_CONFIG_HOME", t.TempDir())
			for name, value := range test.environment {
				t.Setenv(name, value)
			}
			options, err := test.temporal.Client()
			require.NoError(t, err)
			require.Equal(t, test.address, options.HostPort)
			require.Equal(t, test.namespace, options.Namespace)
		})
	}
	t.Run("a Temporal file that is named and not there is an error", func(t *testing.T) {
		t.Setenv("TEMPORAL_CONFIG_FILE", "")
		_, err := config.Temporal{ConfigFile: "nowhere.toml"}.Client()
		require.Equal(t, access.Invalid, access.CodeOf(err))
	})
}
