// Command bench measures what durability costs: the kill of one leaver in 300
// applications by Killsignal, by a plain goroutine script that makes the same
// calls through the same connectors, and by a workflow with an activity per
// system, interleaved in one run, on a real Temporal server in memory and on a file.
//
//	go run ./internal/bench
//
// It prints the tables of docs/benchmarks.md, and fails when an account is not
// locked, when anybody else was touched, or when the three did not send the same
// requests.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/killsignal/killsignal/internal/console"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		console.Complain(os.Stderr, "bench", err)
		os.Exit(1)
	}
}

// options are what a run is made of.
type options struct {
	apps       int
	fast, slow time.Duration // how long an application takes for every answer; the last one is the slow one
	rounds     int
	pause      time.Duration // between calls
	settle     time.Duration // of the applications that are read a second time
	stores     []string
	rows       []string
	dir        string
}

func defaults() options {
	return options{apps: 300, fast: 50 * time.Millisecond, slow: 500 * time.Millisecond, rounds: 5,
		pause: 300 * time.Millisecond, settle: 100 * time.Millisecond, stores: []string{inMemory, onFile}}
}

func newCommand() *cobra.Command {
	o := defaults()
	command := &cobra.Command{
		Use:          "bench",
		Short:        "compare the kill of many applications with a script and with an activity per system",
		Args:         cobra.NoArgs,
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error { return compare(command.Context(), o) },
	}
	flags := command.Flags()
	flags.IntVar(&o.rounds, "rounds", o.rounds, "measured rounds of each row, after one to warm up")
	flags.DurationVar(&o.pause, "pause", o.pause, "pause between two calls")
	flags.StringSliceVar(&o.stores, "store", o.stores, "where the server keeps its data: memory, file")
	flags.StringSliceVar(&o.rows, "row", nil, "rows to measure: kill, verify, case (default all)")
	flags.StringVar(&o.dir, "dir", "", "folder for databases and evidence (default one that is removed afterwards)")
	command.PersistentFlags().IntVar(&o.apps, "apps", o.apps, "number of applications")
	command.PersistentFlags().DurationVar(&o.fast, "fast", o.fast, "how long all applications but one take for an answer")
	command.PersistentFlags().DurationVar(&o.slow, "slow", o.slow, "how long the last application takes for an answer")
	command.AddCommand(&cobra.Command{
		Use:   applicationsVerb,
		Short: "be the simulated applications, until standard input ends",
		Args:  cobra.NoArgs, Hidden: true,
		RunE: func(command *cobra.Command, _ []string) error { return serveApplications(command.Context(), o) },
	})
	return command
}

func compare(ctx context.Context, o options) error {
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "killsignal-bench-")
		if err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		defer os.RemoveAll(dir)
		o.dir = dir
	}
	applications, stop, err := startApplications(ctx, o)
	if err != nil {
		return err
	}
	defer stop()
	server, err := buildServer(ctx, o.dir)
	if err != nil {
		return err
	}
	results, err := measure(ctx, o, server, applications)
	if err != nil {
		return err
	}
	return tell(os.Stdout, o, results)
}

// measure runs every row on every store.
func measure(ctx context.Context, o options, server string, applications *fleetClient) ([]result, error) {
	var results []result
	for _, store := range o.stores {
		address, stop, err := startServer(ctx, server, o.dir, store)
		if err != nil {
			return nil, err
		}
		for _, row := range rows(o.settle) {
			if len(o.rows) > 0 && !slices.Contains(o.rows, row.name) {
				continue
			}
			measured, err := measureRow(ctx, o, row, store, address, applications)
			if err != nil {
				stop()
				return nil, fmt.Errorf("%s, %s: %w", row.name, store, err)
			}
			results = append(results, measured)
		}
		stop()
	}
	return results, nil
}
