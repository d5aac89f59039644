package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/killsignal/killsignal/access"
)

// establish stores a record under its name unless there is one, and returns the one that is
// there from now on.
func establish[T any](ctx context.Context, s *Store, op, name string, record T, p patience) (T, error) {
	data, err := encode(op, record)
	if err != nil {
		return record, err
	}
	// One that waits in the spool came first, even if the store does not know of it yet.
	if s.spool != nil {
		if _, err := s.spool.read(ctx, name); err == nil {
			return fetch[T](ctx, s, op, name, p)
		}
	}
	created, err := s.create(ctx, op, name, data, p)
	if err != nil || created {
		return record, err
	}
	return fetch[T](ctx, s, op, name, p)
}

// establishSpooled does so in the spool.
func establishSpooled[T any](ctx context.Context, s *Store, op, name string, record T) (T, error) {
	data, err := encode(op, record)
	if err != nil {
		return record, err
	}
	err = s.spool.create(ctx, name, data)
	if errors.Is(err, fs.ErrExist) {
		if data, err = s.spool.read(ctx, name); err == nil {
			return decode[T](op, data)
		}
	}
	if err != nil {
		return record, failure(op, err)
	}
	s.logger.WarnContext(ctx, "evidence store is down, record kept in the spool", "op", op)
	return record, nil
}

// canSpool tells whether err is a matter for the spool. A caller that has given up is not: the
// store may be up, and hold another record already.
func (s *Store) canSpool(ctx context.Context, err error) bool {
	return s.spool != nil && access.CodeOf(err) == access.Unavailable && ctx.Err() == nil
}

// create stores data under a name, and tells whether the name was free.
func (s *Store) create(ctx context.Context, op, name string, data []byte, p patience) (created bool, err error) {
	_, err = attempt(ctx, s, p, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.blobs.create(ctx, name, data)
	})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case errors.Is(err, fs.ErrInvalid):
		return false, invalid(op, "no record can have that name")
	}
	return false, failure(op, err)
}

// append stores data under the next number below the prefix, unless it is what the newest
// number holds already.
func (s *Store) append(ctx context.Context, op, prefix string, data []byte) error {
	names, err := s.list(ctx, op, prefix, long)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		newest, err := s.read(ctx, op, names[len(names)-1], long)
		if err != nil || bytes.Equal(newest, data) {
			return err
		}
	}
	for number := len(names) + 1; ; number++ {
		created, err := s.create(ctx, op, fmt.Sprintf("%s%04d.json", prefix, number), data, long)
		if err != nil || created {
			return err
		}
	}
}

// read returns the record in the store or, when it is not there, in the spool.
func (s *Store) read(ctx context.Context, op, name string, p patience) ([]byte, error) {
	data, err := attempt(ctx, s, p, func(ctx context.Context) ([]byte, error) { return s.blobs.read(ctx, name) })
	if err == nil {
		return data, nil
	}
	if s.spool != nil {
		if data, err := s.spool.read(ctx, name); err == nil {
			return data, nil
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, notFound(op)
	case errors.Is(err, fs.ErrInvalid):
		return nil, invalid(op, "no record can have that name")
	}
	return nil, failure(op, err)
}

// list returns names in the store and the spool, in lexical order. With the store down it
// returns those in the spool, and the error.
func (s *Store) list(ctx context.Context, op, prefix string, p patience) ([]string, error) {
	names, err := attempt(ctx, s, p, func(ctx context.Context) ([]string, error) { return s.blobs.list(ctx, prefix) })
	if err != nil {
		names, err = nil, failure(op, err)
	}
	if s.spool != nil {
		spooled, spoolErr := s.spool.list(ctx, prefix)
		if spoolErr != nil && err == nil {
			err = failure(op, spoolErr)
		}
		names = append(names, spooled...)
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// fetch reads one record.
func fetch[T any](ctx context.Context, s *Store, op, name string, p patience) (record T, err error) {
	data, err := s.read(ctx, op, name, p)
	if err != nil {
		return record, err
	}
	return decode[T](op, data)
}

// gather reads every record whose name begins with prefix. With the store down it
// returns what the spool holds, and the error.
func gather[T any](ctx context.Context, s *Store, op, prefix string, p patience) ([]T, error) {
	names, listErr := s.list(ctx, op, prefix, p)
	var records []T
	for _, name := range names {
		record, err := fetch[T](ctx, s, op, name, p)
		if err != nil {
			return records, err
		}
		records = append(records, record)
	}
	return records, listErr
}

func encode(op string, record any) ([]byte, error) {
	data, err := json.Marshal(record)
	if err != nil {
		return nil, &access.Error{Code: access.Invalid, Op: op, Hint: "the record has no JSON form", Cause: err}
	}
	return append(data, '\n'), nil
}

func decode[T any](op string, data []byte) (record T, err error) {
	if err := json.Unmarshal(data, &record); err != nil {
		return record, &access.Error{Code: access.Invalid, Op: op, Hint: "a record in the evidence is damaged", Cause: err}
	}
	return record, nil
}
