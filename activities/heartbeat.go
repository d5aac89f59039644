package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
)

// heartbeat is how often an activity says that it is alive. The first is after a
// second, so that an undisturbed one sends none.
const heartbeat = time.Second

// beat heartbeats until it is stopped, so that a worker that died is noticed within
// seconds. The details, when there are any, are for the next attempt.
func beat(ctx context.Context, details func() any) (stop func()) {
	// Beats of a cancelled context are not sent, and without them the server would
	// give up work that is being finished.
	ctx = context.WithoutCancel(ctx)
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		ticker := time.NewTicker(heartbeat)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				activity.RecordHeartbeat(ctx, details())
			case <-done:
				return
			}
		}
	})
	return func() { close(done); wait.Wait() }
}

// nothing is what an activity has to tell that begins anew at every attempt.
func nothing() any { return nil }
