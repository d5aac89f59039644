package house

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/workflows"
)

// Worker settings, measured: eager reservations let all waves of a case begin
// within one workflow task; the sticky time-out is what a crash costs on top; and
// heartbeats carry cancellations, so they are not held back for long.
const (
	eagerReservations = 1000
	stickyTimeout     = 500 * time.Millisecond
	heartbeatThrottle = 500 * time.Millisecond
	stopTimeout       = 10 * time.Second
)

// Queues are the task queues that the configuration calls for: those that it
// names for workers, or else the two of all cases and, for each system with a
// queue of its own, that one and its twin for emergencies.
func (h *House) Queues() []string {
	if len(h.Config.Worker.Queues) > 0 {
		return h.Config.Worker.Queues
	}
	queues := []string{workflows.EmergencyQueue, workflows.Queue}
	for _, s := range h.Config.Systems {
		if s.Queue != "" {
			queues = append(queues, s.Queue, workflows.EmergencyQueueOf(s.Queue))
		}
	}
	slices.Sort(queues[2:])
	return slices.Compact(queues)
}

// Work serves the queues until ctx ends, or until a worker cannot go on, which is
// an error. It then takes no new work and finishes what is in hand, for ten
// seconds at most; what is not finished by then another worker repeats.
func (h *House) Work(ctx context.Context, c client.Client, queues []string) error {
	failed := make(chan error, len(queues))
	workers := h.Workers(c, queues, func(err error) { failed <- err })
	started := 0
	defer func() {
		var wait sync.WaitGroup
		for _, w := range workers[:started] {
			wait.Go(w.Stop)
		}
		wait.Wait()
	}()
	for i, w := range workers {
		if err := w.Start(); err != nil {
			return fmt.Errorf("serve queue %s: %w", queues[i], access.AsError(err, "start worker"))
		}
		started++
	}
	h.options.Logger.InfoContext(ctx, "serving", "queues", queues, "systems", len(h.Systems))
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return fmt.Errorf("serve queues: %w", access.AsError(err, "poll for work"))
	}
}

// Workers are one worker for each queue, not started; fatal hears of one that
// cannot go on. Workflows run on the queues of cases only; a queue of systems gets
// activities alone.
func (h *House) Workers(c client.Client, queues []string, fatal func(error)) []worker.Worker {
	verbs := h.Activities()
	verbs.Temporal = c
	reservations := eagerReservations
	var workers []worker.Worker
	for _, queue := range queues {
		cases := queue == workflows.EmergencyQueue || queue == workflows.Queue || queue == workflows.BackgroundQueue
		w := worker.New(c, queue, worker.Options{
			ActivityTaskPollerBehavior:                  worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
			WorkflowTaskPollerBehavior:                  worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
			MaxEagerActivityReservationsPerWorkflowTask: &reservations,
			StickyScheduleToStartTimeout:                stickyTimeout,
			MaxHeartbeatThrottleInterval:                heartbeatThrottle,
			DefaultHeartbeatThrottleInterval:            heartbeatThrottle,
			WorkerStopTimeout:                           stopTimeout,
			DisableWorkflowWorker:                       !cases,
			OnFatalError:                                fatal,
		})
		if cases {
			w.RegisterWorkflowWithOptions(workflows.Termination, workflow.RegisterOptions{Name: workflows.TerminationName})
		}
		w.RegisterActivity(verbs)
		workers = append(workers, w)
	}
	return workers
}
