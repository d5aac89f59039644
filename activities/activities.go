// Package activities is what the workflows have done: thin verbs, one a file,
// over the systems, the evidence, the roster and the report.
//
// Whatever goes wrong leaves here through errors.go, the one table that says what
// Temporal shall do about each code.
package activities

import (
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/evidence"
	"github.com/killsignal/killsignal/plan"
)

// Roster is the HR source of record.
type Roster interface {
	// Subject returns the person with that HR key; nobody is NotFound.
	Subject(ctx context.Context, key access.SubjectKey) (access.Subject, error)
}

// Activities hold what the verbs need. They keep no state of their own.
type Activities struct {
	Systems  map[string]*connectors.System
	Planned  []plan.System // the same systems, in the order of the configuration, as planning knows them
	Policy   plan.Policy
	Digest   string // of the configuration
	Roster   Roster
	Evidence *evidence.Store
	Temporal client.Client // for the export of histories
	Clock    func() time.Time
	Version  string // of this program, for reports
}

// PlannedSystem is what planning knows of a system.
func PlannedSystem(s *connectors.System, queue string, slow bool) plan.System {
	planned := plan.System{Name: s.Name(), Queue: queue, Slow: slow, IdentityProvider: s.Info().IdentityProvider,
		Settle: s.Info().Settle, Stages: s.Stages()}
	if len(planned.Stages) == 2 && planned.TakesPart(access.Lock) && planned.TakesPart(access.Revoke) {
		planned.Stages = nil // the default, left out for the sake of the history's size
	}
	return planned
}

// evidenceTime is how long a lock waits for the evidence store before it goes on
// without.
const evidenceTime = time.Second

// subject returns the person of a case, with the accounts that have been named
// since: as admitted, or by roster and request while the evidence cannot be read.
func (a *Activities) subject(ctx context.Context, in DriveInput) (access.Subject, error) {
	brief, cancel := context.WithTimeout(ctx, evidenceTime)
	defer cancel()
	stored, err := a.Evidence.Case(brief, in.Case)
	if err != nil {
		subject, rosterErr := a.lookUp(ctx, in.Subject, in.Accounts)
		if access.CodeOf(rosterErr) == access.NotFound {
			return subject, err // people leave the roster: only the evidence knows this one
		}
		return subject, rosterErr
	}
	subject := stored.Subject
	for _, ref := range in.Accounts {
		if !slices.Contains(subject.Accounts, ref) {
			subject.Accounts = append(slices.Clip(subject.Accounts), ref)
		}
	}
	return subject, nil
}

// lookUp finds the person in the roster. Somebody who is in no roster is known by
// the accounts that were named.
func (a *Activities) lookUp(ctx context.Context, key access.SubjectKey, accounts []access.AccountRef) (access.Subject, error) {
	subject, err := a.Roster.Subject(ctx, key)
	if err != nil {
		if access.CodeOf(err) != access.NotFound || len(accounts) == 0 {
			return access.Subject{}, err
		}
		subject = access.Subject{Key: key}
	}
	subject.Accounts = append(subject.Accounts, accounts...)
	return subject, nil
}
