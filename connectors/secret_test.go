package connectors_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

func TestSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("canary-file\n"), 0o600))
	t.Setenv("DIRECTORY_TOKEN", " canary-env ")
	t.Setenv("EMPTY_TOKEN", "")

	for reference, expected := range map[string]string{"env:DIRECTORY_TOKEN": "canary-env", "file:" + file: "canary-file"} {
		t.Run("a reference is read without its surrounding white space: "+reference[:4], func(t *testing.T) {
			secret, err := connectors.ParseSecret(reference)
			require.NoError(t, err)
			value, err := secret.Value()
			require.NoError(t, err)
			require.Equal(t, expected, value)
			require.Equal(t, reference, secret.String())
			require.False(t, secret.IsZero())
		})
	}
	for _, text := range []string{"", "canary-plain", "env:", "file:", "http:canary", "ENV:X"} {
		t.Run("what is no reference is refused and not repeated: "+text, func(t *testing.T) {
			secret, err := connectors.ParseSecret(text)
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.NotContains(t, err.Error(), "canary")
			require.True(t, secret.IsZero())
		})
	}
	for _, reference := range []string{"env:EMPTY_TOKEN", "env:NO_SUCH_TOKEN", "file:" + file + ".gone"} {
		t.Run("a secret that is not there is refused: "+filepath.Base(reference), func(t *testing.T) {
			secret, err := connectors.ParseSecret(reference)
			require.NoError(t, err)
			_, err = secret.Value()
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.Contains(t, err.Error(), reference)
		})
	}
	t.Run("a rotated secret is read at the next use", func(t *testing.T) {
		secret, err := connectors.ParseSecret("file:" + file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, []byte("canary-rotated"), 0o600))
		value, err := secret.Value()
		require.NoError(t, err)
		require.Equal(t, "canary-rotated", value)
	})
}
