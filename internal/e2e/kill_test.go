package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/door"
)

// seed draws the requests at which processes are killed.
const seed = 4

func TestAWorkerKilledAtAnyRequestIsReplacedAndTheCaseEndsAsIfUndisturbed(t *testing.T) {
	t.Parallel()
	end := undisturbed(t)
	for _, n := range draw(end.requests, 22) {
		t.Run(fmt.Sprintf("at request %d of %d, seed %d", n, end.requests, seed), func(t *testing.T) {
			t.Parallel()
			h := open(t)
			killed := h.killAt(n, h.worker)
			h.submit("hr-1")
			h.await(killed)
			h.employ()
			h.like(end)
		})
	}
}

func TestATemporalServerKilledAtAnyRequestIsStartedAgainAndTheCaseEndsAsIfUndisturbed(t *testing.T) {
	t.Parallel()
	end := undisturbed(t)
	for _, n := range draw(end.requests, 7) {
		t.Run(fmt.Sprintf("at request %d of %d, seed %d", n, end.requests, seed), func(t *testing.T) {
			t.Parallel()
			h := open(t)
			killed := h.killAt(n, h.server)
			port := h.port()
			submitted := make(chan error, 1)
			go func() {
				_, err := door.Submit(t.Context(), h.temporal, request("hr-1"))
				submitted <- err
			}()
			h.await(killed)
			h.serve(port)
			if err := <-submitted; err != nil {
				h.submit("hr-1") // what was not answered is asked again, and counts once
			}
			h.like(end)
		})
	}
}

// ending is how an undisturbed case ended, and how many requests it took.
type ending struct {
	world    world
	requests int
}

func undisturbed(t *testing.T) ending {
	t.Helper()
	h := open(t)
	h.requests.Store(0)
	h.submit("hr-1")
	h.complete(h.closed(soon))
	return ending{look(h.company).timeless(), int(h.requests.Load())}
}

// draw draws count different numbers, spread over 1 to requests.
func draw(requests, count int) []int64 {
	random := rand.New(rand.NewPCG(seed, 0))
	var drawn []int64
	for i := range count {
		from, to := i*requests/count, (i+1)*requests/count
		drawn = append(drawn, int64(1+from+random.IntN(to-from)))
	}
	return drawn
}

// killAt kills a process when the company sees its nth request from now on, while
// that request is in hand: the company carries it out, and nobody hears of it.
func (h *house) killAt(n int64, p *process) (killed <-chan struct{}) {
	done := make(chan struct{})
	var once sync.Once
	h.count(func(now int64) {
		if now >= n {
			once.Do(func() {
				p.kill()
				close(done)
			})
		}
	})
	return done
}

// await waits for the kill.
func (h *house) await(killed <-chan struct{}) {
	h.t.Helper()
	h.until(soon, "the request at which to kill", func() bool {
		select {
		case <-killed:
			return true
		default:
			return false
		}
	})
}

// like holds that the case ended as the undisturbed one: complete, with the true
// state before in its report, everything of everybody as it was there, and seats
// given back once. Requests that were sent again are logged.
func (h *house) like(end ending) {
	h.t.Helper()
	h.complete(h.closed(afterAKill))
	require.Equal(h.t, end.world, look(h.company).timeless())
	again := map[string]int{}
	for system := range h.before.truth {
		for _, seen := range h.company.Fault(system).Requests() {
			if seen.Method != http.MethodGet && !isToken(seen.Path) {
				again[system+" "+seen.Method+" "+seen.Path]++
			}
		}
	}
	for write, times := range again {
		if times > 1 {
			h.t.Logf("sent %d times: %s", times, write)
		}
	}
}
