package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/console"
	"github.com/killsignal/killsignal/internal/door"
	"github.com/killsignal/killsignal/plan"
)

func (p *program) watchCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "watch SUBJECT",
		Short:   "follow a case until it is settled",
		Example: `  starter watch P-1042`,
		Long: `On a terminal the grid is drawn in place; elsewhere every change is a line. Ctrl-C ends
the watching, never the case.

exit codes: 0 complete, 3 work remains`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			ctx := command.Context()
			return p.connected(ctx, arguments, func(temporal client.Client, key access.SubjectKey) error {
				status, err := p.follow(ctx, temporal, key)
				if err != nil {
					return err
				}
				if err := p.print(status, console.Status(status, time.Now(), console.StyleOf(p.out))); err != nil {
					return err
				}
				return remaining(status.Verdict)
			})
		},
	}
}

// follow shows a case on standard error until it is settled. Interrupted, it says
// that the case goes on, and that work remains.
func (p *program) follow(ctx context.Context, temporal client.Client, key access.SubjectKey) (plan.Status, error) {
	see := p.lines()
	if console.IsTerminal(p.err) {
		see = p.picture()
	}
	status, err := door.Watch(ctx, temporal, key, see)
	if err != nil && ctx.Err() != nil {
		p.say("\ninterrupted: the case goes on; follow it with `starter watch %s`", key)
		return status, errIncomplete
	}
	return status, err
}

// picture draws the case in place.
func (p *program) picture() func(plan.Status, error) {
	screen, style := console.NewScreen(p.err), console.StyleOf(p.err)
	return func(status plan.Status, err error) {
		text := console.Status(status, time.Now(), style)
		if err != nil {
			text += "no worker answers; the case waits for one\n"
		}
		if status.Phase == plan.Settled || status.Phase == plan.Closed {
			text = "" // the result follows on standard output
		}
		_ = screen.Draw(text) // a picture that cannot be drawn is no reason to stop watching
	}
}

// lines writes a line for every change.
func (p *program) lines() func(plan.Status, error) {
	var before plan.Status
	silent := false
	return func(status plan.Status, err error) {
		if err != nil {
			if !silent {
				p.say("no worker answers; the case waits for one")
			}
			silent = true
			return
		}
		silent = false
		for _, line := range console.Changes(before.Grid, status.Grid) {
			p.say("%s", line)
		}
		if status.Phase != before.Phase {
			p.say("%s", console.Headline(status, time.Now()))
		}
		before = status
	}
}
