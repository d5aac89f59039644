// Command worker hosts Killsignal's workflows and activities.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/connectors/kinds"
	"github.com/killsignal/killsignal/internal/console"
	"github.com/killsignal/killsignal/internal/house"
)

// patience is how long a worker waits for a Temporal server that is not there yet.
const patience = 2 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	command := newCommand()
	err := command.ExecuteContext(ctx)
	stop()
	if err != nil {
		console.Complain(os.Stderr, "worker", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	var configPath string
	var queues []string
	command := &cobra.Command{
		Use:   "worker",
		Short: "host Killsignal's workflows and activities",
		Example: `  worker                                      # ./killsignal.yaml, every queue that it calls for
  worker --config /etc/killsignal.yaml
  worker --queue vault --queue vault-emergency # inside a private network: only the systems of queue vault`,
		Args:          cobra.NoArgs,
		Version:       house.Version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			return run(command.Context(), configPath, queues, newLogger(command.ErrOrStderr()))
		},
	}
	command.Flags().StringVar(&configPath, "config", "", "configuration file (default $"+config.Variable+", ./killsignal.yaml or ./.killsignal/config.yaml)")
	command.Flags().StringArrayVar(&queues, "queue", nil, "task queue to serve; may be given several times (default what the configuration calls for)")
	return command
}

func run(ctx context.Context, configPath string, queues []string, logger *slog.Logger) error {
	path, err := config.Find(configPath)
	if err != nil {
		return err
	}
	cfg, err := config.Load(path)
	if err != nil {
		return err
	}
	h, err := house.Open(ctx, cfg, house.Options{Kinds: kinds.All(), Logger: logger, Version: house.Version()})
	if err != nil {
		return err
	}
	temporal, err := house.Dial(ctx, cfg.Temporal, logger, patience, func(address string, left time.Duration) {
		logger.Warn("Temporal does not answer, trying again", "address", address, "for_another", left.String())
	})
	if err != nil {
		return err
	}
	defer temporal.Close()
	go h.LogHealth(ctx)
	go h.Keep(ctx)
	if len(queues) == 0 {
		queues = h.Queues()
	}
	if err := h.Work(ctx, temporal, queues); err != nil {
		return err
	}
	logger.Info("stopped")
	return h.Close()
}

// newLogger writes one JSON object a line.
func newLogger(out io.Writer) *slog.Logger {
	encoding := zap.NewProductionEncoderConfig()
	encoding.TimeKey, encoding.EncodeTime = "time", zapcore.RFC3339NanoTimeEncoder
	core := zapcore.NewCore(zapcore.NewJSONEncoder(encoding), zapcore.Lock(zapcore.AddSync(out)), zap.InfoLevel)
	return slog.New(zapslog.NewHandler(core))
}
