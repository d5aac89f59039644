package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/console"
	"github.com/killsignal/killsignal/internal/door"
	"github.com/killsignal/killsignal/plan"
)

// acceptance is the result of terminate, as JSON.
type acceptance struct {
	Subject       access.SubjectKey `json:"subject"`
	Case          string            `json:"case"`
	Event         string            `json:"event"`
	Systems       int               `json:"systems,omitempty"`
	Merged        bool              `json:"merged,omitempty"`
	Worker        bool              `json:"worker"` // a worker has answered
	HandledBefore *plan.Conclusion  `json:"handled_before,omitempty"`
	Status        *plan.Status      `json:"status,omitempty"` // with --wait
}

// accepted says what became of the request and, when asked to, waits for the end.
func (p *program) accepted(ctx context.Context, temporal client.Client, request access.Request, s door.Submitted, wait bool) error {
	result := acceptance{Subject: request.Subject, Case: s.Case, Event: request.Event, Systems: s.Systems, Merged: s.Merged,
		Worker: s.Answered, HandledBefore: s.HandledBefore}
	switch {
	case !s.Answered:
		return p.unanswered(result, s, wait)
	case s.HandledBefore != nil:
		return p.handledBefore(result, *s.HandledBefore)
	}
	text := fmt.Sprintf("accepted: case %s of %s, %d systems\n", s.Case, request.Subject, s.Systems)
	if s.Merged {
		text = fmt.Sprintf("accepted: the event %s has joined case %s of %s, which is running\n", request.Event, s.Case, request.Subject)
	}
	if !wait {
		return p.print(result, text+fmt.Sprintf("follow it with: starter watch %s\n", request.Subject))
	}
	p.say("%s", text[:len(text)-1])
	status, err := p.follow(ctx, temporal, request.Subject)
	if err != nil {
		return err
	}
	result.Status = &status
	if err := p.print(result, console.Status(status, time.Now(), console.StyleOf(p.out))); err != nil {
		return err
	}
	return remaining(status.Verdict)
}

// unanswered says that the request is durable and waits.
func (p *program) unanswered(result acceptance, s door.Submitted, wait bool) error {
	text := "accepted; no worker is running: start one with `worker`; it will begin at once then\n"
	if s.WorkerSeen {
		text = "accepted; no worker has answered yet: it begins as soon as one can\n"
	}
	if err := p.print(result, text); err != nil || !wait {
		return err
	}
	return errIncomplete
}

func (p *program) handledBefore(result acceptance, before plan.Conclusion) error {
	text := fmt.Sprintf("the event %s was handled before, by case %s: ", result.Event, before.Case)
	if before.Verdict == "" {
		text += "not concluded yet\n"
	} else {
		text += fmt.Sprintf("%s, %d open, closed %s\n", before.Verdict, before.Open, before.ClosedAt.Local().Format(time.DateTime))
	}
	if err := p.print(result, text+"nothing was done\n"); err != nil {
		return err
	}
	return remaining(before.Verdict)
}
