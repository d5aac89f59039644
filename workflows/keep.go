package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/activities"
	"github.com/killsignal/killsignal/plan"
)

// note keeps a statement as evidence. It waits for the evidence store as long as that
// takes, and fails only for a statement that is wrong in itself.
func (t *termination) note(ctx workflow.Context, statement access.Statement) error {
	statement.Case, statement.At = t.status.Case, workflow.Now(ctx)
	return workflow.ExecuteActivity(forEvidence(ctx, "keep what was said"), verbs.Note, statement).Get(ctx, nil)
}

// join records that an event has joined a case; it returns the case that handles the
// event.
func (t *termination) join(ctx workflow.Context, caseID string, request access.Request) (string, error) {
	var handledBy string
	err := workflow.ExecuteActivity(forEvidence(ctx, "join an event"), verbs.Join, caseID, request).Get(ctx, &handledBy)
	return handledBy, err
}

// report writes a report on how the case stands now.
func (t *termination) report(ctx workflow.Context, final bool) (activities.ReportResult, error) {
	var result activities.ReportResult
	summary := "interim report"
	if final {
		summary = "final report"
	}
	if err := workflow.ExecuteActivity(forEvidence(ctx, summary), verbs.Report, activities.ReportInput{Status: t.status, Final: final}).Get(ctx, &result); err != nil {
		return result, err
	}
	t.status.Report = result.Key
	t.show(ctx)
	return result, nil
}

// reportAtLast writes the final report: no case closes without one, however long the
// evidence is damaged.
func (t *termination) reportAtLast(ctx workflow.Context) activities.ReportResult {
	for pause := time.Minute; ; pause = min(2*pause, time.Hour) {
		result, err := t.report(ctx, true)
		if err == nil {
			return result
		}
		workflow.GetLogger(ctx).Error("final report not written; it is tried again", "error", err)
		if err := t.sleepUntil(ctx, workflow.Now(ctx).Add(pause), "until the report is tried again"); err != nil {
			workflow.GetLogger(ctx).Error("wait to report again", "error", err) // a disconnected context does not end
		}
	}
}

// enter begins a phase.
func (t *termination) enter(ctx workflow.Context, phase plan.Phase) {
	t.status.Phase = phase
	t.show(ctx)
}

// show brings the verdict and the page in the Temporal UI up to date, and, once the
// case waits for people, what searches find.
func (t *termination) show(ctx workflow.Context) {
	if t.before == nil {
		t.status.Verdict = t.status.Grid.Judge()
		if t.status.Cancelled {
			t.status.Verdict = plan.Cancelled
		}
	}
	workflow.SetCurrentDetails(ctx, details(t.status))
	if t.published != "" && t.status.Phase == plan.Settled {
		t.publish(ctx)
	}
}

// publish tells searches how the case stands, when that has changed. They are for
// compliance, not for the second: a case that closes at once is told once.
func (t *termination) publish(ctx workflow.Context) {
	now := fmt.Sprint(t.status.Case, t.status.Phase, t.status.Verdict, len(t.status.Tasks), t.status.ContainedAt)
	if now == t.published {
		return
	}
	t.published = now
	update := []temporal.SearchAttributeUpdate{CaseAttribute.ValueSet(t.status.Case), PhaseAttribute.ValueSet(string(t.status.Phase)),
		VerdictAttribute.ValueSet(string(t.status.Verdict)), TasksAttribute.ValueSet(int64(len(t.status.Tasks)))}
	if !t.status.ContainedAt.IsZero() {
		update = append(update, ContainedAtAttribute.ValueSet(t.status.ContainedAt))
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, update...); err != nil {
		workflow.GetLogger(ctx).Error("search attributes not set", "error", err)
	}
}

var verbs *activities.Activities // never called: names the activities, checked by the compiler
