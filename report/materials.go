package report

import (
	"context"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/evidence"
	"github.com/killsignal/killsignal/plan"
)

// Materials are all that a report is made of.
type Materials struct {
	Case       evidence.Case
	Status     plan.Status
	Intents    []access.Intent
	Receipts   []access.Receipt
	Statements []access.Statement
	Histories  []string // keys of exported workflow histories
	Final      bool
	Now        time.Time
	Version    string // of Killsignal
}

// Gather collects what the store holds of the case of the status, after it has moved in what
// waits in the spool. Errors are those of the store: a report is never made of a part.
func Gather(ctx context.Context, store *evidence.Store, status plan.Status, final bool, now time.Time) (Materials, error) {
	m := Materials{Status: status, Final: final, Now: now}
	if err := store.Flush(ctx); err != nil {
		return m, err
	}
	var err error
	if m.Case, err = store.Case(ctx, status.Case); err != nil {
		return m, err
	}
	if m.Intents, err = store.AllIntents(ctx, status.Case); err != nil {
		return m, err
	}
	if m.Receipts, err = store.Receipts(ctx, status.Case); err != nil {
		return m, err
	}
	if m.Statements, err = store.Statements(ctx, status.Case); err != nil {
		return m, err
	}
	m.Histories, err = store.Histories(ctx, status.Case)
	return m, err
}
