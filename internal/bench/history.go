package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// cost is what a run left in Temporal.
type cost struct {
	Events, Billed, Upserts int
	Bytes                   int
	Alone                   int    // drives of one system
	Retries                 int    // attempts at activities after the first
	Why                     string // the last failure that led to one
}

// run is a workflow that has closed.
type run struct {
	ended  time.Time // the workflow knew that the last system was driven
	closed time.Time
	toEnd  cost // of the history until ended
	whole  cost
}

// closedTime is how long a run may take to close.
const closedTime = time.Minute

// await waits for the newest run of a workflow to close, and reads its history. It
// asks in short calls: one long call was seen to answer 20 seconds late.
func (b *bench) await(ctx context.Context, workflowID string) (run, error) {
	ctx, cancel := context.WithTimeout(ctx, closedTime)
	defer cancel()
	var described *workflowservice.DescribeWorkflowExecutionResponse
	for described.GetWorkflowExecutionInfo().GetCloseTime() == nil {
		select {
		case <-ctx.Done():
			return run{}, fmt.Errorf("wait for %s to close: %w", workflowID, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
		var err error
		if described, err = b.temporal.DescribeWorkflowExecution(ctx, workflowID, ""); err != nil {
			return run{}, fmt.Errorf("describe %s: %w", workflowID, err)
		}
	}
	info := described.GetWorkflowExecutionInfo()
	if info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_COMPLETED {
		return run{}, fmt.Errorf("%s ended as %s", workflowID, info.GetStatus())
	}
	var events []*historypb.HistoryEvent
	for history := b.temporal.GetWorkflowHistory(ctx, workflowID, info.GetExecution().GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); history.HasNext(); {
		event, err := history.Next()
		if err != nil {
			return run{}, fmt.Errorf("read history: %w", err)
		}
		events = append(events, event)
	}
	return runOf(events, int(info.GetHistorySizeBytes())), nil
}

// runOf reads a history. The size of the whole is the server's; that of its
// beginning is its share of it.
func runOf(events []*historypb.HistoryEvent, size int) run {
	end := len(events)
	drives := map[int64]bool{}
	for i, e := range events {
		if scheduled := e.GetActivityTaskScheduledEventAttributes(); scheduled != nil {
			name := scheduled.GetActivityType().GetName()
			drives[e.GetEventId()] = name == "DriveWave" || name == "DriveSystem"
		}
		if drives[e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()] {
			end = i
		}
	}
	for end < len(events)-1 && events[end].GetEventType() != enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
		end++
	}
	r := run{whole: costOf(events), toEnd: costOf(events[:min(end+1, len(events))])}
	r.ended, r.closed = events[min(end, len(events)-1)].GetEventTime().AsTime(), events[len(events)-1].GetEventTime().AsTime()
	r.toEnd.Bytes = r.toEnd.Bytes * size / max(r.whole.Bytes, 1)
	r.whole.Bytes = size
	return r
}

// costOf counts. An action is the start, each attempt at an activity, each timer,
// update and signal. Upserts of search attributes are counted apart.
func costOf(events []*historypb.HistoryEvent) cost {
	c := cost{Events: len(events)}
	for _, e := range events {
		c.Bytes += proto.Size(e)
		switch e.GetEventType() {
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums.EVENT_TYPE_TIMER_STARTED,
			enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
			c.Billed++
		case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			started := e.GetActivityTaskStartedEventAttributes()
			c.Billed += int(started.GetAttempt())
			c.Retries += int(started.GetAttempt()) - 1
			if failure := started.GetLastFailure(); failure != nil {
				c.Why = failure.GetMessage()
			}
		case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			if e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == "DriveSystem" {
				c.Alone++
			}
		case enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
			c.Upserts++
		}
	}
	return c
}
