package activities

import (
	"context"

	"github.com/killsignal/killsignal/access"
)

// Note keeps a statement as evidence. One that is kept already is kept once.
func (a *Activities) Note(ctx context.Context, statement access.Statement) error {
	defer beat(ctx, nothing)()
	return temporalError(a.Evidence.State(ctx, statement))
}

// Join records that an event has joined a case that was running already. It
// returns the case that handles the event: an event is handled once, ever.
func (a *Activities) Join(ctx context.Context, caseID string, request access.Request) (string, error) {
	defer beat(ctx, nothing)()
	handledBy, _, err := a.Evidence.Join(ctx, request.Event, caseID, request, a.Clock().UTC())
	return handledBy, temporalError(err)
}
