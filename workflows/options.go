package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
)

// Activity options by intent. Every activity waits for its cancellation: what it
// has done by then belongs into the report.

// forAdmission tries until the roster and the evidence can be read, quickly at first.
func forAdmission(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             "admit the case",
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumInterval: 10 * time.Second},
	})
}

// forWave bounds a wave: a dead worker is noticed after three seconds without a
// heartbeat, and a wave that fails six times is left to its systems.
func forWave(ctx workflow.Context, queue string, systems int, stages []access.Stage) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             fmt.Sprintf("%s on %d systems", words(stages), systems),
		TaskQueue:           queue,
		StartToCloseTimeout: time.Minute,
		HeartbeatTimeout:    3 * time.Second,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, MaximumAttempts: 6},
	})
}

// forSystem never gives up: a straggler is tried for as long as it takes, at longer
// and longer intervals, a minute at most, or when its provider says, five minutes at
// most.
func forSystem(ctx workflow.Context, queue, system string, stages []access.Stage) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             fmt.Sprintf("%s on %s", words(stages), system),
		TaskQueue:           queue,
		StartToCloseTimeout: 2 * time.Minute,
		HeartbeatTimeout:    3 * time.Second,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, MaximumInterval: time.Minute},
	})
}

// forEvidence tries until the evidence store takes it. A dead worker is noticed as
// with a wave.
func forEvidence(ctx workflow.Context, what string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             what,
		StartToCloseTimeout: time.Minute,
		HeartbeatTimeout:    3 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, MaximumInterval: time.Minute},
	})
}

func words(stages []access.Stage) string {
	var all []string
	for _, stage := range stages {
		all = append(all, string(stage))
	}
	return strings.Join(all, " and ")
}
