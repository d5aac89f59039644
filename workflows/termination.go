// Package workflows holds the durable processes. Termination is the one there is:
// it ends one person's access. Its file reads as the process does; the other files
// of the package hold what it is made of.
//
// Histories, ids and search attributes carry keys, provider codes, digests and
// counts, never a name or an address.
package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/activities"
	"github.com/killsignal/killsignal/plan"
)

// Termination ends one person's access, everywhere, and closes only when every
// account is verified dead or vouched for by a named person. Its workflow id is
// TerminationID of the person's key, so that a person has one live case.
//
// An event that an earlier case has handled is answered with that case's
// conclusion, and nothing is done. Cancelled, it stops what remains, leaves the
// locks, reports, and ends as cancelled.
func Termination(ctx workflow.Context, request access.Request) (plan.Conclusion, error) {
	t := &termination{}
	if err := t.setup(ctx, request); err != nil {
		return plan.Conclusion{}, err
	}
	return t.run(ctx)
}

// termination is the state of a case.
type termination struct {
	life     workflow.Context // ends when the case is cancelled; messages are heard out beyond it
	request  access.Request
	accounts []access.AccountRef // named in this request and in those that joined
	status   plan.Status
	policy   plan.Policy
	systems  []plan.System
	admitted bool
	refused  error            // why the case was not admitted
	before   *plan.Conclusion // the event was handled by an earlier case
	next     *access.Request  // came too late for this case; a run of its own follows

	drives    drives
	residuals []residual
	owed      []string // systems for which accounts were named that they were not driven for
	published string   // what searches find
	signals   []signal
	talking   int // signals being handled
	signalled int // signals taken so far
}

// setup sets all state before it registers a handler: a handler may run before the
// first line of run does.
func (t *termination) setup(ctx workflow.Context, request access.Request) error {
	t.life, t.request, t.accounts = ctx, request, request.Accounts
	t.drives = newDrives()
	t.status = plan.Status{Case: request.Event, Subject: request.Subject, Strategy: request.Strategy,
		Phase: plan.Admitting, Verdict: plan.Incomplete, Effective: request.Effective}
	return t.listen(ctx)
}

func (t *termination) run(ctx workflow.Context) (plan.Conclusion, error) {
	if err := t.admit(ctx); err != nil || t.before != nil {
		return t.answerAsBefore(ctx, err)
	}
	t.contain(ctx)
	t.verify(ctx)
	t.reclaim(ctx)
	t.settle(ctx)
	for {
		t.awaitResolved(ctx)
		if final, borne := t.conclude(ctx); borne {
			return t.close(ctx, final)
		}
	}
}

// admit writes the event down and learns what the case goes by. It is done even
// when the case is cancelled at once, so that there is a case to report on.
func (t *termination) admit(ctx workflow.Context) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	info := workflow.GetInfo(ctx)
	var admission activities.Admission
	if err := t.request.Validate(); err != nil {
		t.refused = temporal.NewNonRetryableApplicationError(err.Error(), string(access.CodeOf(err)), nil)
		return t.refused
	}
	err := workflow.ExecuteActivity(forAdmission(ctx), verbs.Admit, activities.AdmitInput{
		Request: t.request, WorkflowID: info.WorkflowExecution.ID, FirstRun: info.FirstRunID}).Get(ctx, &admission)
	if err != nil {
		t.refused = err
		return err
	}
	t.before, t.policy, t.systems = admission.HandledBefore, admission.Policy, admission.Systems
	if t.before == nil {
		t.status.Case, t.status.AdmittedAt = admission.Case, admission.AdmittedAt
		t.status.Grid = plan.NewGrid(t.systems)
		t.accounts = append(slices.Clip(t.accounts), admission.Accounts...)
	}
	t.admitted = true
	t.show(ctx)
	if info.ContinuedExecutionRunID != "" && t.before == nil {
		t.publish(ctx) // the run before left its own words
	}
	return nil
}

// contain locks and strips every system: identity providers and all others at
// once, none waiting for another.
func (t *termination) contain(ctx workflow.Context) {
	t.enter(ctx, plan.Containing)
	t.driveAll(ctx, t.systems, access.Lock, access.Revoke)
}

// verify reads again every system that takes a while to show its changes, after
// that while.
func (t *termination) verify(ctx workflow.Context) {
	driven := workflow.Now(ctx)
	for _, settle := range plan.Settles(t.systems) {
		ready := t.ready(plan.Settling(t.systems, settle), access.Verify)
		if len(ready) == 0 || ctx.Err() != nil {
			continue
		}
		t.enter(ctx, plan.Verifying)
		if err := t.sleepUntil(ctx, driven.Add(settle), "until the systems show their changes"); err != nil {
			return // cancelled: close reports it
		}
		t.driveAll(ctx, ready, access.Verify)
	}
}

// reclaim gives paid seats back, on systems where the account is dead.
func (t *termination) reclaim(ctx workflow.Context) {
	if ready := t.ready(t.systems, access.Reclaim); len(ready) > 0 && ctx.Err() == nil {
		t.enter(ctx, plan.Reclaiming)
		t.driveAll(ctx, ready, access.Reclaim)
	}
}

// settle sends the interim report: from here on only stragglers, people and
// residual clocks are waited for.
func (t *termination) settle(ctx workflow.Context) {
	if ctx.Err() != nil {
		return
	}
	t.status.SettledAt = workflow.Now(ctx)
	t.enter(ctx, plan.Settled)
	workflow.GoNamed(ctx, "residual", t.probe)
	t.goOn(ctx)
	if t.quiet() {
		return // nothing is waited for: the final report follows at once
	}
	t.publish(ctx)
	if _, err := t.report(ctx, false); err != nil {
		workflow.GetLogger(ctx).Error("interim report not written", "error", err)
	}
}

// awaitResolved waits for stragglers, for people, and for the end of tokens that
// cannot be recalled, and hears out whoever is speaking: what is said in the last
// moment may begin something.
func (t *termination) awaitResolved(ctx workflow.Context) {
	hearing, _ := workflow.NewDisconnectedContext(ctx)
	for {
		if err := workflow.Await(ctx, t.quiet); err != nil {
			t.awaitStopped(ctx) // cancelled
			if err := t.hearOut(hearing); err != nil {
				workflow.GetLogger(ctx).Error("hear out", "error", err)
			}
			return
		}
		if err := t.hearOut(hearing); err != nil || t.quiet() {
			return // close meets the same error
		}
	}
}

// quiet tells whether nothing is left to wait for.
func (t *termination) quiet() bool {
	return t.drives.none() && t.status.Idle() && !t.outlived()
}

// conclude writes the final report. It returns false when the evidence does not bear
// the case out: then the systems in doubt are a person's, and the case goes on. A
// case that is cancelled, or that another run follows, ends as it is.
func (t *termination) conclude(ctx workflow.Context) (activities.ReportResult, bool) {
	t.status.Cancelled = ctx.Err() != nil
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	t.status.ClosedAt = workflow.Now(ctx)
	t.enter(ctx, plan.Closing)
	if t.status.Cancelled {
		t.status.Grid.Stop()
		err := t.note(ctx, access.Statement{ID: "cancel", What: "cancel", Reason: "remaining steps stopped; locks stay",
			By: access.Actor{Name: "somebody in the Temporal UI or by its API", Authority: access.Claimed}})
		if err != nil {
			workflow.GetLogger(ctx).Error("cancellation not kept", "error", err)
		}
	}
	final := t.reportAtLast(ctx)
	if len(final.Contradicted) == 0 || t.status.Cancelled || t.next != nil {
		return final, true
	}
	t.status.ClosedAt = time.Time{}
	t.enter(ctx, plan.Settled)
	for _, doubt := range final.Contradicted {
		t.status.Reopen(doubt, access.Error{Code: access.Invalid,
			Hint: "the evidence does not bear out what the case holds for done; the report says how"}, t.policy, workflow.Now(ctx))
	}
	t.show(ctx)
	return final, false
}

// close keeps the history, and answers. It runs to its end whatever has become of
// the case, and loses no message.
func (t *termination) close(ctx workflow.Context, final activities.ReportResult) (plan.Conclusion, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	t.enter(ctx, plan.Closed)
	t.status.Verdict = final.Verdict
	t.publish(ctx)
	conclusion := plan.Conclusion{Case: t.status.Case, Verdict: final.Verdict, Open: len(t.status.Tasks), Report: final.Key, Digest: final.Digest,
		ContainedAt: t.status.ContainedAt, SettledAt: t.status.SettledAt, ClosedAt: t.status.ClosedAt}
	info := workflow.GetInfo(ctx)
	err := workflow.ExecuteActivity(forEvidence(ctx, "keep the history"), verbs.Close, activities.CloseInput{
		Conclusion: conclusion, WorkflowID: info.WorkflowExecution.ID, Run: info.WorkflowExecution.RunID}).Get(ctx, nil)
	err = errors.Join(err, t.hearOut(ctx))
	switch {
	case t.next != nil:
		return conclusion, workflow.NewContinueAsNewError(ctx, TerminationName, *t.next)
	case err != nil:
		return conclusion, err
	case t.status.Cancelled:
		return conclusion, temporal.NewCanceledError(string(conclusion.Verdict))
	}
	return conclusion, nil
}

// answerAsBefore ends a case that was not admitted, with the conclusion of the case
// that handled its event, or with the reason.
func (t *termination) answerAsBefore(ctx workflow.Context, refused error) (plan.Conclusion, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if t.before != nil {
		t.status.Verdict, t.status.Phase = t.before.Verdict, plan.Closed
		t.show(ctx)
	}
	if err := t.hearOut(ctx); err != nil {
		return plan.Conclusion{}, err
	}
	switch {
	case t.next != nil:
		return plan.Conclusion{}, workflow.NewContinueAsNewError(ctx, TerminationName, *t.next)
	case refused != nil:
		return plan.Conclusion{}, refused
	}
	return *t.before, nil
}

// sleepUntil sleeps until an instant, by the workflow's clock. It returns an error
// only when the case is cancelled.
func (t *termination) sleepUntil(ctx workflow.Context, at time.Time, why string) error {
	left := at.Sub(workflow.Now(ctx))
	if left <= 0 {
		return ctx.Err()
	}
	return workflow.NewTimerWithOptions(ctx, left, workflow.TimerOptions{Summary: why}).Get(ctx, nil)
}
