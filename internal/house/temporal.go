package house

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
)

// Dial connects to the Temporal server of the configuration. Until it answers,
// dialling is repeated for as long as patience; tell, when not nil, hears of every
// attempt that failed. A server that does not answer is Unavailable, and the hint
// names its address.
func Dial(ctx context.Context, settings config.Temporal, logger *slog.Logger, patience time.Duration, tell func(address string, left time.Duration)) (client.Client, error) {
	options, err := settings.Client()
	if err != nil {
		return nil, err
	}
	options.Logger = log.NewStructuredLogger(logger)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	deadline, _ := ctx.Deadline()
	options.ConnectionOptions.GetSystemInfoTimeout = min(patience, 5*time.Second)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		connected, err := client.DialContext(ctx, options)
		if err == nil {
			return connected, nil
		}
		if time.Until(deadline) > pause {
			if tell != nil {
				tell(options.HostPort, time.Until(deadline).Round(time.Second))
			}
			select {
			case <-ctx.Done():
			case <-time.After(pause):
				continue
			}
		}
		return nil, &access.Error{Code: access.Unavailable, Op: "reach Temporal", Cause: err,
			Hint: "nothing answers at " + options.HostPort + " as a Temporal server; start one, or set temporal.address or TEMPORAL_ADDRESS"}
	}
}
