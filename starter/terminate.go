package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/door"
)

// terminateFlags are what terminate takes.
type terminateFlags struct {
	strategy, effective, reason, event, by string
	accounts                               []string
	wait, yes                              bool
}

func (p *program) terminateCommand() *cobra.Command {
	var f terminateFlags
	command := &cobra.Command{
		Use:   "terminate [SUBJECT]",
		Short: "end a person's access everywhere, now",
		Example: `  starter terminate P-1042 --strategy emergency --reason "dismissed, case HR-77"
  starter terminate P-1042 --strategy emergency --yes --wait     # in a script: asks nothing, waits for the end
  starter terminate --strategy emergency --account okta-prod=00u1a2b3c4d5e6f7g8h9   # somebody who is in no roster`,
		Long: `On a terminal it shows who is meant and which accounts were found where, and asks.
Elsewhere it needs --yes. Everything is checked before anything is started. A person has
one case at a time: a second request joins the one that runs, and the same event counts
once, ever.

exit codes: 0 accepted, and with --wait complete; 3 work remains; 1 nothing was started`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			return p.terminate(command.Context(), arguments, f)
		},
	}
	flags := command.Flags()
	flags.StringVar(&f.strategy, "strategy", "", "how: emergency")
	flags.StringVar(&f.effective, "effective", "now", "instant from which access must not exist, RFC 3339, such as 2026-03-01T17:00:00+01:00")
	flags.StringVar(&f.reason, "reason", "", "why; no names or addresses")
	flags.StringVar(&f.event, "event", "", "id of the event that asks, such as an HR event's own (default a new one)")
	flags.StringArrayVar(&f.accounts, "account", nil, "an account of the person, system=id; may be given several times")
	flags.StringVar(&f.by, "by", "", "who asks (default the user of the operating system)")
	flags.BoolVar(&f.wait, "wait", false, "wait until the case is settled")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	return command
}

func (p *program) terminate(ctx context.Context, arguments []string, f terminateFlags) error {
	cfg, err := p.configuration()
	if err != nil {
		return err
	}
	subject, err := p.person(ctx, cfg, arguments, f.accounts)
	if err != nil {
		return err
	}
	request, err := f.request(subject, time.Now())
	if err != nil {
		return err
	}
	if !f.yes && !p.asks() {
		return usage{fmt.Errorf("there is no terminal to ask on"), "check with `starter plan` who is meant, and pass --yes"}
	}
	temporal, err := p.temporal(ctx, cfg)
	if err != nil {
		return err
	}
	defer temporal.Close()
	if !f.yes {
		if err := p.confirm(ctx, cfg, subject); err != nil {
			return err
		}
	}
	submitted, err := door.Submit(ctx, temporal, request)
	if err != nil {
		if ctx.Err() != nil {
			p.say("interrupted: whether the request was accepted is not known; ask with `starter status %s`", subject.Key)
		}
		return err
	}
	return p.accepted(ctx, temporal, request, submitted, f.wait)
}

// request makes the request and checks its shape.
func (f terminateFlags) request(subject access.Subject, now time.Time) (access.Request, error) {
	if access.Strategy(f.strategy) != access.Emergency {
		return access.Request{}, usage{fmt.Errorf("--strategy is missing or not known"), "the strategy is --strategy emergency"}
	}
	effective := now
	if f.effective != "now" {
		var err error
		if effective, err = time.Parse(time.RFC3339, f.effective); err != nil {
			return access.Request{}, usage{fmt.Errorf("--effective is not an instant"), "write now, or RFC 3339 such as 2026-03-01T17:00:00+01:00"}
		}
	}
	if effective.After(now) {
		return access.Request{}, usage{fmt.Errorf("--effective lies in the future"), "an emergency acts at once"}
	}
	if err := impersonal("reason", f.reason, subject); err != nil {
		return access.Request{}, err
	}
	if err := impersonal("event", f.event, subject); err != nil {
		return access.Request{}, err
	}
	by, err := speaker(f.by)
	if err != nil {
		return access.Request{}, err
	}
	if f.event == "" {
		f.event = "starter-" + rand.Text()
	}
	request := access.Request{Event: f.event, Subject: subject.Key, Strategy: access.Emergency, Effective: effective.UTC(), Reason: f.reason,
		RequestedBy: by, RequestedAt: now.UTC(), Accounts: subject.Accounts}
	if err := request.Validate(); err != nil {
		return access.Request{}, usage{fmt.Errorf("the request is not valid"), access.AsError(err, "").Hint}
	}
	return request, nil
}
