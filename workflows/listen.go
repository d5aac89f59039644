package workflows

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// signal is a message that came as a signal.
type signal struct {
	name    string
	channel workflow.ReceiveChannel
	handle  func(ctx workflow.Context, payload *commonpb.Payload) error
}

// listen registers every message, as update and as signal, over the same function.
func (t *termination) listen(ctx workflow.Context) error {
	if err := workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (plan.Status, error) { return t.status, nil },
		workflow.QueryHandlerOptions{Description: "How the case stands: the grid of systems and stages, open tasks, times."}); err != nil {
		return fmt.Errorf("register query: %w", err)
	}
	for _, register := range []func() error{
		func() error {
			return hear(ctx, t, SubmitMessage, "Ask for this person's termination. Joins the running case. Takes a request.", access.Request.Validate, t.submit)
		},
		func() error {
			return hear(ctx, t, AttestMessage, `State that a task is done by hand. {"task":"…","by":"you","artefact":"where the proof is"}`, validAttest, t.attest)
		},
		func() error {
			return hear(ctx, t, RetryMessage, `Try the system of a task again now. {"task":"…","by":"you"}`, validResolution, t.retryTask)
		},
		func() error {
			return hear(ctx, t, SkipMessage, `Leave a task undone, with a reason; it stays an exception in the report. {"task":"…","by":"you","reason":"…"}`, validSkip, t.skip)
		},
	} {
		if err := register(); err != nil {
			return err
		}
	}
	disconnected, _ := workflow.NewDisconnectedContext(ctx)
	workflow.GoNamed(disconnected, "signals", t.hearSignals)
	return nil
}

// hear registers one message.
func hear[M, R any](ctx workflow.Context, t *termination, name, description string, valid func(M) error, handle func(workflow.Context, said, M) (R, error)) error {
	err := workflow.SetUpdateHandlerWithOptions(ctx, name, func(ctx workflow.Context, message M) (R, error) {
		// Whoever speaks is heard out, also when the case is cancelled meanwhile.
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		return handle(ctx, said{what: name, id: workflow.GetCurrentUpdateInfo(ctx).ID}, message)
	}, workflow.UpdateHandlerOptions{Description: description, Validator: func(_ workflow.Context, message M) error {
		if err := valid(message); err != nil {
			return temporal.NewApplicationError(err.Error(), string(access.CodeOf(err)))
		}
		return nil
	}})
	if err != nil {
		return fmt.Errorf("register update %s: %w", name, err)
	}
	t.signals = append(t.signals, signal{name: name,
		channel: workflow.GetSignalChannelWithOptions(ctx, name, workflow.SignalChannelOptions{Description: description}),
		handle: func(ctx workflow.Context, payload *commonpb.Payload) error {
			t.signalled++
			how := said{what: name, id: fmt.Sprintf("signal-%s-%d", workflow.GetInfo(ctx).WorkflowExecution.RunID, t.signalled)}
			var message M
			if err := converter.GetDefaultDataConverter().FromPayload(payload, &message); err != nil {
				return t.ignore(ctx, how, "it has not the shape of this message")
			}
			if err := valid(message); err != nil {
				return t.ignore(ctx, how, err.Error())
			}
			_, err := handle(ctx, how, message)
			return err
		}})
	return nil
}

// hearSignals handles signals as they come, for as long as the case lives.
func (t *termination) hearSignals(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, t.waiting); err != nil {
			return
		}
		t.drain(ctx)
	}
}

// waiting tells whether a signal waits.
func (t *termination) waiting() bool {
	for _, s := range t.signals {
		if s.channel.Len() > 0 {
			return true
		}
	}
	return false
}

// drain takes every signal that waits, without yielding, and has each handled by
// itself. It tells whether there was one.
func (t *termination) drain(ctx workflow.Context) bool {
	any := false
	for _, s := range t.signals {
		var raw converter.RawValue
		for s.channel.ReceiveAsync(&raw) {
			any = true
			t.talking++
			payload := raw.Payload()
			workflow.GoNamed(ctx, "signal "+s.name, func(ctx workflow.Context) {
				defer func() { t.talking-- }()
				if err := s.handle(ctx, payload); err != nil {
					workflow.GetLogger(ctx).Info("signal refused", "signal", s.name, "error", err)
				}
			})
		}
	}
	return any
}

// hearOut waits for every handler, then takes what waits in the channels, until
// there is nothing left: what is not taken before a workflow returns is lost.
// Nothing may yield between this and the return.
func (t *termination) hearOut(ctx workflow.Context) error {
	for {
		if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) && t.talking == 0 }); err != nil {
			return fmt.Errorf("wait for handlers: %w", err)
		}
		if !t.drain(ctx) {
			return nil
		}
	}
}
