// Package internal holds the tests about the house as a whole: who may import whom,
// and what production is made of.
package internal

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/killsignal/killsignal/"

// room is a package and what it imports.
type room struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func (r room) name() string { return strings.TrimPrefix(r.ImportPath, module) }

// all are the imports of the package and of its tests.
func (r room) all() []string { return slices.Concat(r.Imports, r.TestImports, r.XTestImports) }

func TestImportsGoOneWay(t *testing.T) {
	rooms := rooms(t)
	for _, rule := range []struct {
		room, why string
		may       func(imported string) bool
	}{
		{"access", "access imports the standard library only", standard},
		{"plan", "plan decides without clock and I/O", func(imported string) bool {
			return standard(imported) && !world(imported) || imported == module+"access"
		}},
		{"workflows", "workflows name activities and plan, and reach nothing of the world", func(imported string) bool {
			return !world(imported) && !strings.HasPrefix(imported, module) ||
				slices.Contains([]string{module + "access", module + "plan", module + "activities"}, imported)
		}},
		{"connectors", "connectors do not know who calls them", func(imported string) bool {
			return !strings.HasPrefix(imported, module) || imported == module+"access" || imported == module+"connectors/transport"
		}},
		{"connectors/transport", "the transport knows no connector", func(imported string) bool {
			return !strings.HasPrefix(imported, module) || imported == module+"access"
		}},
		{"internal/simulator/fault", "faults are the standard library's only", standard},
	} {
		t.Run(rule.why, func(t *testing.T) {
			i := slices.IndexFunc(rooms, func(r room) bool { return r.name() == rule.room })
			require.GreaterOrEqual(t, i, 0, "the room is there")
			require.Empty(t, slices.DeleteFunc(slices.Clone(rooms[i].Imports), rule.may))
		})
	}
}

func TestHeavyPackagesAreImportedInOnePlace(t *testing.T) {
	mains := []string{"worker", "starter", "demo"}
	for _, rule := range []struct {
		why      string
		imported func(string) bool
		by       []string // rooms that may
		tests    bool     // tests anywhere may too
	}{
		{"only connectors/entraid imports Microsoft's models", under("github.com/microsoftgraph"), []string{"connectors/entraid"}, false},
		{"only connectors/okta imports Okta's SDK", under("github.com/okta"), []string{"connectors/okta"}, true},
		{"only mains import the list of kinds", under(module + "connectors/kinds"), mains, true},
		{"only internal/devserver imports Temporal's server", under("go.temporal.io/server"), []string{"internal/devserver"}, false},
		{"only internal/devserver imports Temporal's UI", under("github.com/temporalio/ui-server/v2"), []string{"internal/devserver"}, false},
	} {
		t.Run(rule.why, func(t *testing.T) {
			met := false
			for _, r := range rooms(t) {
				imports := r.all()
				if rule.tests {
					imports = r.Imports
				}
				if slices.ContainsFunc(imports, rule.imported) {
					met = true
					require.Contains(t, rule.by, r.name())
				}
			}
			require.True(t, met, "somebody imports it")
		})
	}
}

func TestProductionCarriesNoServerAndNoSimulator(t *testing.T) {
	for _, program := range []string{"worker", "starter"} {
		dependencies := strings.Fields(list(t, "-deps", "../"+program))
		require.Contains(t, dependencies, module+"internal/house", "the list is that of %s", program)
		for _, unwanted := range []string{module + "internal/devserver", module + "internal/simulator", "go.temporal.io/server"} {
			require.False(t, slices.ContainsFunc(dependencies, under(unwanted)), "%s depends on %s", program, unwanted)
		}
	}
	t.Run("the demo carries both, so that the list would tell", func(t *testing.T) {
		dependencies := strings.Fields(list(t, "-deps", "../demo"))
		require.True(t, slices.ContainsFunc(dependencies, under("go.temporal.io/server")))
		require.True(t, slices.ContainsFunc(dependencies, under(module+"internal/simulator")))
	})
}

// TestWholeHouseTestsLinkLittle keeps the tests of internal/e2e quick to build: they
// start the programs that carry the server and Microsoft's models.
func TestWholeHouseTestsLinkLittle(t *testing.T) {
	dependencies := strings.Fields(list(t, "-deps", "-test", "./e2e"))
	for _, unwanted := range []string{"go.temporal.io/server", "github.com/microsoftgraph"} {
		require.False(t, slices.ContainsFunc(dependencies, under(unwanted)), unwanted)
	}
}

// standard tells whether a package is of the standard library.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// world tells whether a package reaches out of the process.
func world(imported string) bool {
	return slices.ContainsFunc([]string{"os", "net", "syscall", "io/fs", "io/ioutil", "database", "math/rand", "crypto/rand"}, func(p string) bool {
		return under(p)(imported)
	})
}

// under tells of packages at and below a path.
func under(path string) func(string) bool {
	return func(imported string) bool { return imported == path || strings.HasPrefix(imported, path+"/") }
}

// rooms lists every package of the module.
func rooms(t *testing.T) (all []room) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(list(t, "-json=ImportPath,Imports,TestImports,XTestImports", "../...")))
	for decoder.More() {
		var r room
		require.NoError(t, decoder.Decode(&r))
		all = append(all, r)
	}
	return all
}

func list(t *testing.T, arguments ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	command := exec.Command("go", append([]string{"list"}, arguments...)...)
	command.Stderr = &stderr
	out, err := command.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}
