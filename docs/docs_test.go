// Package docs_test holds the documents to what there is: files, tests, verbs,
// configuration and words.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/config"
)

const root = ".."

// documents are the Markdown files that people read, by their paths from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, path := range paths {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			name, err := filepath.Rel(root, path)
			require.NoError(t, err)
			all[filepath.ToSlash(name)] = string(content)
		}
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "docs/design.md", "docs/vocabulary.md", "docs/runbook.md"} {
		require.Contains(t, all, name)
	}
	return all
}

var (
	fence  = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	inCode = regexp.MustCompile("`([^`\n]+)`")
)

// prose is a document without its blocks of code.
func prose(document string) string { return fence.ReplaceAllString(document, "") }

func TestRelativeLinksLead(t *testing.T) {
	for name, document := range documents(t) {
		for _, found := range link.FindAllStringSubmatch(prose(document), -1) {
			target, _, _ := strings.Cut(found[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(root, filepath.Dir(name), target))
			require.NoError(t, err, "%s links to %s", name, target)
		}
	}
}

// The first part of a path in code type that is one of ours; others are examples.
var ours = []string{"access", "plan", "workflows", "activities", "connectors", "roster", "evidence", "report", "config",
	"worker", "starter", "demo", "internal", "deploy", "docs", ".ci"}

func TestFilesNamedInCodeTypeAreThere(t *testing.T) {
	named := regexp.MustCompile(`^[.\w-]+(/[.\w-]+)+$`)
	for name, document := range documents(t) {
		for _, found := range inCode.FindAllStringSubmatch(prose(document), -1) {
			path := found[1]
			first, _, _ := strings.Cut(path, "/")
			if !named.MatchString(path) || !slices.Contains(ours, first) || strings.Contains(path, "KIND") {
				continue
			}
			_, err := os.Stat(filepath.Join(root, path))
			require.NoError(t, err, "%s names %s", name, path)
		}
	}
}

func TestTestsThatAreNamedExist(t *testing.T) {
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, found := range declared.FindAllSubmatch(content, -1) {
			there[string(found[1])] = true
		}
		return err
	}))
	named := regexp.MustCompile(`\bTest[A-Z]\w+`)
	some := false
	for name, document := range documents(t) {
		for _, test := range named.FindAllString(document, -1) {
			require.True(t, there[test], "%s names %s", name, test)
			some = true
		}
	}
	require.True(t, some, "the documents name tests")
}

func TestVerbsThatAreNamedExist(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "starter", "*.go"))
	require.NoError(t, err)
	verbs := map[string]bool{}
	example := regexp.MustCompile(`(?m)^\s*(?:\w+: +)?.?\s+starter ([a-z]+)|starter (systems check)`)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range example.FindAllStringSubmatch(string(content), -1) {
			verbs[found[1]] = true
		}
	}
	require.True(t, verbs["terminate"] && verbs["attest"] && verbs["systems"], "verbs are taken from the examples of the help")
	called := regexp.MustCompile("(?m)(?:`|^\\$ (?:go run \\./)?)starter ([a-z]+)")
	for name, document := range documents(t) {
		for _, found := range called.FindAllStringSubmatch(document, -1) {
			require.True(t, verbs[found[1]], "%s calls starter %s", name, found[1])
		}
	}
}

func TestExampleConfigurationsLoad(t *testing.T) {
	some := false
	for name, document := range documents(t) {
		for _, found := range fence.FindAllStringSubmatch(document, -1) {
			if found[1] != "yaml" {
				continue
			}
			some = true
			path := filepath.Join(t.TempDir(), "killsignal.yaml")
			require.NoError(t, os.WriteFile(path, []byte(found[2]), 0o600))
			_, err := config.Load(path)
			require.NoError(t, err, name)
		}
	}
	require.True(t, some, "there is an example")
}

func TestEveryFolderStandsInTheReadme(t *testing.T) {
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") && entry.Name() != "bin" {
			require.Contains(t, documents(t)["README.md"], "| ["+entry.Name()+"]("+entry.Name()+") |")
		}
	}
}
