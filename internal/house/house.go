// Package house puts the parts together as a configuration says: systems, roster,
// evidence, activities and workers. The programs share it and hold no wiring of
// their own.
package house

import (
	"context"
	"errors"
	"log/slog"
	"time"
	_ "time/tzdata" // people's zones, also on a machine that has none

	"github.com/killsignal/killsignal/activities"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/evidence"
	"github.com/killsignal/killsignal/plan"
	"github.com/killsignal/killsignal/roster"
)

// Options open a House.
type Options struct {
	Kinds   Kinds
	Logger  *slog.Logger     // nil drops everything
	Clock   func() time.Time // nil means time.Now
	Version string           // of the program, for reports
}

// House is what a worker works with.
type House struct {
	Config   *config.Config
	Systems  []*connectors.System
	Roster   *roster.CSV
	Evidence *evidence.Store

	options Options
}

// Open puts a house together. It connects to no system and to no server. All that
// is wrong with any system is in the error, with its line.
func Open(ctx context.Context, cfg *config.Config, o Options) (*House, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	h := &House{Config: cfg, options: o}
	var err error
	if h.Roster, err = roster.OpenCSV(cfg.Roster.File); err != nil {
		return nil, err
	}
	h.Evidence, err = evidence.Open(ctx, evidence.Options{URL: cfg.Evidence.URL, Spool: cfg.Evidence.Spool, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	if h.Systems, err = Systems(cfg, o.Kinds, h.Evidence); err != nil {
		return nil, errors.Join(err, h.Evidence.Close())
	}
	return h, nil
}

// Close lets go of the evidence.
func (h *House) Close() error { return h.Evidence.Close() }

// Activities are the verbs of this house; the caller sets Temporal, the client by
// which histories are read.
func (h *House) Activities() *activities.Activities {
	a := &activities.Activities{Systems: map[string]*connectors.System{}, Policy: h.Config.Policy.Plan(), Digest: h.Config.Digest(),
		Roster: h.Roster, Evidence: h.Evidence, Clock: h.options.Clock, Version: h.options.Version}
	for _, system := range h.Systems {
		a.Systems[system.Name()] = system
	}
	a.Planned = h.planned()
	return a
}

// planned is the systems as planning knows them, in the order of the file.
func (h *House) planned() []plan.System {
	var planned []plan.System
	for _, system := range h.Systems {
		for _, s := range h.Config.Systems {
			if s.Name == system.Name() {
				planned = append(planned, activities.PlannedSystem(system, s.Queue, s.Slow))
			}
		}
	}
	return planned
}

// flushing is how often the spool is looked at.
const flushing = 10 * time.Second

// Keep moves spooled evidence into the store whenever that is up again, until ctx
// ends.
func (h *House) Keep(ctx context.Context) {
	ticker := time.NewTicker(flushing)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		waiting := h.Evidence.Spooled()
		if waiting == 0 {
			continue
		}
		if err := h.Evidence.Flush(ctx); err != nil {
			h.options.Logger.WarnContext(ctx, "evidence waits in the spool", "records", waiting, "error", err)
			continue
		}
		h.options.Logger.InfoContext(ctx, "evidence moved from the spool to the store", "records", waiting)
	}
}
