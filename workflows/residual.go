package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// residual is access in one system that outlives the lock.
type residual struct {
	system string
	until  time.Time
	probed bool // it is over, and was looked for
}

// outlive notes that access in a system may go on until an instant. A later lock
// brings a later one.
func (t *termination) outlive(system string, until time.Time) {
	i := slices.IndexFunc(t.residuals, func(r residual) bool { return r.system == system })
	switch {
	case i < 0:
		t.residuals = append(t.residuals, residual{system: system, until: until})
	case until.After(t.residuals[i].until):
		t.residuals[i] = residual{system: system, until: until}
	}
	if until.After(t.status.ResidualUntil) {
		t.status.ResidualUntil = until
	}
}

// outlived tells whether access is left that outlives its lock.
func (t *termination) outlived() bool {
	return slices.ContainsFunc(t.residuals, func(r residual) bool { return !r.probed })
}

// probe looks, whenever the tokens of some systems must be dead, whether the accounts
// still are. It lives as long as the case.
func (t *termination) probe(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, t.outlived); err != nil {
			return // cancelled
		}
		first := slices.MinFunc(t.residuals, func(a, b residual) int {
			if a.probed != b.probed {
				return map[bool]int{false: -1, true: 1}[a.probed]
			}
			return a.until.Compare(b.until)
		})
		if err := t.sleepUntil(ctx, first.until, "until tokens that cannot be recalled are over"); err != nil {
			return
		}
		now := workflow.Now(ctx)
		due := func(r residual) bool { return !r.probed && !r.until.After(now) }
		busy := func() bool {
			return slices.ContainsFunc(t.residuals, func(r residual) bool { return due(r) && t.drives.running[r.system] != nil })
		}
		if err := workflow.Await(ctx, func() bool { return !busy() }); err != nil {
			return
		}
		var over []plan.System
		for i, r := range t.residuals {
			if due(r) {
				t.residuals[i].probed = true
				s := t.system(r.system)
				s.Stages = access.Stages() // the probe reads it, whether it has a cell for that or not
				over = append(over, s)
			}
		}
		t.driveAll(ctx, over, access.Verify)
	}
}
