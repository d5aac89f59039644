package evidence

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"gocloud.dev/blob/memblob"

	"github.com/killsignal/killsignal/access"
)

// Options say where the evidence is.
type Options struct {
	// URL of the store: "file:///path" for a folder, "mem://" for memory, which is for tests.
	URL string
	// Spool is a local folder that takes what cannot wait while the store is down. Without
	// one, nothing is admitted, locked or recorded while the store is down.
	Spool  string
	Logger *slog.Logger // nil logs nothing
}

// Store is the evidence of all cases. It is safe for concurrent use, and any number of
// processes may have the same store open. Every error is an [access.Error] with the code
// not_found, unavailable or invalid.
type Store struct {
	blobs  blobs
	spool  *folder // nil: none
	logger *slog.Logger
	pause  pause
}

// Open opens the store, and makes its folder when there is none. What an earlier process left
// in the spool is moved into the store. With a spool, a store that is down is no error.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{logger: o.Logger}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	place, err := url.Parse(o.URL)
	if err != nil || o.URL == "" {
		return nil, invalid(opOpen, "the evidence URL is file:///path or mem://")
	}
	if o.Spool != "" {
		s.spool = newFolder(o.Spool)
		if err := s.spool.open(); err != nil {
			return nil, failure(opSpool, err)
		}
	}
	switch {
	case place.Scheme == "mem":
		s.blobs = bucket{memblob.OpenBucket(nil)}
	case place.Scheme == "file" && place.Host == "" && filepath.IsAbs(place.Path):
		if err := s.openFolder(place.Path); err != nil {
			return nil, err
		}
	default:
		return nil, invalid(opOpen, "the evidence URL is file:///path, with three slashes, or mem://; drivers of other stores are not built in")
	}
	err = s.Flush(ctx)
	if _, listErr := s.list(ctx, opOpen, "events/none/", brief); err == nil {
		err = listErr
	}
	if err != nil {
		s.logger.WarnContext(ctx, "evidence store is down, going on with the spool", "code", access.CodeOf(err))
	}
	return s, nil
}

// openFolder opens a store in a folder. The spool remembers that it has been there: a folder
// that is gone later is a disk that is not mounted, and an empty one in its place would have
// forgotten every event.
func (s *Store) openFolder(root string) error {
	store := newFolder(root)
	s.blobs = store
	if s.spool == nil {
		if err := store.open(); err != nil {
			return failure(opOpen, err)
		}
		return nil
	}
	if s.spool.root == store.root {
		return invalid(opOpen, "the spool is a folder of its own, on a disk that is there when the store is not")
	}
	memory := filepath.Join(s.spool.root, ".store-"+digest([]byte(store.root))[:16])
	_, err := os.Lstat(memory)
	if known := err == nil; known && store.present() != nil {
		return nil // down
	}
	if store.open() != nil {
		return nil
	}
	if err := os.WriteFile(memory, nil, 0o600); err != nil {
		return failure(opSpool, err)
	}
	return nil
}

// Close lets go of the store. What is in the spool stays there.
func (s *Store) Close() error {
	if err := s.blobs.close(); err != nil {
		return failure("close evidence", err)
	}
	return nil
}

// What the store does, as errors say it.
const (
	opOpen       = "open evidence"
	opSpool      = "open spool"
	opFlush      = "flush spool"
	opAdmit      = "admit case"
	opJoin       = "join case"
	opCase       = "read case"
	opIntend     = "store intent"
	opIntents    = "read intents"
	opRecord     = "store receipt"
	opReceipts   = "read receipts"
	opState      = "store statement"
	opStatements = "read statements"
	opConclude   = "store conclusion"
	opConclusion = "read conclusion"
	opPutReport  = "store report"
	opReport     = "read report"
	opPutHistory = "store history"
	opHistory    = "read history"
)

func invalid(op, hint string) error {
	return &access.Error{Code: access.Invalid, Op: op, Hint: hint}
}

func notFound(op string) error { return &access.Error{Code: access.NotFound, Op: op} }

// failure turns whatever a store says into our error. The text of a store's error names
// folders and people's keys, so it stays inside.
func failure(op string, err error) error {
	if e, ok := errors.AsType[*access.Error](err); ok {
		return e
	}
	if errors.Is(err, context.Canceled) {
		return &access.Error{Code: access.Unavailable, Op: op, Cause: err}
	}
	return &access.Error{Code: access.Unavailable, Op: op, Hint: "the evidence store is down", Cause: err}
}
