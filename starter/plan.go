package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/killsignal/killsignal/access"
)

func (p *program) planCommand() *cobra.Command {
	var strategy string
	var accounts []string
	command := &cobra.Command{
		Use:   "plan [SUBJECT]",
		Short: "show exactly what a termination would do, and change nothing",
		Example: `  starter plan P-1042 --strategy emergency
  starter plan P-1042 --strategy emergency --output json`,
		Long: `It reads every system with the credentials of the configuration. The result names
accounts and rights.

exit codes: 0 everything was read, 3 something could not be read`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			return p.plan(command.Context(), arguments, strategy, accounts)
		},
	}
	command.Flags().StringVar(&strategy, "strategy", "", "how: emergency")
	command.Flags().StringArrayVar(&accounts, "account", nil, "an account of the person, system=id; may be given several times")
	return command
}

func (p *program) plan(ctx context.Context, arguments []string, strategy string, accounts []string) error {
	cfg, err := p.configuration()
	if err != nil {
		return err
	}
	if access.Strategy(strategy) != access.Emergency {
		return usage{fmt.Errorf("--strategy is missing or not known"), "the strategy is --strategy emergency"}
	}
	subject, err := p.person(ctx, cfg, arguments, accounts)
	if err != nil {
		return err
	}
	found := look(ctx, cfg, subject, access.Stages())
	var text strings.Builder
	fmt.Fprintln(&text, describe(subject))
	unread := 0
	for _, system := range found {
		text.WriteString(planned(system))
		if system.Error != nil {
			unread++
		}
	}
	if err := p.print(found, text.String()); err != nil {
		return err
	}
	if unread > 0 {
		p.say("starter: the plan is not whole: %d of %d systems could not be read in full", unread, len(found))
		return errIncomplete
	}
	return nil
}

// planned says line by line what would be done in one system: a heading, then for
// each account its acts, and what would remain.
func planned(found looked) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", found.System)
	last := access.AccountRef{}
	for _, receipt := range found.Receipts {
		if receipt.Account.ID == "" {
			continue
		}
		if receipt.Account != last {
			fmt.Fprintf(&b, "  account %s\n", account(receipt))
			last = receipt.Account
		}
		for _, act := range receipt.Acts {
			fmt.Fprintf(&b, "    %-8s %s%s\n", receipt.Stage, act.What, named(act.Right))
		}
		for _, right := range receipt.Remaining {
			if !right.Removable() {
				fmt.Fprintf(&b, "    %-8s remains, %s%s%s\n", receipt.Stage, right.Obstacle, named(&right), source(right))
			}
		}
	}
	switch {
	case found.Error != nil && last.ID == "":
		fmt.Fprintf(&b, "  not read: %s\n", trouble(found.Error))
	case last.ID == "":
		b.WriteString("  no account\n")
	}
	return b.String()
}

func named(right *access.Right) string {
	if right == nil {
		return ""
	}
	text := " " + right.Type
	if right.Name != "" {
		text += fmt.Sprintf(" %q", right.Name)
	}
	return text + " " + right.ID
}

func source(right access.Right) string {
	if right.Source == "" {
		return ""
	}
	return fmt.Sprintf(", from %q", right.Source)
}
