package entra

import (
	"fmt"
	"slices"
	"time"
)

// table holds the objects of one kind in the order in which they were made, which
// is the order in which Graph lists them here.
type table[T any] struct {
	rows []*T
	byID map[string]*T
	gone []departed[T]
}

type departed[T any] struct {
	row *T
	at  time.Time
}

func (t *table[T]) add(id string, row *T) {
	if t.byID == nil {
		t.byID = map[string]*T{}
	}
	t.rows, t.byID[id] = append(t.rows, row), row
}

func (t *table[T]) remove(id string, now time.Time) {
	row := t.byID[id]
	if row == nil {
		return
	}
	delete(t.byID, id)
	t.rows = slices.DeleteFunc(t.rows, func(other *T) bool { return other == row })
	t.gone = append(t.gone, departed[T]{row, now})
}

// seen returns what a reader is shown at now when removals take lag to arrive.
func (t *table[T]) seen(now time.Time, lag time.Duration) []*T {
	all := slices.Clone(t.rows)
	for _, d := range t.gone {
		if now.Sub(d.at) < lag {
			all = append(all, d.row)
		}
	}
	return all
}

// lagged is a value whose change readers see late.
type lagged[T any] struct {
	is, was T
	at      time.Time // of the last change
}

func (l *lagged[T]) set(value T, now time.Time) { l.was, l.is, l.at = l.is, value, now }

// seen returns what a reader sees at now when changes take lag to arrive.
func (l *lagged[T]) seen(now time.Time, lag time.Duration) T {
	if now.Sub(l.at) < lag {
		return l.was
	}
	return l.is
}

// newID makes a GUID (RFC 9562, version 4).
func (t *Tenant) newID() string {
	high, low := t.random.Uint64(), t.random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x",
		high>>32, high>>16&0xffff, high&0xfff, 0x8000|low>>48&0x3fff, low&0xffffffffffff)
}

// newToken makes an opaque token. What it is begins it, as a canary for tests that
// look for leaked ones.
func (t *Tenant) newToken(what string) string {
	return fmt.Sprintf("%s.%016x%016x", what, t.random.Uint64(), t.random.Uint64())
}
