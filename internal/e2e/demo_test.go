package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// demoTime bounds a whole demo, troubles included.
const demoTime = 90 * time.Second

func TestTheDemoEndsAsItMustTwiceInOneFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, run := range []string{"first", "second"} {
		demo := launch(t, folder, "demo", "--exit", "--apps", "30", "--temporal-port", "0", "--ui-port", "0")
		require.Zero(t, demo.code(t, demoTime), "the %s run", run)
		require.Contains(t, demo.out.String(), "every cell and every account is as it must be, and nobody else was touched")
		require.Empty(t, demo.err.String())
	}
	page, err := os.ReadFile(filepath.Join(folder, ".killsignal", "report.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "INCOMPLETE: 1 system open")
}

func TestTheDemoStaysUpForTheCommandLineAndEndsWithCtrlC(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	up := func() *process {
		demo := launch(t, folder, "demo", "--apps", "5", "--temporal-port", "0", "--ui-port", "0")
		until(t, demoTime, "the demo to be settled", func() bool {
			return strings.Contains(demo.out.String(), "stays up until Ctrl-C") || !demo.running()
		})
		require.True(t, demo.running())
		return demo
	}
	demo := up()
	t.Run("starter works from the same folder without a flag", func(t *testing.T) {
		listed := call(t, folder, "starter", "status")
		require.Zero(t, listed.code, listed.err)
		require.Contains(t, listed.out, "P-1042")
		status := call(t, folder, "starter", "status", "P-1042")
		require.Equal(t, 3, status.code, "work remains: %s", status.err)
		require.Contains(t, status.out, "denied")
		report := call(t, folder, "starter", "report", "P-1042")
		require.Zero(t, report.code, report.err)
	})
	t.Run("Ctrl-C ends it with exit code 0", func(t *testing.T) {
		require.Zero(t, demo.interrupt(t), demo.err)
		require.Empty(t, demo.err.String())
	})
	t.Run("after kill -9 it starts again in the same folder", func(t *testing.T) {
		up().kill()
		require.Zero(t, up().interrupt(t))
	})
}
