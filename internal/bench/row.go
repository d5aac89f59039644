package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/house"
	"github.com/killsignal/killsignal/workflows"
)

// row is one thing that is measured: how far the leaver is taken.
type row struct {
	name, title string
	stages      []access.Stage
	settle      time.Duration
}

func rows(settle time.Duration) []row {
	return []row{
		{"kill", "kill: lock, read back", []access.Stage{access.Lock}, 0},
		{"verify", "kill with verification: lock, read back, read again after the settle time", []access.Stage{access.Lock, access.Verify}, settle},
		{"case", "whole case: lock, revoke two groups, verify, report", []access.Stage{access.Lock, access.Revoke, access.Verify}, settle},
	}
}

func (r row) takes(stage access.Stage) bool { return slices.Contains(r.stages, stage) }

// bench is an open house on one store for one row, its worker at work.
type bench struct {
	o          options
	row        row
	subject    access.Subject
	fleet      *fleetClient
	house      *house.House
	temporal   client.Client
	connectors map[string]connectors.Connector // the very ones that the house uses
	begun      chan time.Time                  // when a no-op activity began
	calls      int
}

const subjectKey access.SubjectKey = "P-1042"

// open writes the files, opens the house, has it check all systems as a worker does
// when it starts, and starts the worker.
func open(ctx context.Context, o options, r row, store, address string, fleet *fleetClient) (b *bench, closeAll func(), err error) {
	dir := filepath.Join(o.dir, store+"-"+r.name)
	b = &bench{o: o, row: r, fleet: fleet, connectors: map[string]connectors.Connector{}, begun: make(chan time.Time, 2)}
	path, err := writeFiles(dir, o, r, address, fleet)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := config.Load(path)
	if err != nil {
		return nil, nil, err
	}
	logger := slog.New(slog.DiscardHandler)
	b.house, err = house.Open(ctx, cfg, house.Options{Kinds: house.Kinds{"scim": b.connect}, Logger: logger, Version: "bench"})
	if err != nil {
		return nil, nil, err
	}
	if b.subject, err = b.house.Roster.Subject(ctx, subjectKey); err != nil {
		return nil, nil, err
	}
	if err := fleet.anew(ctx); err != nil {
		return nil, nil, err
	}
	for _, health := range house.Check(ctx, b.house.Systems) {
		if health.Error != nil {
			return nil, nil, fmt.Errorf("check %s: %w", health.System, health.Error)
		}
	}
	b.temporal, err = house.Dial(ctx, cfg.Temporal, logger, 20*time.Second, nil)
	if err != nil {
		return nil, nil, err
	}
	workers := b.house.Workers(b.temporal, []string{workflows.EmergencyQueue}, func(error) {})
	b.register(workers[0])
	if err := workers[0].Start(); err != nil {
		return nil, nil, fmt.Errorf("start worker: %w", err)
	}
	return b, func() { b.close(workers[0]) }, nil
}

func (b *bench) close(w worker.Worker) {
	w.Stop()
	b.temporal.Close()
	_ = b.house.Close() // the evidence is thrown away
}

// connect makes the connector of one application, and keeps it for the script.
func (b *bench) connect(system string, decode func(into any) error) (connectors.Connector, error) {
	var c scim.Config
	if err := decode(&c); err != nil {
		return nil, err
	}
	connector, err := scim.New(system, c)
	if err != nil {
		return nil, err
	}
	b.connectors[system] = connector
	return connector, nil
}

// writeFiles writes the configuration and the roster of an organisation that knows
// which of its applications is slow.
func writeFiles(dir string, o options, r row, address string, fleet *fleetClient) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	var systems []yaml.MapSlice
	for i := range o.apps {
		connection := map[string]any{"url": fleet.url(appName(i)), "token": "file:token", "insecure_http": true, "lock_ends_sessions": true}
		if r.settle > 0 {
			connection["settle"] = r.settle.String()
		}
		systems = append(systems, yaml.MapSlice{{Key: "name", Value: appName(i)}, {Key: "kind", Value: "scim"}, {Key: "connection", Value: connection},
			{Key: "stages", Value: r.stages}, {Key: "slow", Value: i == o.apps-1}})
	}
	document, err := yaml.Marshal(yaml.MapSlice{
		{Key: "systems", Value: systems},
		{Key: "roster", Value: map[string]any{"file": "roster.csv"}},
		{Key: "evidence", Value: map[string]any{"url": "evidence", "spool": "spool"}},
		{Key: "temporal", Value: map[string]any{"address": address}},
	})
	if err != nil {
		return "", fmt.Errorf("write configuration: %w", err)
	}
	roster := fmt.Sprintf("key,name,emails,user_names,employee_number\n%s,%s,%s,%s,%s\n", subjectKey, leaver.DisplayName, leaver.Emails[0], leaver.UserName, leaver.ExternalID)
	path := filepath.Join(dir, "config.yaml")
	return path, errors.Join(
		os.WriteFile(path, document, 0o600),
		os.WriteFile(filepath.Join(dir, "roster.csv"), []byte(roster), 0o600),
		os.WriteFile(filepath.Join(dir, "token"), []byte(token), 0o600))
}
