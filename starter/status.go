package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/console"
	"github.com/killsignal/killsignal/internal/door"
)

func (p *program) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status [SUBJECT]",
		Short: "show how a case stands, or list the cases",
		Example: `  starter status
  starter status P-1042
  starter status P-1042 --output json`,
		Long: "exit codes: 0 complete, or a list; 3 work remains in the person's case",
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			ctx := command.Context()
			return p.connected(ctx, arguments, func(temporal client.Client, key access.SubjectKey) error {
				if key == "" {
					return p.list(ctx, temporal)
				}
				return p.status(ctx, temporal, key)
			})
		},
	}
}

// connected does something with a Temporal client and the key of the person who is
// named first, "" when nobody is. Who is meant is found out before connecting.
func (p *program) connected(ctx context.Context, who []string, do func(client.Client, access.SubjectKey) error) error {
	cfg, err := p.configuration()
	if err != nil {
		return err
	}
	var key access.SubjectKey
	if len(who) > 0 {
		if key, err = p.key(ctx, cfg, who[0]); err != nil {
			return err
		}
	}
	temporal, err := p.temporal(ctx, cfg)
	if err != nil {
		return err
	}
	defer temporal.Close()
	return do(temporal, key)
}

func (p *program) status(ctx context.Context, temporal client.Client, key access.SubjectKey) error {
	status, err := door.Status(ctx, temporal, key)
	if err != nil {
		return err
	}
	if err := p.print(status, console.Status(status, time.Now(), console.StyleOf(p.out))); err != nil {
		return err
	}
	return remaining(status.Verdict)
}

func (p *program) list(ctx context.Context, temporal client.Client) error {
	rows, more, err := door.List(ctx, temporal)
	if err != nil {
		return err
	}
	if rows == nil {
		rows = []door.Row{}
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "subject\tcase\tphase\tverdict\ttasks\tstarted")
	for _, row := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\n", row.Subject, row.Case, cmp.Or(row.Phase, "-"), cmp.Or(row.Verdict, "-"),
			row.Tasks, row.StartedAt.Local().Format(time.DateTime))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	if len(rows) == 0 {
		text.Reset()
		text.WriteString("no cases\n")
	}
	if more {
		p.say("the newest %d cases; the Temporal UI shows all", len(rows))
	}
	return p.print(rows, text.String())
}
