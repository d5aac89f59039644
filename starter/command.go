package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/internal/console"
	"github.com/killsignal/killsignal/internal/house"
)

// streams are where a command reads and writes. Results go to out, all else to err.
type streams struct{ in, out, err *os.File }

// program is one call of the command line.
type program struct {
	streams
	configPath string
	output     string // text or json
	begun      bool   // arguments and flags were understood
}

// dialTime is how long an unreachable Temporal server is waited for.
const dialTime = 3 * time.Second

// run runs one command line and returns its exit code.
func run(ctx context.Context, arguments []string, s streams) int {
	p := &program{streams: s}
	root := p.root()
	root.SetArgs(arguments)
	root.SetOut(s.out)
	root.SetErr(s.err)
	command, err := root.ExecuteContextC(ctx)
	if err != nil && !p.begun {
		err = usage{err: err, hint: command.CommandPath() + " --help"}
	}
	return p.exit(err)
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "starter",
		Short: "end a leaver's access everywhere, provably",
		Long: `SUBJECT is an HR key or an e-mail address, looked up in the roster.

exit codes: 0 done, 1 error, 2 usage, 3 incomplete: work remains, 4 refused by a guard`,
		Example: `  starter terminate P-1042 --strategy emergency --reason "dismissed" --wait
  starter plan P-1042 --strategy emergency
  starter status
  starter watch P-1042
  starter attest P-1042 wiki --artefact TICKET-7
  starter report P-1042 --format html --out report.html
  starter systems check`,
		Version:           house.Version(),
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.NoArgs,
		RunE:              func(command *cobra.Command, _ []string) error { return command.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if p.output != "text" && p.output != "json" {
				return fmt.Errorf("--output is text or json")
			}
			p.begun = true
			return nil
		},
	}
	root.SetHelpTemplate(helpTemplate)
	root.SetHelpCommand(&cobra.Command{Hidden: true})
	root.PersistentFlags().StringVar(&p.configPath, "config", "", "configuration file (default $"+config.Variable+", ./killsignal.yaml or ./.killsignal/config.yaml)")
	root.PersistentFlags().StringVar(&p.output, "output", "text", "form of the result on standard output: text or json")
	root.AddCommand(p.terminateCommand(), p.planCommand(), p.statusCommand(), p.watchCommand(),
		p.attestCommand(), p.retryCommand(), p.skipCommand(), p.reportCommand(), p.systemsCommand())
	return root
}

// helpTemplate puts the examples first.
const helpTemplate = `{{.Short}}
{{if .HasExample}}
examples:
{{.Example}}
{{end}}{{if .Long}}
{{.Long}}
{{end}}
usage:
  {{.UseLine}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} VERB …

verbs:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

flags of every verb:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
`

// configuration finds and reads the configuration.
func (p *program) configuration() (*config.Config, error) {
	path, err := config.Find(p.configPath)
	if err != nil {
		return nil, err
	}
	return config.Load(path)
}

// temporal connects to the Temporal server.
func (p *program) temporal(ctx context.Context, cfg *config.Config) (client.Client, error) {
	return house.Dial(ctx, cfg.Temporal, slog.New(slog.DiscardHandler), dialTime, nil)
}

// print writes the result: the value as JSON, or the text.
func (p *program) print(value any, text string) error {
	if p.output == "json" {
		encoder := json.NewEncoder(p.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(value); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
		return nil
	}
	if _, err := fmt.Fprint(p.out, text); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

// say writes a line for people, beside the result.
func (p *program) say(format string, values ...any) {
	fmt.Fprintf(p.err, format+"\n", values...)
}

// asks tells whether there is a person who can be asked.
func (p *program) asks() bool { return console.IsTerminal(p.in) && console.IsTerminal(p.err) }
