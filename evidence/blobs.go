package evidence

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// blobs is all that evidence asks of a store. Implementations are safe for concurrent use, in
// one process and across processes. Any error but those named means that the store is down.
type blobs interface {
	// create stores a record under a name that is new, or returns fs.ErrExist. When it
	// returns nil the record survives a crash of the machine, and readers see all of it or
	// nothing at any time.
	create(ctx context.Context, name string, data []byte) error
	// read returns a record, or fs.ErrNotExist when there certainly is none.
	read(ctx context.Context, name string) ([]byte, error)
	// list returns the names that begin with prefix, in lexical order.
	list(ctx context.Context, prefix string) ([]string, error)
	close() error
}

// bucket is a store of gocloud.dev/blob.
type bucket struct{ *blob.Bucket }

func (b bucket) create(ctx context.Context, name string, data []byte) error {
	err := b.WriteAll(ctx, name, data, &blob.WriterOptions{IfNotExist: true})
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		return fs.ErrExist
	}
	return err
}

func (b bucket) read(ctx context.Context, name string) ([]byte, error) {
	data, err := b.ReadAll(ctx, name)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fs.ErrNotExist
	}
	return data, err
}

func (b bucket) list(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	iterator := b.List(&blob.ListOptions{Prefix: prefix})
	for {
		object, err := iterator.Next(ctx)
		if errors.Is(err, io.EOF) {
			slices.Sort(names)
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		names = append(names, object.Key)
	}
}

func (b bucket) close() error { return b.Close() }
