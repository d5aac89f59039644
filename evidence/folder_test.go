package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
)

// roleVariable makes the test binary play another process.
const (
	roleVariable   = "KILLSIGNAL_TEST_ROLE"
	folderVariable = "KILLSIGNAL_TEST_FOLDER"
	nameVariable   = "KILLSIGNAL_TEST_NAME"
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "contend":
		os.Exit(contend(os.Getenv(folderVariable), os.Getenv(nameVariable)))
	case "scribble":
		os.Exit(scribble(os.Getenv(folderVariable), os.Getenv(nameVariable)))
	}
}

func process(t *testing.T, role, root, name string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, folderVariable+"="+root, nameVariable+"="+name)
	return cmd
}

const contested = 40

// contend tries to admit the same events as other processes do, and prints who won each.
func contend(root, name string) int {
	ctx := context.Background()
	s, err := Open(ctx, Options{URL: folderURL(root)})
	if err != nil {
		return 1
	}
	for i := range contested {
		stored, _, err := s.Admit(ctx, ada(fmt.Sprint("event-", i), name))
		if err != nil {
			return 1
		}
		fmt.Println(stored.ID, stored.FirstRun)
	}
	return 0
}

// scribble writes records until it is killed.
func scribble(root, name string) int {
	ctx := context.Background()
	s, err := Open(ctx, Options{URL: folderURL(root)})
	if err != nil {
		return 1
	}
	for i := 0; ; i++ {
		r := receipt(access.Lock, fmt.Sprint("scim-", i%7), noon.Add(time.Duration(i)))
		r.Name = name + strings.Repeat(" and so on", 2000)
		if err := s.Record(ctx, r); err != nil {
			return 1
		}
	}
}

func TestProcessesContend(t *testing.T) {
	root := filepath.Join(t.TempDir(), "evidence")
	var processes []*exec.Cmd
	outputs := make([]bytes.Buffer, 4)
	for i := range outputs {
		cmd := process(t, "contend", root, fmt.Sprint("run-", i))
		cmd.Stdout = &outputs[i]
		require.NoError(t, cmd.Start())
		processes = append(processes, cmd)
	}
	for i, cmd := range processes {
		require.NoError(t, cmd.Wait())
		require.Equal(t, outputs[0].String(), outputs[i].String(), "all processes see the same winner of every event")
	}
	require.Equal(t, contested, strings.Count(outputs[0].String(), "\n"))
}

func TestKilledWriters(t *testing.T) {
	root := filepath.Join(t.TempDir(), "evidence")
	s := open(t, Options{URL: folderURL(root)})
	seen := 0
	for round := range 15 {
		cmd := process(t, "scribble", root, fmt.Sprint("round-", round))
		require.NoError(t, cmd.Start())
		// Killed as soon as a few more records are there, in the midst of the next one.
		require.Eventually(t, func() bool {
			names, err := s.list(t.Context(), "", "cases/", long)
			return err == nil && len(names) > seen+round
		}, 30*time.Second, time.Millisecond)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())

		names, err := s.list(t.Context(), "", "cases/", long)
		require.NoError(t, err)
		seen = len(names)
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			require.NoError(t, err)
			require.True(t, json.Valid(data), "half a record has a name")
			require.Contains(t, name, digest(data)[:16])
		}
	}
	t.Run("what they left behind is cleared away once it is old", func(t *testing.T) {
		drafts := filepath.Join(root, writing)
		stale := filepath.Join(drafts, "stale")
		require.NoError(t, os.WriteFile(stale, nil, 0o600))
		require.NoError(t, os.Chtimes(stale, time.Time{}, time.Now().Add(-2*leftover)))
		fresh := filepath.Join(drafts, "fresh")
		require.NoError(t, os.WriteFile(fresh, nil, 0o600))
		open(t, Options{URL: folderURL(root)})
		require.NoFileExists(t, stale)
		require.FileExists(t, fresh, "somebody may be writing it")
	})
}

func TestOrderOfSyncs(t *testing.T) {
	root := filepath.Join(t.TempDir(), "evidence")
	f := newFolder(root)
	require.NoError(t, f.open())
	named := func() bool { _, err := os.Lstat(filepath.Join(root, "cases/a/one.json")); return err == nil }
	var order []string
	f.sync = func(file *os.File) error {
		name, err := filepath.Rel(root, file.Name())
		require.NoError(t, err)
		if strings.HasPrefix(name, writing) {
			name = "draft"
		}
		order = append(order, fmt.Sprintf("%s %t", name, named()))
		return file.Sync()
	}
	require.NoError(t, f.create(t.Context(), "cases/a/one.json", []byte("1")))
	require.Equal(t, []string{"draft false", ". false", "cases false", "cases/a true"}, order,
		"the record before its name, the folders on the way, the name before the answer")

	order = nil
	require.NoError(t, f.create(t.Context(), "cases/a/two.json", []byte("2")))
	require.Equal(t, []string{"draft true", "cases/a true"}, order, "two syncs a record")

	order = nil
	require.ErrorIs(t, f.create(t.Context(), "cases/a/one.json", []byte("1")), fs.ErrExist)
	require.Equal(t, []string{"cases/a true"}, order, "a name that is taken is on disk before anyone relies on it")

	t.Run("a record that cannot be synced gets no name", func(t *testing.T) {
		f.sync = func(*os.File) error { return fs.ErrPermission }
		require.Error(t, f.create(t.Context(), "cases/a/three.json", []byte("3")))
		_, err := f.read(t.Context(), "cases/a/three.json")
		require.ErrorIs(t, err, fs.ErrNotExist)
		drafts, err := os.ReadDir(filepath.Join(root, writing))
		require.NoError(t, err)
		require.Empty(t, drafts)
	})
}

func TestFolderKeepsToItself(t *testing.T) {
	root := filepath.Join(t.TempDir(), "deep", "evidence")
	s := open(t, Options{URL: folderURL(root)})
	_, _, err := s.Admit(t.Context(), ada("event-1", "run-1"))
	require.NoError(t, err)
	t.Run("nobody else may read it", func(t *testing.T) {
		files := 0
		require.NoError(t, filepath.WalkDir(root, func(_ string, entry fs.DirEntry, err error) error {
			require.NoError(t, err)
			info, err := entry.Info()
			require.NoError(t, err)
			if entry.IsDir() {
				require.Equal(t, fs.FileMode(0o700), info.Mode().Perm(), entry.Name())
			} else {
				files++
				require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), entry.Name())
			}
			return nil
		}))
		require.Equal(t, 2, files)
	})
	t.Run("no name leads out of it", func(t *testing.T) {
		f := newFolder(root)
		for _, name := range []string{"../x", "/x", "a/../../x", ".writing/x", "a/.x", "", "."} {
			require.ErrorIs(t, f.create(t.Context(), name, nil), fs.ErrInvalid, name)
		}
	})
	t.Run("a folder of a case that was taken away is made again", func(t *testing.T) {
		require.NoError(t, s.Record(t.Context(), receipt(access.Lock, "okta", noon)))
		require.NoError(t, os.RemoveAll(filepath.Join(root, "cases")))
		if s.Record(t.Context(), receipt(access.Lock, "okta", noon)) != nil {
			require.NoError(t, s.Record(t.Context(), receipt(access.Lock, "okta", noon)))
		}
		receipts, err := s.Receipts(t.Context(), "event-1")
		require.NoError(t, err)
		require.Len(t, receipts, 1)
	})
	t.Run("a damaged record is said to be so", func(t *testing.T) {
		file := filepath.Join(root, "events", "event-1.json")
		require.NoError(t, os.WriteFile(file, []byte(`{"opened":`), 0o600))
		_, err := s.Case(t.Context(), "event-1")
		require.Equal(t, access.Invalid, access.CodeOf(err))
		require.NotContains(t, err.Error(), root)
	})
}
