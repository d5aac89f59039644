package evidence

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
)

// remembered is how many folders need no second look at a time.
const remembered = 4096

// makeFolders makes the folders of a name. A folder that another process has made is synced
// here as well, once, because that process may have died before it did.
func (f *folder) makeFolders(name string) error {
	if name == "." || f.knows(name) {
		return nil
	}
	if err := f.makeFolders(path.Dir(name)); err != nil {
		return err
	}
	target := filepath.Join(f.root, filepath.FromSlash(name))
	if err := os.Mkdir(target, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := f.syncFolder(filepath.Dir(target)); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.synced) >= remembered {
		clear(f.synced)
	}
	f.synced[name] = true
	return nil
}

func (f *folder) knows(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.synced[name]
}

// forget makes the next record look at its folders again.
func (f *folder) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.synced)
}

// makeAll makes the store's own folder and what is missing above it.
func (f *folder) makeAll(target string) error {
	if info, err := os.Stat(target); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(target)
	if parent == target {
		return fs.ErrInvalid
	}
	if err := f.makeAll(parent); err != nil {
		return err
	}
	if err := os.Mkdir(target, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return f.syncFolder(parent)
}

// turn is the syncs of one folder, one after the other.
type turn struct {
	syncing sync.Mutex
	next    *batch // guarded by the folder's mu
}

// batch is the writers who share a sync: those who came before it began.
type batch struct {
	done chan struct{}
	err  error
}

// syncFolder returns when everything that was in the folder at the call is on disk. Writers at
// the same time share the syncs, which are most of what a record costs.
func (f *folder) syncFolder(target string) error {
	f.mu.Lock()
	t := f.turns[target]
	if t == nil {
		t = &turn{}
		f.turns[target] = t
	}
	b := t.next
	leads := b == nil
	if leads {
		b = &batch{done: make(chan struct{})}
		t.next = b
	}
	f.mu.Unlock()
	if !leads {
		<-b.done
		return b.err
	}
	t.syncing.Lock()
	f.mu.Lock()
	t.next = nil // who comes from here on is too late for this sync
	f.mu.Unlock()
	b.err = f.syncNow(target)
	t.syncing.Unlock()
	close(b.done)
	f.mu.Lock()
	defer f.mu.Unlock()
	if t.next == nil && f.turns[target] == t {
		delete(f.turns, target)
	}
	return b.err
}

func (f *folder) syncNow(target string) error {
	file, err := os.Open(target)
	if err != nil {
		return hide(err)
	}
	return errors.Join(f.sync(file), file.Close())
}
