// Command demo runs the whole of Killsignal on loopback: Temporal's server and UI,
// a simulated company, a worker, and the termination of one leaver.
//
//	go run ./demo          # stays up until Ctrl-C
//	go run ./demo --exit   # compares the end with what must be, and exits
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/killsignal/killsignal/internal/console"
	"github.com/killsignal/killsignal/internal/house"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		console.Complain(os.Stderr, "demo", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	var o options
	command := &cobra.Command{
		Use:   "demo",
		Short: "terminate a leaver of a simulated company, on real protocols and a real Temporal server",
		Example: `  go run ./demo                 # then, in a second terminal: go run ./starter status
  go run ./demo --exit          # for a script: 0 only when everything ended as it must
  go run ./demo --apps 300`,
		Args: cobra.NoArgs, Version: house.Version(), SilenceUsage: true, SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			o.chosen = command.Flags().Changed
			return run(command.Context(), o)
		},
	}
	flags := command.Flags()
	flags.BoolVar(&o.exit, "exit", false, "compare the end with what must be, and exit")
	flags.StringVar(&o.dir, "dir", ".killsignal", "folder for the database, the evidence and the configuration")
	flags.IntVar(&o.apps, "apps", 30, "number of SCIM applications, 5 or more")
	flags.IntVar(&o.temporalPort, "temporal-port", 7233, "port of the Temporal server; another free one when it is taken and not asked for")
	flags.IntVar(&o.uiPort, "ui-port", 8233, "port of the Temporal UI; the same")
	command.AddCommand(newServerCommand())
	return command
}

type options struct {
	exit                 bool
	dir                  string
	apps                 int
	temporalPort, uiPort int
	chosen               func(flag string) bool
}

// say prints one line of the story.
func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }
