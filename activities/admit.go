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
// record of the event, which can be written once and for ever: an event that
// another case has handled is answered with that case's conclusion. Somebody who
// is neither in the roster nor named by accounts is NotFound. While the evidence
// store is down, emergencies are admitted and their record is spooled.
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
	stored, admitted, err := a.Evidence.Admit(ctx, evidence.Case{
		ID: in.Request.Event, WorkflowID: in.WorkflowID, FirstRun: in.FirstRun, Subject: subject, Request: in.Request,
		Systems: a.Planned, Policy: a.Policy, Digests: evidence.Digests{Config: a.Digest, Systems: hex.EncodeToString(digest[:])},
		AdmittedAt: a.Clock().UTC(),
	})
	if err != nil {
		return Admission{}, temporalError(err)
	}
	if admitted {
		return Admission{Systems: stored.Systems, Policy: stored.Policy, AdmittedAt: stored.AdmittedAt}, nil
	}
	before, err := a.Evidence.Conclusion(ctx, stored.ID)
	if access.CodeOf(err) == access.NotFound {
		before, err = plan.Conclusion{Case: stored.ID}, nil // that case is not concluded yet
	}
	before.HandledBefore = true
	return Admission{HandledBefore: &before}, temporalError(err)
}
