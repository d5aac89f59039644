package connectortest

import (
	"context"
	"net/http"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func repeatChecks() []check {
	lock := []connectors.Capability{connectors.CanLock}
	return []check{
		{"repeat", "a drive that loses any one answer converges when it is repeated", lock, losesAnswers},
		{"repeat", "a drive that is killed after any one write converges, and tells the true state before", lock, diesAfterWrites},
		{"repeat", "a drive that is killed before any one receipt converges, and tells the true state before", lock, diesBeforeReceipts},
	}
}

// clean is what an undisturbed drive comes to.
type clean struct {
	truths           map[string]string
	writes, receipts int
}

func undisturbed(t T, h *Harness) clean {
	t.Helper()
	ledger := &Ledger{}
	h.settle(t, ledger, "case-1")
	c := clean{truths: h.truths(t), writes: h.sent(), receipts: len(ledger.Receipts())}
	require.Positive(t, c.writes)
	return c
}

// requireConverged drives until all is well, and requires the same truth as after
// an undisturbed drive, and receipts that know the first state.
func (c clean) requireConverged(t T, h *Harness, ledger *Ledger) {
	t.Helper()
	h.requireApplied(t, h.settle(t, ledger, "case-1"))
	h.requireEnded(t)
	require.Equal(t, c.truths, h.truths(t))
}

func losesAnswers(t T, fresh func() *Harness) {
	c := undisturbed(t, fresh())
	for n := range c.writes {
		h, ledger := fresh(), &Ledger{}
		system := h.system(t, ledger)
		h.Faults.Add(fault.Rule{Match: h.write, Skip: n, Times: 1, Effect: fault.DropReply()})
		first := system.Drive(t.Context(), h.job("case-1"))
		require.Greater(t, h.sent(), n, "write %d was sent", n+1)
		h.requireHonest(t, first)
		c.requireConverged(t, h, ledger)
	}
}

func diesAfterWrites(t T, fresh func() *Harness) {
	c := undisturbed(t, fresh())
	for n := range c.writes {
		h, ledger := fresh(), &Ledger{}
		system := h.system(t, ledger)
		ctx, cancel := context.WithCancel(t.Context())
		h.Faults.Add(fault.Rule{Match: h.write, Skip: n, Times: 1, Effect: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			fault.DropReply()(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r)
				ledger.die()
				cancel()
			}))
		}})
		require.True(t, dies(func() { system.Drive(ctx, h.job("case-1")) }), "killed after write %d", n+1)
		cancel()
		ledger.restart()
		c.requireConverged(t, h, ledger)
	}
}

func diesBeforeReceipts(t T, fresh func() *Harness) {
	c := undisturbed(t, fresh())
	for n := range c.receipts {
		h, ledger := fresh(), &Ledger{}
		ledger.dieBeforeReceipt(n + 1)
		require.True(t, dies(func() { h.drive(t, ledger, "case-1") }), "killed before receipt %d", n+1)
		ledger.restart()
		c.requireConverged(t, h, ledger)
	}
}

// dies runs f, and tells whether the ledger killed it.
func dies(f func()) (died bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, died = p.(killed); !died {
				panic(p)
			}
		}
	}()
	f()
	return false
}

// requireHonest requires that what a drive calls verified or absent is so.
func (h *Harness) requireHonest(t T, progress connectors.Progress) {
	t.Helper()
	for _, cell := range progress.Cells {
		if cell.Disposition.Open() {
			require.True(t, cell.Error != nil || cell.Disposition == access.Pending, "stage %s says why it is open", cell.Stage)
			continue
		}
		switch cell.Stage {
		case access.Lock:
			state, err := h.Connector.State(t.Context(), h.ref())
			require.NoError(t, err)
			require.NotEqual(t, access.Active, state.Status, "stage %s", cell.Stage)
		case access.Revoke, access.Reclaim:
			for _, right := range removable(h.rights(t)) {
				require.Equal(t, cell.Stage == access.Revoke, right.Kind == access.Seat, "stage %s left a %s", cell.Stage, right.Type)
			}
		}
	}
}
