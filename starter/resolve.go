package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/internal/door"
	"github.com/killsignal/killsignal/roster"
	"github.com/killsignal/killsignal/workflows"
)

func (p *program) attestCommand() *cobra.Command {
	return p.resolveCommand(workflows.AttestMessage, "state that a manual task was done by hand",
		`  starter attest P-1042 wiki --artefact TICKET-7
  starter attest P-1042 wiki --reason "locked by hand in the admin console"`, "attested")
}

func (p *program) retryCommand() *cobra.Command {
	return p.resolveCommand(workflows.RetryMessage, "try the system of a manual task again, now",
		`  starter retry P-1042 wiki --reason "the permission was granted"`, "trying again")
}

func (p *program) skipCommand() *cobra.Command {
	return p.resolveCommand(workflows.SkipMessage, "leave a manual task undone, as an exception in the report",
		`  starter skip P-1042 wiki --reason "the application is switched off"`, "skipped")
}

// resolveCommand makes one of the verbs by which people answer a manual task.
func (p *program) resolveCommand(message, short, example, done string) *cobra.Command {
	var r workflows.Resolution
	command := &cobra.Command{
		Use:     message + " SUBJECT TASK",
		Short:   short,
		Example: example,
		Long:    "TASK is the name that `starter status SUBJECT` shows. What is said is kept as evidence, with who said it.",
		Args:    cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, arguments []string) error {
			r.Task = arguments[1]
			return p.resolve(command.Context(), message, arguments[0], r, done)
		},
	}
	command.Flags().StringVar(&r.Reason, "reason", "", "why; no names or addresses")
	command.Flags().StringVar(&r.By, "by", "", "who says so (default the user of the operating system)")
	if message == workflows.AttestMessage {
		command.Flags().StringVar(&r.Artefact, "artefact", "", "where the proof is: a ticket, a screenshot")
	}
	return command
}

func (p *program) resolve(ctx context.Context, message, who string, r workflows.Resolution, done string) error {
	by, err := speaker(r.By)
	if err != nil {
		return err
	}
	r.By = by.Name
	switch {
	case message == workflows.SkipMessage && r.Reason == "":
		return usage{fmt.Errorf("skip needs a reason"), "pass --reason"}
	case message == workflows.AttestMessage && r.Reason == "" && r.Artefact == "":
		return usage{fmt.Errorf("attest needs a proof"), "pass --artefact, or say with --reason what was done"}
	}
	cfg, err := p.configuration()
	if err != nil {
		return err
	}
	key, err := p.key(ctx, cfg, who)
	if err != nil {
		return err
	}
	if err := p.impersonal(ctx, cfg, key, r); err != nil {
		return err
	}
	temporal, err := p.temporal(ctx, cfg)
	if err != nil {
		return err
	}
	defer temporal.Close()
	return p.passOn(ctx, temporal, key, message, r, done)
}

// impersonal refuses personal data in what is said, as far as the roster still
// knows the person.
func (p *program) impersonal(ctx context.Context, cfg *config.Config, key access.SubjectKey, r workflows.Resolution) error {
	people, err := roster.OpenCSV(cfg.Roster.File)
	if err != nil {
		return err
	}
	subject, err := people.Subject(ctx, key)
	if err != nil && access.CodeOf(err) != access.NotFound {
		return err
	}
	if err := impersonal("reason", r.Reason, subject); err != nil {
		return err
	}
	return impersonal("artefact", r.Artefact, subject)
}

// passOn sends it. Interrupted in between, it is not known whether it arrived;
// saying it again does no harm.
func (p *program) passOn(ctx context.Context, temporal client.Client, key access.SubjectKey, message string, r workflows.Resolution, done string) error {
	answered, err := door.Say(ctx, temporal, key, message, r)
	if err != nil {
		return err
	}
	result := struct {
		Subject access.SubjectKey `json:"subject"`
		Task    string            `json:"task"`
		Said    string            `json:"said"`
		Worker  bool              `json:"worker"`
	}{key, r.Task, message, answered}
	text := fmt.Sprintf("%s: %s of %s\n", done, r.Task, key)
	if !answered {
		text = "accepted; no worker has answered: it counts as soon as one runs\n"
	}
	return p.print(result, text)
}
