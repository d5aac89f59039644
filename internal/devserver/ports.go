package devserver

import (
	"fmt"
	"math/rand/v2"
	"net"

	"github.com/killsignal/killsignal/access"
)

// ports are those of one server. Temporal ends the whole process when it cannot
// bind a port, so that none may be taken between looking and binding.
//
// Free ports come from blocks beneath the range from which systems give ports to
// outgoing connections and to listeners on port 0. The first port of a block is
// a guard, listened to for the server's life: whoever holds it owns the block.
type ports struct {
	guard                               net.Listener
	held                                []net.Listener // until release
	frontend, history, matching, worker int
	ui                                  int // 0: no UI
}

const (
	blockSize  = 8
	firstBlock = 20_000
	blocks     = 1_500 // up to 32,000
	tries      = 200
)

// reserve holds the ports for a server. A port that the caller named and that is
// taken is Unavailable, and so is a machine without a free block.
func reserve(frontend, ui int) (*ports, error) {
	for range tries {
		base := firstBlock + blockSize*rand.IntN(blocks)
		guard, err := net.Listen("tcp", local(base))
		if err != nil {
			continue
		}
		p := &ports{guard: guard, frontend: base + 1, history: base + 2, matching: base + 3, worker: base + 4, ui: base + 5}
		if !p.hold(p.history, p.matching, p.worker) || frontend == 0 && !p.hold(p.frontend) || ui == 0 && !p.hold(p.ui) {
			p.close()
			continue
		}
		return p, p.name(frontend, ui)
	}
	return nil, &access.Error{Code: access.Unavailable, Op: "start temporal server", Hint: "no block of free ports was found"}
}

// name puts the ports that the caller chose in the place of free ones.
func (p *ports) name(frontend, ui int) error {
	if frontend != 0 {
		if p.frontend = frontend; !p.hold(frontend) {
			return taken(frontend, "the server's")
		}
	}
	switch {
	case ui < 0:
		p.ui = 0
	case ui > 0:
		if p.ui = ui; !p.hold(ui) {
			return taken(ui, "the UI's")
		}
	}
	return nil
}

func taken(port int, whose string) error {
	return &access.Error{Code: access.Unavailable, Op: "start temporal server",
		Hint: fmt.Sprintf("port %d on %s is taken: stop what listens there, choose another port as %s, or 0 for a free one", port, host, whose)}
}

// hold listens to the ports, so that nobody else does.
func (p *ports) hold(numbers ...int) bool {
	for _, number := range numbers {
		listener, err := net.Listen("tcp", local(number))
		if err != nil {
			return false
		}
		p.held = append(p.held, listener)
	}
	return true
}

// release lets the server bind its ports. The guard stays.
func (p *ports) release() {
	for _, listener := range p.held {
		_ = listener.Close()
	}
	p.held = nil
}

func (p *ports) close() {
	p.release()
	_ = p.guard.Close()
}
