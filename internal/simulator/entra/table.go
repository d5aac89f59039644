package entra

import (
	"fmt"
	"time"
)

// table holds the objects of one kind in the order in which they were made, which
// is the order in which Graph lists them here.
type table[T any] struct {
	rows []*T
	byID map[string]*T
}

func (t *table[T]) add(id string, row *T) {
	if t.byID == nil {
		t.byID = map[string]*T{}
	}
	t.rows, t.byID[id] = append(t.rows, row), row
}

func (t *table[T]) remove(id string) {
	row := t.byID[id]
	delete(t.byID, id)
	for i, other := range t.rows {
		if other == row {
			t.rows = append(t.rows[:i:i], t.rows[i+1:]...)
			return
		}
	}
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
