package house

import (
	"context"
	"sync"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Health is how one system stood when it was checked.
type Health struct {
	System string             `json:"system"`
	Kind   string             `json:"kind"`
	Stages []access.Stage     `json:"stages"`
	Took   time.Duration      `json:"took"`
	Error  *access.Error      `json:"error,omitempty"` // nil: it is well
	Rights []access.RightKind `json:"rights,omitempty"`
}

// checkTime is how long one system may take to answer a check.
const checkTime = 15 * time.Second

// Check checks all systems at once: that their credentials work and are allowed
// what they need. It changes nothing. The order is that of the systems.
func Check(ctx context.Context, systems []*connectors.System) []Health {
	all := make([]Health, len(systems))
	var wait sync.WaitGroup
	for i, system := range systems {
		wait.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkTime)
			defer cancel()
			started := time.Now()
			err := system.Check(ctx)
			all[i] = Health{System: system.Name(), Kind: system.Info().Kind, Stages: system.Stages(), Rights: system.Info().Rights,
				Took: time.Since(started), Error: access.AsError(err, "check")}
		})
	}
	wait.Wait()
	return all
}

// LogHealth checks the systems of the house and logs how each stands. A system
// that is down keeps nothing from starting: the others must be locked all the same.
func (h *House) LogHealth(ctx context.Context) {
	for _, health := range Check(ctx, h.Systems) {
		if health.Error == nil {
			h.options.Logger.InfoContext(ctx, "system is well", "system", health.System, "kind", health.Kind, "took", health.Took.String())
			continue
		}
		h.options.Logger.WarnContext(ctx, "system is not well", "system", health.System, "kind", health.Kind,
			"code", health.Error.Code, "status", health.Error.Status, "request_id", health.Error.RequestID, "hint", health.Error.Hint)
	}
}
