package door

import (
	"context"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
	"github.com/killsignal/killsignal/workflows"
)

// Whoever waits asks again and again in short calls: one long call was seen to
// answer twenty seconds late.
const (
	askTime  = 2 * time.Second
	askEvery = 500 * time.Millisecond
)

// Status asks how the newest case of a person stands. A person without a case is
// NotFound. A worker must be running, since it is the worker that knows:
// otherwise the error is Unavailable.
func Status(ctx context.Context, c client.Client, key access.SubjectKey) (plan.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var status plan.Status
	value, err := c.QueryWorkflow(ctx, workflows.TerminationID(key), "", workflows.StatusQuery)
	if err == nil {
		err = value.Get(&status)
	}
	return status, explain("ask for status", err)
}

// Watch asks until the case is settled or closed, and returns how it stands then.
// It tells every answer to see, when that is not nil. It goes on through every trouble
// that may heal, workers that are gone among them, until ctx ends; the last known
// status is returned with the error.
func Watch(ctx context.Context, c client.Client, key access.SubjectKey, see func(plan.Status, error)) (plan.Status, error) {
	var last plan.Status
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		status, err := Status(ctx, c, key)
		if ctx.Err() != nil {
			return last, explain("watch case", ctx.Err())
		}
		if err != nil && !access.CodeOf(err).Transient() {
			return last, err
		}
		if err == nil {
			last = status
		}
		if see != nil {
			see(last, err)
		}
		if err == nil && (status.Phase == plan.Settled || status.Phase == plan.Closed) {
			return status, nil
		}
		select {
		case <-ctx.Done():
			return last, explain("watch case", ctx.Err())
		case <-ticker.C:
		}
	}
}

// Row is one case in a list, as its search attributes tell it.
type Row struct {
	Subject   access.SubjectKey `json:"subject"`
	Case      string            `json:"case"`
	Strategy  string            `json:"strategy"`
	Phase     string            `json:"phase,omitempty"`
	Verdict   string            `json:"verdict,omitempty"`
	Tasks     int64             `json:"tasks"`
	Running   bool              `json:"running"`
	StartedAt time.Time         `json:"started_at"`
	ClosedAt  time.Time         `json:"closed_at,omitzero"`
}

// MaxRows is the most cases that List returns.
const MaxRows = 200

// List returns the newest cases, newest first, and whether there are more.
func List(ctx context.Context, c client.Client) (rows []Row, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*askTime)
	defer cancel()
	found, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: "WorkflowType = '" + workflows.TerminationName + "'", PageSize: MaxRows})
	if err != nil {
		return nil, false, explain("list cases", err)
	}
	for _, e := range found.GetExecutions() {
		key, _ := workflows.SubjectOf(e.GetExecution().GetWorkflowId())
		row := Row{Subject: key, StartedAt: e.GetStartTime().AsTime(), Running: e.GetCloseTime() == nil}
		if e.GetCloseTime() != nil {
			row.ClosedAt = e.GetCloseTime().AsTime()
		}
		fields := e.GetSearchAttributes().GetIndexedFields()
		for name, into := range map[string]any{
			workflows.CaseAttribute.GetName(): &row.Case, workflows.StrategyAttribute.GetName(): &row.Strategy,
			workflows.PhaseAttribute.GetName(): &row.Phase, workflows.VerdictAttribute.GetName(): &row.Verdict,
			workflows.TasksAttribute.GetName(): &row.Tasks,
		} {
			if payload := fields[name]; payload != nil {
				if err := converter.GetDefaultDataConverter().FromPayload(payload, into); err != nil {
					return nil, false, explain("list cases", err)
				}
			}
		}
		rows = append(rows, row)
	}
	return rows, len(found.GetNextPageToken()) > 0, nil
}
