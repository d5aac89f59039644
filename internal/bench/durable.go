package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/activities"
	"github.com/killsignal/killsignal/internal/door"
	"github.com/killsignal/killsignal/workflows"
)

// Names of the workflows to compare with.
const (
	perSystemName = "ActivityPerSystem"
	noOpsName     = "NoOps"
	noOpName      = "NoOp"
)

// register adds the workflows to compare with to the worker of the house.
func (b *bench) register(w worker.Worker) {
	w.RegisterWorkflowWithOptions(perSystem, workflow.RegisterOptions{Name: perSystemName})
	w.RegisterWorkflowWithOptions(noOps, workflow.RegisterOptions{Name: noOpsName})
	w.RegisterActivityWithOptions(func(context.Context) error { b.begun <- time.Now(); return nil }, activity.RegisterOptions{Name: noOpName})
}

// killsignal submits the case as `starter terminate` does.
func (b *bench) killsignal(ctx context.Context) (workflowID string, err error) {
	request := b.request()
	submitted, err := door.Submit(ctx, b.temporal, request)
	if err != nil {
		return "", err
	}
	if !submitted.Answered || submitted.Case != request.Event {
		return "", fmt.Errorf("the request was not answered, or by case %s", submitted.Case)
	}
	return workflows.TerminationID(request.Subject), nil
}

func (b *bench) request() access.Request {
	b.calls++
	now := time.Now().UTC()
	return access.Request{Event: fmt.Sprintf("bench-%d-%d", now.UnixNano(), b.calls), Subject: subjectKey, Strategy: access.Emergency,
		Effective: now, RequestedAt: now, Reason: "benchmark", RequestedBy: access.Actor{Name: "bench", Authority: access.Claimed}}
}

type perSystemInput struct {
	Request access.Request   `json:"request"`
	Stages  [][]access.Stage `json:"stages"` // driven one after the other
	Settle  time.Duration    `json:"settle"`
}

// perSystem is the workflow that one would write first: an activity for each
// system, which makes the same Drive calls, evidence included.
func perSystem(ctx workflow.Context, in perSystemInput) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 2 * time.Minute, HeartbeatTimeout: 3 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond}})
	var verbs *activities.Activities // never called: names the activities
	info := workflow.GetInfo(ctx)
	var admission activities.Admission
	if err := workflow.ExecuteActivity(ctx, verbs.Admit, activities.AdmitInput{Request: in.Request,
		WorkflowID: info.WorkflowExecution.ID, FirstRun: info.FirstRunID}).Get(ctx, &admission); err != nil {
		return err
	}
	for i, stages := range in.Stages {
		if i > 0 {
			if err := workflow.Sleep(ctx, in.Settle); err != nil {
				return err
			}
		}
		var driven []workflow.Future
		for _, system := range admission.Systems {
			driven = append(driven, workflow.ExecuteActivity(ctx, verbs.DriveSystem, activities.DriveInput{Case: in.Request.Event,
				Subject: in.Request.Subject, Systems: []string{system.Name}, Stages: stages}))
		}
		for _, one := range driven {
			if err := one.Get(ctx, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) perSystem(ctx context.Context) (workflowID string, err error) {
	in := perSystemInput{Request: b.request(), Stages: [][]access.Stage{{access.Lock}}, Settle: b.row.settle}
	if b.row.takes(access.Revoke) {
		in.Stages[0] = append(in.Stages[0], access.Revoke)
	}
	if b.row.takes(access.Verify) {
		in.Stages = append(in.Stages, []access.Stage{access.Verify})
	}
	run, err := b.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: in.Request.Event, TaskQueue: workflows.EmergencyQueue,
		Priority: workflows.EmergencyPriority()}, perSystemName, in)
	if err != nil {
		return "", fmt.Errorf("start %s: %w", perSystemName, err)
	}
	return run.GetID(), nil
}

// noOps is a workflow of n activities, one after the other, that do nothing.
func noOps(ctx workflow.Context, n int) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	for range n {
		if err := workflow.ExecuteActivity(ctx, noOpName).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// untilNoOp measures from the call to the begin of the n-th no-op activity.
func (b *bench) untilNoOp(ctx context.Context, n int) (time.Duration, error) {
	called := time.Now()
	_, err := b.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: workflows.EmergencyQueue,
		Priority: workflows.EmergencyPriority()}, noOpsName, n)
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", noOpsName, err)
	}
	var begun time.Time
	for range n {
		select {
		case begun = <-b.begun:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return begun.Sub(called), nil
}
