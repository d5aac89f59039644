package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/evidence"
	"github.com/killsignal/killsignal/plan"
)

// Admit decides whether a case may begin. It finds the subject, and writes the
// record of the event, which can be written once and for ever: an event whose case
// is concluded is answered with the conclusion. An unconcluded case of the same
// workflow id belongs to a run that was ended by force, since there is one live run
// per id: it is gone on with. Somebody who is neither in the roster nor named by
// accounts is NotFound. While the evidence store is down, emergencies are admitted
// and their record is spooled.
func (a *Activities) Admit(ctx context.Context, in AdmitInput) (Admission, error) {
	subject, err := a.lookUp(ctx, in.Request.Subject, in.Request.Accounts)
	if err != nil {
		return Admission{}, temporalError(err)
	}
	systems, err := json.Marshal(a.Planned)
	if err != nil {
		return Admission{}, temporalError(err)
	}
	digest := sha256.Sum256(systems)
	opening := evidence.Case{
		ID: in.Request.Event, WorkflowID: in.WorkflowID, FirstRun: in.FirstRun, Subject: subject, Request: in.Request,
		Systems: a.Planned, Policy: a.Policy, Digests: evidence.Digests{Config: a.Digest, Systems: hex.EncodeToString(digest[:])},
		AdmittedAt: a.Clock().UTC(),
	}
	stored, admitted, err := a.Evidence.Admit(ctx, opening)
	if err != nil {
		return Admission{}, temporalError(err)
	}
	if !admitted && stored.WorkflowID == "" {
		// The event had joined a case that was never admitted: it is admitted now.
		opening.ID = stored.ID
		if stored, admitted, err = a.Evidence.Admit(ctx, opening); err != nil {
			return Admission{}, temporalError(err)
		}
	}
	brief, cancel := context.WithTimeout(ctx, 2*evidenceTime)
	defer cancel()
	before, err := a.Evidence.Conclusion(brief, stored.ID)
	switch code := access.CodeOf(err); {
	case code == "":
		before.HandledBefore = true
		return Admission{HandledBefore: &before}, nil
	case stored.Spooled && code != access.NotFound:
		// The store is down, and an emergency does not wait for it.
	case code != access.NotFound:
		return Admission{}, temporalError(err)
	case !admitted && stored.WorkflowID != in.WorkflowID:
		return Admission{HandledBefore: &plan.Conclusion{Case: stored.ID, HandledBefore: true}}, nil
	case !admitted:
		err := a.Evidence.State(ctx, access.Statement{Case: stored.ID, ID: "resumed-by-" + in.FirstRun, What: "resume", Event: in.Request.Event,
			By: in.Request.RequestedBy, Reason: "the run before this one was ended by force; this one goes on with its case", At: a.Clock().UTC()})
		if err != nil {
			return Admission{}, temporalError(err)
		}
	}
	var accounts []access.AccountRef
	if !admitted && !stored.Spooled {
		if accounts, err = a.joined(ctx, stored.ID); err != nil {
			return Admission{}, temporalError(err)
		}
	}
	return Admission{Case: stored.ID, Accounts: accounts, Systems: stored.Systems, Policy: stored.Policy, AdmittedAt: stored.AdmittedAt}, nil
}

// joined returns the accounts that were named by requests which had joined a case.
func (a *Activities) joined(ctx context.Context, caseID string) ([]access.AccountRef, error) {
	statements, err := a.Evidence.Statements(ctx, caseID)
	var accounts []access.AccountRef
	for _, said := range statements {
		accounts = append(accounts, said.Accounts...)
	}
	return accounts, err
}
