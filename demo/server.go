package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/devserver"
	"github.com/killsignal/killsignal/workflows"
)

// newServerCommand runs Temporal alone, for tests that kill it and for workers of
// one's own.
func newServerCommand() *cobra.Command {
	var o devserver.Options
	command := &cobra.Command{
		Use:   "server",
		Short: "run Temporal's server and UI alone, on loopback",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			server, err := startServer(command.Context(), o)
			if err != nil {
				return err
			}
			defer server.Stop()
			fmt.Printf("temporal %s\nui %s\n", server.Address(), server.UIAddress())
			<-command.Context().Done()
			return nil
		},
	}
	command.Flags().StringVar(&o.Database, "database", "", "SQLite file; in memory without one")
	command.Flags().IntVar(&o.FrontendPort, "temporal-port", 0, "port of the server; a free one without")
	command.Flags().IntVar(&o.UIPort, "ui-port", 0, "port of the UI; a free one without, none below 0")
	return command
}

func startServer(ctx context.Context, o devserver.Options) (*devserver.Server, error) {
	o.SearchAttributes = map[string]enums.IndexedValueType{}
	for _, key := range workflows.SearchAttributes() {
		o.SearchAttributes[key.GetName()] = key.GetValueType()
	}
	o.Logger = slog.New(slog.DiscardHandler)
	return devserver.Start(ctx, o)
}

// startTemporal starts the server of the demo, on its usual ports or, when they
// are taken and nobody asked for them, on free ones.
func startTemporal(ctx context.Context, o options, database string) (*devserver.Server, error) {
	usual := devserver.Options{Database: database, FrontendPort: o.temporalPort, UIPort: o.uiPort}
	server, err := startServer(ctx, usual)
	if access.CodeOf(err) != access.Unavailable || o.chosen("temporal-port") || o.chosen("ui-port") {
		return server, err
	}
	free := usual
	free.FrontendPort, free.UIPort = 0, 0
	if server, freeErr := startServer(ctx, free); freeErr == nil {
		return server, nil
	}
	return nil, err
}
