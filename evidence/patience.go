package evidence

import (
	"context"
	"errors"
	"sync"
	"time"
)

// patience is how long the store may take before it counts as down.
type patience time.Duration

const (
	// brief is for what a lock waits for.
	brief = patience(time.Second)
	// long is for the rest.
	long = patience(30 * time.Second)
)

// respite is how long a lock does not ask again a store that has hung.
const respite = 10 * time.Second

var errHangs = errors.New("the evidence store hangs")

// pause remembers that the store has hung, so that only the first of many locks waits for it.
type pause struct {
	mu    sync.Mutex
	until time.Time
}

func (p *pause) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = time.Now().Add(respite)
}

func (p *pause) on() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Before(p.until)
}

// attempt asks the store for something within the patience. It returns even if the store does
// not: a folder on a network may hang in the kernel, where no context reaches. What such a
// store does later is harmless, since every record is written once.
func attempt[T any](ctx context.Context, s *Store, p patience, do func(context.Context) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if s.spool == nil {
		p = long // there is nothing else to go on with
	}
	if p == brief && s.pause.on() {
		return none, errHangs
	}
	type answer struct {
		value T
		err   error
	}
	within, cancel := context.WithTimeout(ctx, time.Duration(p))
	defer cancel()
	answers := make(chan answer, 1)
	go func() {
		value, err := do(within)
		answers <- answer{value, err}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-within.Done():
		if ctx.Err() == nil {
			s.pause.begin()
		}
		return none, within.Err()
	}
}
