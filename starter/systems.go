package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/kinds"
	"github.com/killsignal/killsignal/internal/console"
	"github.com/killsignal/killsignal/internal/house"
)

func (p *program) systemsCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "systems",
		Short: "list the configured systems and what can be done in them",
		Example: `  starter systems
  starter systems check`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return p.systems() },
	}
	command.AddCommand(&cobra.Command{
		Use:     "check",
		Short:   "prove that the credentials work and carry what they must; changes nothing",
		Example: `  starter systems check`,
		Long:    "exit codes: 0 all systems are well, 1 some are not",
		Args:    cobra.NoArgs,
		RunE:    func(command *cobra.Command, _ []string) error { return p.check(command.Context()) },
	})
	return command
}

// system is one line of the list, as JSON.
type system struct {
	System string             `json:"system"`
	Kind   string             `json:"kind"`
	Stages []access.Stage     `json:"stages"`
	Rights []access.RightKind `json:"rights"`
	Queue  string             `json:"queue,omitempty"`
}

func (p *program) systems() error {
	cfg, err := p.configuration()
	if err != nil {
		return err
	}
	rows := []system{}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "system\tkind\tstages\trights\tqueue")
	all, err := house.Systems(cfg, kinds.All(), house.NoEvidence{})
	if err != nil {
		return err
	}
	for i, s := range all {
		row := system{s.Name(), s.Info().Kind, s.Stages(), s.Info().Rights, cfg.Systems[i].Queue}
		rows = append(rows, row)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", row.System, row.Kind, list(row.Stages), list(row.Rights), cmp.Or(row.Queue, "-"))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return p.print(rows, text.String())
}

func (p *program) check(ctx context.Context) error {
	cfg, err := p.configuration()
	if err != nil {
		return err
	}
	systems, err := house.Systems(cfg, kinds.All(), house.NoEvidence{})
	if err != nil {
		return err
	}
	all := house.Check(ctx, systems)
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	bad := 0
	for _, health := range all {
		word := "well"
		if health.Error != nil {
			bad++
			word = trouble(health.Error)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", health.System, health.Kind, console.Duration(health.Took), word)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	if err := p.print(all, text.String()); err != nil {
		return err
	}
	if bad > 0 {
		return &access.Error{Code: access.Unavailable, Op: "check systems",
			Hint: fmt.Sprintf("%d of %d systems are not well; nothing can be ended there until they are", bad, len(all))}
	}
	return nil
}

// list joins words.
func list[W ~string](words []W) string {
	var all []string
	for _, word := range words {
		all = append(all, string(word))
	}
	return cmp.Or(strings.Join(all, " "), "-")
}
