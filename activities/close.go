package activities

import (
	"context"

	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"

	"github.com/killsignal/killsignal/access"
)

// Close exports the history of the run, as far as it has come, to the evidence,
// and then concludes the case: from then on its event is answered with the
// conclusion. The history is JSON as Temporal's own tools write and read it.
func (a *Activities) Close(ctx context.Context, in CloseInput) error {
	defer beat(ctx, nothing)()
	var history historypb.History
	events := a.Temporal.GetWorkflowHistory(ctx, in.WorkflowID, in.Run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return temporalError(&access.Error{Code: access.Unavailable, Op: "read history", Cause: err})
		}
		history.Events = append(history.Events, event)
	}
	content, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&history)
	if err != nil {
		return temporalError(&access.Error{Code: access.Invalid, Op: "export history", Cause: err})
	}
	if err := a.Evidence.PutHistory(ctx, in.Conclusion.Case, in.Run, content); err != nil {
		return temporalError(err)
	}
	return temporalError(a.Evidence.Conclude(ctx, in.Conclusion))
}
