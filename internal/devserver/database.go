package devserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// database is where the server keeps its state.
type database struct {
	config *config.SQL
	lock   *fileLock // nil in memory
}

// openDatabase locks the file and makes it when it is not there. "" is a
// database in memory.
func openDatabase(path string) (*database, error) {
	if path == "" {
		return &database{config: &config.SQL{
			PluginName:        sqlite.PluginName,
			DatabaseName:      fmt.Sprintf("devserver-%016x", rand.Uint64()), // shared within the process by name
			ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
		}}, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, failed("find database", err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	d := &database{lock: lock, config: &config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      escape(path),
		ConnectAttributes: map[string]string{"mode": "rw", "journal_mode": "wal", "synchronous": "2"},
	}}
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		return d, nil
	}
	if err := create(path); err != nil {
		d.unlock()
		return nil, failed("create database", err)
	}
	return d, nil
}

// unlock lets another server use the file.
func (d *database) unlock() {
	if d.lock != nil {
		d.lock.release()
	}
}

// create makes the file under another name and renames it when it is whole, so
// that a process killed meanwhile leaves no half of a schema behind.
func create(path string) error {
	unfinished := path + ".new"
	for _, leftover := range []string{unfinished, unfinished + "-journal"} {
		if err := os.Remove(leftover); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	db, err := sql.Open("sqlite", "file:"+escape(unfinished)+"?mode=rwc")
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	if err := sqliteschema.SetupSchemaOnDB(statements{tx: tx}); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := errors.Join(tx.Commit(), db.Close()); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}

// statements runs a schema within one transaction.
type statements struct {
	sqlplugin.AdminDB // only Exec is called
	tx                *sql.Tx
}

// Exec runs one statement.
func (s statements) Exec(statement string, args ...any) error {
	_, err := s.tx.Exec(statement, args...)
	return err
}

// createNamespace makes the namespace when it is not there. An existing one is
// left as it is.
func (d *database) createNamespace(o Options) error {
	namespace, err := sqliteschema.NewNamespaceConfig(cluster, o.Namespace, false, o.SearchAttributes)
	if err != nil {
		return err
	}
	namespace.Detail.Config.Retention = durationpb.New(o.Retention)
	return sqliteschema.CreateNamespaces(d.config, namespace)
}

// escape makes a path fit for an SQLite URI.
func escape(path string) string { return (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() }
