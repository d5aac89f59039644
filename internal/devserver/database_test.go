package devserver

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/killsignal/killsignal/access"
)

func TestAnOlderFileIsBroughtUpToDate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "temporal.db")
	old, err := openDatabase(path)
	require.NoError(t, err)
	require.NoError(t, old.createNamespace(Options{Namespace: "default", Retention: 24 * time.Hour}))
	old.unlock()

	first, err := Start(t.Context(), Options{Database: path, UIPort: -1})
	require.NoError(t, err)
	c := connect(t, first.Address())
	require.Equal(t, MinRetention, retentionOf(t, c))
	require.NotContains(t, attributesOf(t, c), "SubjectKey")
	first.Stop()

	t.Run("attributes that it lacks are added", func(t *testing.T) {
		s := start(t, Options{Database: path, UIPort: -1, SearchAttributes: attributesInUse, Retention: 100 * 24 * time.Hour})
		c := connect(t, s.Address())
		require.Equal(t, 100*24*time.Hour, retentionOf(t, c))
		require.Equal(t, enums.INDEXED_VALUE_TYPE_KEYWORD, attributesOf(t, c)["SubjectKey"])
	})
	t.Run("a longer retention and further attributes stay", func(t *testing.T) {
		s := start(t, Options{Database: path, UIPort: -1})
		c := connect(t, s.Address())
		require.Equal(t, 100*24*time.Hour, retentionOf(t, c))
		require.Contains(t, attributesOf(t, c), "SubjectKey")
	})
	t.Run("an attribute of another type is refused", func(t *testing.T) {
		_, err := Start(t.Context(), Options{Database: path, UIPort: -1,
			SearchAttributes: map[string]enums.IndexedValueType{"SubjectKey": enums.INDEXED_VALUE_TYPE_INT}})
		require.Equal(t, access.Invalid, access.CodeOf(err))
		require.ErrorContains(t, err, "SubjectKey")
	})
}

func TestASetUpThatWasCutOffIsDoneAgain(t *testing.T) {
	for _, tt := range []struct{ name, leftover string }{
		{"an unfinished file is there", "temporal.db.new"},
		{"an empty file is there", "temporal.db"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			content := []byte("half a schema")
			if tt.leftover == "temporal.db" {
				content = nil
			}
			require.NoError(t, os.WriteFile(filepath.Join(folder, tt.leftover), content, 0o600))
			d, err := openDatabase(filepath.Join(folder, "temporal.db"))
			require.NoError(t, err)
			defer d.unlock()
			require.NoError(t, d.createNamespace(Options{Namespace: "default", Retention: MinRetention}))
			require.NoFileExists(t, filepath.Join(folder, "temporal.db.new"))
		})
	}
}

func TestWhatCannotStartSaysWhyAndStartsNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	taken := listener.Addr().(*net.TCPAddr).Port

	tests := []struct {
		name    string
		options func(database string) Options
		code    access.Code
		says    string
	}{
		{"the server's port is taken", func(db string) Options { return Options{Database: db, FrontendPort: taken} },
			access.Unavailable, fmt.Sprintf("port %d on 127.0.0.1 is taken", taken)},
		{"the UI's port is taken", func(db string) Options { return Options{Database: db, UIPort: taken} },
			access.Unavailable, fmt.Sprintf("port %d on 127.0.0.1 is taken", taken)},
		{"the retention is too short", func(db string) Options { return Options{Database: db, Retention: time.Hour} },
			access.Invalid, "90 days"},
		{"the folder is missing", func(db string) Options { return Options{Database: filepath.Join(db, "deeper.db")} },
			access.Invalid, "folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			database := filepath.Join(t.TempDir(), "temporal.db")
			_, err := Start(t.Context(), tt.options(database))
			require.Equal(t, tt.code, access.CodeOf(err))
			require.ErrorContains(t, err, tt.says)
			require.NoFileExists(t, database)
		})
	}
}

func TestServersSideBySideGetPortsOfTheirOwn(t *testing.T) {
	seen := map[int]bool{}
	for range 20 {
		p, err := reserve(0, 0)
		require.NoError(t, err)
		t.Cleanup(p.close)
		p.release() // as after the start: only the guard is held
		for _, port := range []int{p.frontend, p.history, p.matching, p.worker, p.ui} {
			require.False(t, seen[port], "port %d was given twice", port)
			seen[port] = true
		}
	}
}
