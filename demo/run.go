package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/connectors/kinds"
	"github.com/killsignal/killsignal/internal/console"
	"github.com/killsignal/killsignal/internal/devserver"
	"github.com/killsignal/killsignal/internal/door"
	"github.com/killsignal/killsignal/internal/house"
	"github.com/killsignal/killsignal/internal/simulator"
	"github.com/killsignal/killsignal/plan"
	"github.com/killsignal/killsignal/workflows"
)

// settleTime bounds the wait for the case to settle, troubles included.
const settleTime = 2 * time.Minute

func run(ctx context.Context, o options) error {
	if o.apps < 5 {
		return &access.Error{Code: access.Invalid, Op: "read flags", Hint: "--apps must be 5 or more: four of them are in trouble"}
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return &access.Error{Code: access.Invalid, Op: "make folder", Hint: "cannot write to " + o.dir, Cause: err}
	}
	server, err := startTemporal(ctx, o, filepath.Join(o.dir, "temporal.db"))
	if err != nil {
		return err
	}
	defer server.Stop()
	company, err := simulator.New(simulator.Options{Seed: 1, Apps: o.apps})
	if err != nil {
		return err
	}
	if err := company.Serve(ctx); err != nil {
		return err
	}
	defer company.Close()
	say("Temporal       %s, UI at %s", server.Address(), server.UIAddress())
	say("company        Okta, Entra ID and %d SCIM applications, simulated at %s and beyond", o.apps, company.URL(simulator.OktaSystem))
	return terminate(ctx, o, server, company)
}

// terminate opens the house of the company, and ends the leaver's access.
func terminate(ctx context.Context, o options, server *devserver.Server, company *simulator.Company) error {
	path, err := company.WriteFiles(o.dir, simulator.Files{Temporal: server.Address(), Settle: 2 * time.Second})
	if err != nil {
		return err
	}
	cfg, err := config.Load(path)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(o.dir, "worker.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer log.Close()
	logger := slog.New(slog.NewJSONHandler(log, nil))
	h, err := house.Open(ctx, cfg, house.Options{Kinds: kinds.All(), Logger: logger, Version: house.Version()})
	if err != nil {
		return err
	}
	defer h.Close()
	temporal, err := house.Dial(ctx, cfg.Temporal, logger, 20*time.Second, nil)
	if err != nil {
		return err
	}
	defer temporal.Close()
	working, stop := context.WithCancel(ctx)
	worked := make(chan error, 1)
	go func() { worked <- h.Work(working, temporal, h.Queues()) }()
	defer func() { stop(); <-worked }()

	if err := endEarlier(ctx, temporal); err != nil {
		return err
	}
	before := look(company)
	if err := company.SwitchOn(); err != nil {
		return err
	}
	for _, trouble := range company.Troubles() {
		say("trouble        %s: %s", trouble.System, trouble.What)
	}
	say("")
	status, err := kill(ctx, temporal)
	if err != nil {
		return err
	}
	reportPath, err := keepReport(ctx, h, o, status)
	if err != nil {
		return err
	}
	tell(status, reportPath, server)
	if o.exit {
		if err := compare(company, before, status); err != nil {
			return err
		}
		say("\nevery cell and every account is as it must be, and nobody else was touched")
		return nil
	}
	say("\nstays up until Ctrl-C; in a second terminal:\n  go run ./starter status\n  go run ./starter status %s\n  go run ./starter attest %s %s --artefact \"ticket 4711\"\n  go run ./starter report %s",
		simulator.Leaver, simulator.Leaver, deniedSystem(company), simulator.Leaver)
	select {
	case <-ctx.Done():
		say("\nstopped; the case is kept in %s", o.dir)
		return nil
	case err := <-worked:
		worked <- nil
		return err
	}
}

// endEarlier cancels a case that a demo before this one left open: its company is
// gone.
func endEarlier(ctx context.Context, temporal client.Client) error {
	id := workflows.TerminationID(simulator.Leaver)
	described, err := temporal.DescribeWorkflowExecution(ctx, id, "")
	if err != nil || described.GetWorkflowExecutionInfo().GetCloseTime() != nil {
		return nil // there is none
	}
	say("earlier case   of %s is cancelled: its company is gone", simulator.Leaver)
	if err := temporal.CancelWorkflow(ctx, id, ""); err != nil {
		return fmt.Errorf("cancel the earlier case: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		described, err := temporal.DescribeWorkflowExecution(ctx, id, "")
		if err == nil && described.GetWorkflowExecutionInfo().GetCloseTime() != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return &access.Error{Code: access.Unavailable, Op: "cancel the earlier case", Hint: "it does not end; remove the demo's folder and start again"}
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// kill submits the emergency and shows the grid until the case has settled.
func kill(ctx context.Context, temporal client.Client) (plan.Status, error) {
	now := time.Now().UTC()
	submitted, err := door.Submit(ctx, temporal, access.Request{
		Event: "demo-" + now.Format("20060102T150405.000000000"), Subject: simulator.Leaver, Strategy: access.Emergency,
		Effective: now, RequestedAt: now, Reason: "demonstration", RequestedBy: access.Actor{Name: "demo", Authority: access.Claimed},
	})
	if err != nil {
		return plan.Status{}, err
	}
	say("emergency      termination of %s accepted, case %s, %d systems\n", submitted.Subject, submitted.Case, submitted.Systems)
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	var shown plan.Grid
	var drawing error
	screen := console.NewScreen(os.Stdout)
	status, err := door.Watch(ctx, temporal, simulator.Leaver, func(s plan.Status, err error) {
		switch {
		case err != nil:
		case console.IsTerminal(os.Stdout):
			drawing = errors.Join(drawing, screen.Draw(console.Status(s, time.Now(), console.StyleOf(os.Stdout))))
		default:
			for _, line := range console.Changes(shown, s.Grid) {
				say("%6.1fs  %s", time.Since(now).Seconds(), line)
			}
			shown = s.Grid
		}
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return status, &access.Error{Code: access.Unavailable, Op: "wait for the case to settle", Hint: "it has not settled in two minutes; worker.log may say why"}
	}
	return status, errors.Join(err, drawing)
}

// keepReport copies the newest report out of the evidence, for people to open.
func keepReport(ctx context.Context, h *house.House, o options, status plan.Status) (string, error) {
	page, err := h.Evidence.ReportHTML(ctx, status.Report)
	if err != nil {
		return "", err
	}
	path := filepath.Join(o.dir, "report.html")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	return path, nil
}

func tell(status plan.Status, reportPath string, server *devserver.Server) {
	if !console.IsTerminal(os.Stdout) {
		say("\n%s", console.Status(status, time.Now(), console.Style{}))
	}
	say("\ntime to contain  %s, to the last verified lock; one lock waits for a person\ntime to settle   %s, with the interim report",
		console.Duration(status.LockedAt.Sub(status.Effective)), console.Duration(status.SettledAt.Sub(status.Effective)))
	say("report           %s\nTemporal UI      %s/namespaces/default/workflows/%s", reportPath, server.UIAddress(), "termination%2F"+string(status.Subject))
}
