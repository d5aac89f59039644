package workflows

import (
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// said is how a message came.
type said struct{ what, id string }

func validResolution(r Resolution) error {
	invalid := func(hint string) error {
		return &access.Error{Code: access.Invalid, Op: "read message", Hint: hint}
	}
	switch {
	case r.Task == "":
		return invalid("name the task, as status shows it")
	case r.By == "":
		return invalid("say who you are, in by")
	case access.ContainsAddress(r.Reason) || access.ContainsAddress(r.Artefact) || access.ContainsAddress(r.By):
		return invalid("no e-mail addresses here: histories carry no personal data")
	case len(r.Reason) > 500 || len(r.Artefact) > 500 || len(r.By) > 100:
		return invalid("a reason and an artefact have at most 500 characters, a name 100")
	}
	return nil
}

func validAttest(r Resolution) error {
	if err := validResolution(r); err != nil {
		return err
	}
	if r.Artefact == "" && r.Reason == "" {
		return &access.Error{Code: access.Invalid, Op: "read message", Hint: "an attestation names an artefact or says in a reason what was done"}
	}
	return nil
}

func validSkip(r Resolution) error {
	if err := validResolution(r); err != nil {
		return err
	}
	if r.Reason == "" {
		return &access.Error{Code: access.Invalid, Op: "read message", Hint: "skip needs a reason"}
	}
	return nil
}

// submit is somebody asking for this person's termination. The event that started
// this case changes nothing; another one joins it, and a case that is closing
// leaves it to a run of its own.
func (t *termination) submit(ctx workflow.Context, how said, request access.Request) (Acceptance, error) {
	if err := workflow.Await(ctx, func() bool { return t.admitted || t.refused != nil }); err != nil {
		return Acceptance{}, err
	}
	answer := Acceptance{Case: t.status.Case, Subject: t.status.Subject, Systems: len(t.systems), HandledBefore: t.before}
	switch {
	case request.Subject != t.request.Subject:
		return Acceptance{}, refusal("the request is about another person than this case")
	case request.Event == t.request.Event:
		return answer, t.refused
	case t.refused != nil || t.before != nil || t.status.Phase == plan.Closing || t.status.Phase == plan.Closed || t.life.Err() != nil:
		return t.follow(ctx, request)
	}
	handledBy, err := t.join(ctx, t.status.Case, request)
	if err != nil {
		return Acceptance{}, err
	}
	if handledBy != t.status.Case {
		answer.HandledBefore = &plan.Conclusion{Case: handledBy, HandledBefore: true}
		return answer, nil
	}
	answer.Merged = true
	t.accounts = append(slices.Clip(t.accounts), request.Accounts...)
	err = t.note(ctx, access.Statement{ID: how.id, What: how.what, By: request.RequestedBy, Reason: request.Reason, Event: request.Event, Accounts: request.Accounts})
	for _, ref := range request.Accounts {
		if !slices.Contains(t.owed, ref.System) {
			t.owed = append(t.owed, ref.System)
		}
	}
	t.payOwed()
	if t.status.Phase == plan.Settled {
		t.again()
	}
	return answer, err
}

// follow leaves a request to a run of its own, which begins when this one ends. A
// second one joins it.
func (t *termination) follow(ctx workflow.Context, request access.Request) (Acceptance, error) {
	if t.next == nil || t.next.Event == request.Event {
		t.next = &request
		return Acceptance{Case: request.Event, Subject: t.status.Subject}, nil
	}
	t.next.Accounts = append(slices.Clip(t.next.Accounts), request.Accounts...)
	handledBy, err := t.join(ctx, t.next.Event, request)
	return Acceptance{Case: handledBy, Subject: t.status.Subject, Merged: handledBy == t.next.Event}, err
}

// attest closes a task because a named person states that it is done.
func (t *termination) attest(ctx workflow.Context, how said, r Resolution) (plan.Status, error) {
	return t.vouch(ctx, how, r, access.Vouched)
}

// skip closes a task that stays undone.
func (t *termination) skip(ctx workflow.Context, how said, r Resolution) (plan.Status, error) {
	return t.vouch(ctx, how, r, access.Excepted)
}

// vouch closes what the statement is about, once it is kept: the word is the evidence.
func (t *termination) vouch(ctx workflow.Context, how said, r Resolution, d access.Disposition) (plan.Status, error) {
	stages, err := t.record(ctx, how, r)
	if err != nil {
		return t.status, err
	}
	t.resolve(ctx, r.Task, stages, d)
	if t.status.Phase == plan.Settled && !t.quiet() {
		_, err = t.report(ctx, false) // what compliance reads meanwhile shall know of it
	}
	return t.status, err
}

// retryTask tries the system of a task again, at once: trying needs no evidence.
func (t *termination) retryTask(ctx workflow.Context, how said, r Resolution) (plan.Status, error) {
	if r.By != string(t.status.Subject) {
		t.retry(r.Task)
	}
	_, err := t.record(ctx, how, r)
	return t.status, err
}

// record keeps on record what somebody says of a task, and returns the stages that
// it is about. What cannot take effect is refused, on record too.
func (t *termination) record(ctx workflow.Context, how said, r Resolution) ([]access.Stage, error) {
	statement := access.Statement{ID: how.id, What: how.what, Task: r.Task, Reason: r.Reason, Artefact: r.Artefact,
		By: access.Actor{Name: r.By, Authority: access.Claimed}}
	switch i := t.status.Task(r.Task); {
	case r.By == string(t.status.Subject):
		statement.Refused = "the leaver cannot resolve their own case"
	case i < 0:
		statement.Refused = "there is no open task of that name"
	default:
		statement.System, statement.Stages = t.status.Tasks[i].System, slices.Clone(t.status.Tasks[i].Stages)
	}
	if err := t.note(ctx, statement); err != nil {
		return nil, err
	}
	if statement.Refused != "" {
		return nil, refusal(statement.Refused)
	}
	return statement.Stages, nil
}

// ignore keeps on record that a signal was not understood.
func (t *termination) ignore(ctx workflow.Context, how said, why string) error {
	t.status.Ignored++
	return t.note(ctx, access.Statement{ID: how.id, What: how.what, Refused: why, By: access.Actor{Name: "unknown", Authority: access.Claimed}})
}

func refusal(why string) error {
	return temporal.NewNonRetryableApplicationError(why, string(access.Invalid), nil)
}
