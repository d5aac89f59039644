package evidence

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
)

// Spooled tells how many records wait in the spool.
func (s *Store) Spooled() int {
	if s.spool == nil {
		return 0
	}
	names, _ := s.spool.list(context.Background(), "")
	return len(names)
}

// Flush moves what waits in the spool into the store, and may be repeated and cut off at any
// time. A record whose name the store has given to another one meanwhile is kept beside it under
// conflicts/, and does not count: the store's is what everybody else has gone by.
func (s *Store) Flush(ctx context.Context) error {
	if s.spool == nil {
		return nil
	}
	names, err := s.spool.list(ctx, "")
	if err != nil {
		return failure(opFlush, err)
	}
	for _, name := range names {
		if err := s.move(ctx, name); err != nil {
			return err
		}
	}
	if len(names) > 0 {
		s.logger.InfoContext(ctx, "spool moved into the evidence store", "records", len(names))
	}
	return nil
}

// move takes one record from the spool to the store.
func (s *Store) move(ctx context.Context, name string) error {
	data, err := s.spool.read(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another process was faster
	}
	if err != nil {
		return failure(opFlush, err)
	}
	created, err := s.create(ctx, opFlush, name, data, long)
	if err == nil && !created {
		err = s.compare(ctx, name, data)
	}
	if err != nil {
		return err
	}
	if err := s.spool.remove(name); err != nil {
		return failure(opFlush, err)
	}
	return nil
}

// compare keeps a record that the store does not have under its name.
func (s *Store) compare(ctx context.Context, name string, data []byte) error {
	stored, err := attempt(ctx, s, long, func(ctx context.Context) ([]byte, error) { return s.blobs.read(ctx, name) })
	if err != nil {
		return failure(opFlush, err)
	}
	if bytes.Equal(stored, data) {
		return nil
	}
	_, err = s.create(ctx, opFlush, "conflicts/"+name+"/"+digest(data)[:16]+".json", data, long)
	if err == nil {
		s.logger.ErrorContext(ctx, "a record from the spool came too late and was kept under conflicts")
	}
	return err
}
