// Package e2e tests the whole house: the programs as they are built, each in a
// process of its own, a Temporal server with its state in a file, and a company
// that serves from the test, which looks at the truth through its side door.
//
// Processes are killed at the Nth request that the company sees, never after a
// time. Every wait is for a condition, and ends after half a minute.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMain builds the programs once, and puts them where they are found by name.
func TestMain(m *testing.M) {
	flag.Bool("record", false, "write the histories that workflows replays in its tests")
	// Cases wait more than they compute: three at once keep two processors busy.
	_ = flag.Set("test.parallel", "3")
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	programs, err := os.MkdirTemp("", "killsignal-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programs)
	build := exec.Command("go", "build", "-o", programs+string(filepath.Separator), "./demo", "./worker", "./starter")
	build.Dir = filepath.Join("..", "..")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build programs:", err)
		return 1
	}
	if err := os.Setenv("PATH", programs+string(filepath.ListSeparator)+os.Getenv("PATH")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
