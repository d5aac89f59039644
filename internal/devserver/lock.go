package devserver

import (
	"database/sql"
	"os"
	"path/filepath"

	"github.com/killsignal/killsignal/access"
)

// fileLock keeps a second server off a database file: two would corrupt each
// other's workflows. It is an exclusive transaction on an SQLite file of its own,
// which works on every system and ends with the process.
type fileLock struct {
	db *sql.DB
	tx *sql.Tx
}

// lockFile takes the lock, or is Unavailable when another server has it.
func lockFile(path string) (*fileLock, error) {
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return nil, &access.Error{Code: access.Invalid, Op: "lock database", Hint: "the folder of the database is not there", Cause: err}
	}
	db, err := sql.Open("sqlite", "file:"+escape(path)+"?mode=rwc&_txlock=exclusive")
	if err != nil {
		return nil, failed("lock database", err)
	}
	tx, err := db.Begin()
	if err != nil {
		_ = db.Close()
		return nil, &access.Error{Code: access.Unavailable, Op: "lock database",
			Hint: "another server uses the same database file: stop it, or choose another file", Cause: err}
	}
	return &fileLock{db: db, tx: tx}, nil
}

// release gives the lock back.
func (l *fileLock) release() {
	_ = l.tx.Rollback()
	_ = l.db.Close()
}
