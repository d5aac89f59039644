package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// writing is the folder inside the store in which records are written before they get their
// name. It doubles as the mark of a store: a folder without it has been removed or unmounted,
// so that nothing found in it proves that nothing is there.
const writing = ".writing"

// leftover is the age at which a file in writing can only be what a killed process left.
const leftover = time.Hour

var errNotStore = errors.New("the folder is not an evidence store, or not any more")

// folder is a store in a folder. A record is written to a file of its own and synced, then
// linked to its name, which fails when the name is taken, then the folder that holds the name
// is synced. So no reader, no crash and no second process can see half a record or two.
type folder struct {
	root string
	sync func(*os.File) error

	mu     sync.Mutex
	synced map[string]bool // folders whose own names are known to be on disk
	turns  map[string]*turn
}

func newFolder(root string) *folder {
	return &folder{root: filepath.Clean(root), sync: (*os.File).Sync, synced: map[string]bool{}, turns: map[string]*turn{}}
}

// open makes the store when it is not there, and clears away what killed processes have left.
func (f *folder) open() error {
	if err := f.makeAll(filepath.Join(f.root, writing)); err != nil {
		return err
	}
	files, err := os.ReadDir(filepath.Join(f.root, writing))
	if err != nil {
		return err
	}
	for _, file := range files {
		if info, err := file.Info(); err == nil && time.Since(info.ModTime()) > leftover {
			_ = os.Remove(filepath.Join(f.root, writing, file.Name()))
		}
	}
	return nil
}

func (f *folder) create(ctx context.Context, name string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	target, err := f.path(name)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(target); err == nil {
		return f.taken(target)
	}
	// The file comes before the folders, because only it notices that the store is gone.
	draft, err := f.write(data)
	if err != nil {
		return fmt.Errorf("write: %w", hide(err))
	}
	defer os.Remove(draft)
	if err := f.makeFolders(path.Dir(name)); err != nil {
		return hide(err)
	}
	err = os.Link(draft, target)
	switch {
	case errors.Is(err, fs.ErrExist):
		return f.taken(target)
	case err != nil:
		f.forget()
		return hide(err)
	}
	return f.syncFolder(filepath.Dir(target))
}

// write puts data into a file without a name that readers know, and syncs it.
func (f *folder) write(data []byte) (draft string, err error) {
	file, err := os.CreateTemp(filepath.Join(f.root, writing), "*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	if err == nil {
		err = f.sync(file)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}

// taken says that a name is taken, once that is on disk: whoever wrote the record may not have
// come that far, and our caller will act on it.
func (f *folder) taken(target string) error {
	if err := f.syncFolder(filepath.Dir(target)); err != nil {
		return err
	}
	return fs.ErrExist
}

func (f *folder) read(ctx context.Context, name string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	source, err := f.path(name)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(source)
	if errors.Is(err, fs.ErrNotExist) {
		if err := f.present(); err != nil {
			return nil, err
		}
	}
	return data, err
}

func (f *folder) list(ctx context.Context, prefix string) ([]string, error) {
	if err := errors.Join(ctx.Err(), f.present()); err != nil {
		return nil, err
	}
	names, err := f.walk(prefix[:strings.LastIndexByte(prefix, '/')+1], prefix, nil)
	slices.Sort(names)
	return names, err
}

// walk appends the names below a folder, whose own name ends in '/' or is empty, that begin
// with prefix.
func (f *folder) walk(name, prefix string, names []string) ([]string, error) {
	file, err := os.Open(filepath.Join(f.root, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return names, nil
	}
	if err != nil {
		return names, err
	}
	entries, err := file.ReadDir(-1)
	if err = errors.Join(err, file.Close()); err != nil {
		return names, err
	}
	for _, entry := range entries {
		inner := name + entry.Name()
		switch {
		case strings.HasPrefix(entry.Name(), "."), !strings.HasPrefix(inner, prefix):
		case entry.IsDir():
			if names, err = f.walk(inner+"/", prefix, names); err != nil {
				return names, err
			}
		case entry.Type().IsRegular():
			names = append(names, inner)
		}
	}
	return names, nil
}

func (f *folder) close() error { return nil }

// remove takes a record out of a spool. A store has no use for it.
func (f *folder) remove(name string) error {
	target, err := f.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(target); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// present tells whether the folder still is a store.
func (f *folder) present() error {
	if _, err := os.Lstat(filepath.Join(f.root, writing)); err != nil {
		return hide(err)
	}
	return nil
}

// path refuses every name that could leave the folder or meet our own files in it.
func (f *folder) path(name string) (string, error) {
	if !fs.ValidPath(name) || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
		return "", fs.ErrInvalid
	}
	return filepath.Join(f.root, filepath.FromSlash(name)), nil
}

// hide keeps a missing store from looking like a missing record.
func hide(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errNotStore
	}
	return err
}
