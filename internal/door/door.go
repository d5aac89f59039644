// Package door is how programs speak with cases in Temporal: it submits requests,
// passes on what people say, and asks how a case stands. Whoever uses it has
// checked the request; the door only carries it. Every error is an *access.Error.
package door

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/workflows"
)

// AnswerTime is how long a worker has to answer before a message is left for it as
// a signal.
const AnswerTime = 5 * time.Second

// Submitted is what became of a request.
type Submitted struct {
	workflows.Acceptance
	// Answered is false when no worker answered in time. The request is durable all
	// the same, and begins when a worker comes.
	Answered bool
	// WorkerSeen tells, when nothing was answered, whether workers are there: they
	// are busy then, or wait for the roster or the evidence.
	WorkerSeen bool
}

// Submit starts the person's case, or has the request join the one that runs. The
// same event submitted twice counts once.
func Submit(ctx context.Context, c client.Client, request access.Request) (Submitted, error) {
	id := workflows.TerminationID(request.Subject)
	options := client.StartWorkflowOptions{
		ID:                       id,
		TaskQueue:                workflows.EmergencyQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            fmt.Sprintf("%s termination of %s", request.Strategy, request.Subject),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			workflows.SubjectAttribute.ValueSet(string(request.Subject)),
			workflows.StrategyAttribute.ValueSet(string(request.Strategy)),
			workflows.CaseAttribute.ValueSet(request.Event),
			workflows.EffectiveAttribute.ValueSet(request.Effective),
		),
		Priority: workflows.EmergencyPriority(),
	}
	var acceptance workflows.Acceptance
	err := answered(ctx, func(ctx context.Context) error {
		handle, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: c.NewWithStartWorkflowOperation(options, workflows.TerminationName, request),
			// An id of its own each time: the server would answer a known one, after the case
			// has closed, as it was answered first, and not with what became of it. That
			// an event counts once is the workflow's doing, and the evidence's.
			UpdateOptions: client.UpdateWorkflowOptions{UpdateID: "submit-" + request.Event + "-" + rand.Text(), WorkflowID: id, UpdateName: workflows.SubmitMessage,
				Args: []any{request}, WaitForStage: client.WorkflowUpdateStageCompleted},
		})
		if err != nil {
			return err
		}
		return handle.Get(ctx, &acceptance)
	})
	if !silent(ctx, err) {
		return Submitted{Acceptance: acceptance, Answered: true}, explain("submit request", err)
	}
	// A start that is followed by silence is durable, but the update is not: only
	// the signal makes sure that a case which was running already hears of the event.
	if _, err := c.SignalWithStartWorkflow(ctx, id, workflows.SubmitMessage, request, options, workflows.TerminationName, request); err != nil {
		return Submitted{}, explain("submit request", err)
	}
	return Submitted{Acceptance: workflows.Acceptance{Case: request.Event, Subject: request.Subject}, WorkerSeen: workerSeen(ctx, c)}, nil
}

// Say passes on what somebody says of a manual task; message is one of the names
// in package workflows. It returns false when no worker answered in time: the
// message waits as a signal then. A person without a running case is NotFound.
func Say(ctx context.Context, c client.Client, key access.SubjectKey, message string, resolution workflows.Resolution) (bool, error) {
	id := workflows.TerminationID(key)
	err := answered(ctx, func(ctx context.Context) error {
		handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: id, UpdateName: message,
			Args: []any{resolution}, WaitForStage: client.WorkflowUpdateStageCompleted})
		if err != nil {
			return err
		}
		return handle.Get(ctx, nil)
	})
	if !silent(ctx, err) {
		return true, explain(message, err)
	}
	return false, explain(message, c.SignalWorkflow(ctx, id, "", message, resolution))
}

// answered gives an update time to be answered. One that met a case in the moment
// of its end is sent again, to the run that follows.
func answered(ctx context.Context, update func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, AnswerTime)
	defer cancel()
	for {
		err := update(ctx)
		if e, ok := errors.AsType[*temporal.ApplicationError](err); !ok || e.Type() != "AcceptedUpdateCompletedWorkflow" || ctx.Err() != nil {
			return err
		}
	}
}

// silent tells whether err is nothing but an answer that did not come in time.
func silent(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil {
		return false
	}
	_, timedOut := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err)
	return timedOut || errors.Is(err, context.DeadlineExceeded)
}

// workerSeen tells whether anybody polls for emergencies.
func workerSeen(ctx context.Context, c client.Client) bool {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	queue, err := c.DescribeTaskQueue(ctx, workflows.EmergencyQueue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	return err == nil && len(queue.GetPollers()) > 0
}
