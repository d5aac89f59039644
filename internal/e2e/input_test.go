package e2e

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/simulator"
)

// What starter refuses before it connects is in its own transcripts; these are about
// ports and servers.
func TestBadInputGivesOneLineAndAHint(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", os.Getenv("PATH"))
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			env.Defer(func() { _ = taken.Close() })
			nobody, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			_, port, err := net.SplitHostPort(taken.Addr().String())
			require.NoError(t, err)
			env.Setenv("TAKEN", port)
			env.Setenv("NOBODY", nobody.Addr().String())
			require.NoError(t, nobody.Close())

			company, err := simulator.New(simulator.Options{Seed: 1, Apps: 1})
			require.NoError(t, err)
			require.NoError(t, company.Serve(t.Context()))
			env.Defer(func() { _ = company.Close() })
			_, err = company.WriteFiles(filepath.Join(env.WorkDir, ".killsignal"), simulator.Files{Temporal: env.Getenv("NOBODY")})
			return err
		},
	})
}
