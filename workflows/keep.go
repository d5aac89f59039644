package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/activities"
	"github.com/killsignal/killsignal/plan"
)

// note keeps a statement as evidence. A failure is only ever final for a statement
// that is wrong in itself, and is logged: what was said has taken effect.
func (t *termination) note(ctx workflow.Context, statement access.Statement) {
	statement.Case, statement.At = t.status.Case, workflow.Now(ctx)
	if err := workflow.ExecuteActivity(forEvidence(ctx, "keep what was said"), verbs.Note, statement).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Error("statement not kept", "statement", statement.ID, "error", err)
	}
}

// join records that an event has joined this case; it returns the case that
// handles the event.
func (t *termination) join(ctx workflow.Context, request access.Request) (string, error) {
	var handledBy string
	err := workflow.ExecuteActivity(forEvidence(ctx, "join an event"), verbs.Join, t.status.Case, request).Get(ctx, &handledBy)
	return handledBy, err
}

// report writes a report on how the case stands now.
func (t *termination) report(ctx workflow.Context, final bool) activities.ReportResult {
	var result activities.ReportResult
	summary := "interim report"
	if final {
		summary = "final report"
	}
	if err := workflow.ExecuteActivity(forEvidence(ctx, summary), verbs.Report, activities.ReportInput{Status: t.status, Final: final}).Get(ctx, &result); err != nil {
		workflow.GetLogger(ctx).Error("report not written", "error", err)
		return result
	}
	t.status.Report = result.Key
	t.show(ctx)
	return result
}

// enter begins a phase, and shows it to whoever searches for cases.
func (t *termination) enter(ctx workflow.Context, phase plan.Phase) {
	if t.status.Phase == phase {
		return
	}
	t.status.Phase = phase
	t.show(ctx)
	if phase != plan.Settled && phase != plan.Closed {
		return // searched by compliance, not by the second
	}
	err := workflow.UpsertTypedSearchAttributes(ctx,
		PhaseAttribute.ValueSet(string(phase)), VerdictAttribute.ValueSet(string(t.status.Verdict)),
		TasksAttribute.ValueSet(int64(len(t.status.Tasks))), ContainedAtAttribute.ValueSet(t.status.ContainedAt))
	if err != nil {
		workflow.GetLogger(ctx).Error("search attributes not set", "error", err)
	}
}

// show brings the verdict and the page in the Temporal UI up to date.
func (t *termination) show(ctx workflow.Context) {
	if t.before == nil {
		t.status.Verdict = t.status.Grid.Judge()
		if t.status.Cancelled {
			t.status.Verdict = plan.Cancelled
		}
	}
	workflow.SetCurrentDetails(ctx, details(t.status))
}

var verbs *activities.Activities // never called: names the activities, checked by the compiler
