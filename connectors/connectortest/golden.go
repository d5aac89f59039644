package connectortest

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// golden says which checks ran on a connector, and why others did not.
const golden = "testdata/conformance.golden"

var update = flag.Bool("update", false, "rewrite the golden files of tests")

// witness is a test that remembers why it was skipped.
type witness struct {
	*testing.T
	why string
}

// Skip skips the test.
func (w *witness) Skip(args ...any) {
	w.why = fmt.Sprint(args...)
	w.T.Skip(args...)
}

func (w *witness) verdict() string {
	if w.why == "" {
		return "ran"
	}
	return "skipped: " + w.why
}

// requireGolden requires the verdicts to be those of the golden file. Of a run of
// some checks only, what did not run is not compared.
func requireGolden(t *testing.T, verdicts map[string]string) {
	t.Helper()
	known, err := readGolden()
	require.NoError(t, err)
	mine := func(name string) bool { return strings.HasPrefix(name, t.Name()+"/") }
	if *update {
		if len(verdicts) == len(checks()) {
			maps.DeleteFunc(known, func(name, _ string) bool { return mine(name) })
		}
		maps.Copy(known, verdicts)
		require.NoError(t, writeGolden(known))
		return
	}
	for _, name := range slices.Sorted(maps.Keys(verdicts)) {
		if known[name] != verdicts[name] {
			t.Errorf("%s: the golden file says %q, and now it is %q; go test -update rewrites it", name, known[name], verdicts[name])
		}
	}
	for name := range known {
		if _, done := verdicts[name]; mine(name) && !done && len(verdicts) == len(checks()) {
			t.Errorf("%s: stands in the golden file, and there is no such check; go test -update rewrites it", name)
		}
	}
}

// readGolden reads lines of a test's name, a tab and its verdict.
func readGolden() (map[string]string, error) {
	known := map[string]string{}
	content, err := os.ReadFile(golden)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	for line := range strings.Lines(string(content)) {
		name, verdict, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		known[name] = verdict
	}
	return known, err
}

func writeGolden(known map[string]string) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(known)) {
		fmt.Fprintf(&b, "%s\t%s\n", name, known[name])
	}
	if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
		return err
	}
	return os.WriteFile(golden, []byte(b.String()), 0o644)
}
