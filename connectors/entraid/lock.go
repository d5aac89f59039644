package entraid

import (
	"context"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/killsignal/killsignal/access"
)

// Lock sets accountEnabled to false. Entra ID then refuses sign-ins and the use of
// refresh tokens; access tokens already issued live on.
// https://learn.microsoft.com/graph/api/user-update
func (c *Connector) Lock(ctx context.Context, ref access.AccountRef) error {
	const op = "disable account"
	u, err := c.fetch(ctx, ref, op, "accountEnabled", "onPremisesSyncEnabled")
	switch {
	case err != nil:
		return err
	case u == nil, u.GetAccountEnabled() != nil && !*u.GetAccountEnabled():
		return nil
	case read(u.GetOnPremisesSyncEnabled()):
		return &access.Error{Code: access.Unsupported, System: c.system, Op: op,
			Hint: "the account is mastered in an on-premises Active Directory: disable it there; the next synchronisation brings the change"}
	}
	return c.enable(ctx, ref, op, false)
}

// Unlock sets accountEnabled to what it was.
func (c *Connector) Unlock(ctx context.Context, before access.AccountState) error {
	if before.Attributes["accountEnabled"] != "true" {
		return nil
	}
	return c.enable(ctx, before.Ref, "enable account", true)
}

// enable sends a new model, which holds nothing but what changes: what is fetched
// and changed is not what the SDK sends.
func (c *Connector) enable(ctx context.Context, ref access.AccountRef, op string, enabled bool) error {
	id, err := c.id(op, ref.ID)
	if err != nil {
		return err
	}
	change := models.NewUser()
	change.SetAccountEnabled(&enabled)
	_, err = c.user(id).Patch(ctx, change, &users.UserItemRequestBuilderPatchRequestConfiguration{Headers: urgent()})
	return c.failed(op, err, "User.EnableDisableAccount.All",
		"and a directory role such as Privileged Authentication Administrator when the account holds directory roles")
}

// EndSessions voids every refresh token and browser session that began before now.
// https://learn.microsoft.com/graph/api/user-revokesigninsessions
func (c *Connector) EndSessions(ctx context.Context, ref access.AccountRef) error {
	const op = "revoke sign-in sessions"
	id, err := c.id(op, ref.ID)
	if err != nil {
		return err
	}
	answer, err := c.user(id).RevokeSignInSessions().PostAsRevokeSignInSessionsPostResponse(ctx,
		&users.ItemRevokeSignInSessionsRequestBuilderPostRequestConfiguration{Headers: urgent()})
	switch {
	case err != nil && asError(err).Code == access.NotFound:
		return c.confirmAbsent(ctx, id, op)
	case err != nil:
		return c.failed(op, err, "User.RevokeSessions.All")
	case answer == nil || !read(answer.GetValue()):
		return &access.Error{Code: access.NotConverged, System: c.system, Op: op, Hint: "Graph does not say that sessions were revoked"}
	}
	return nil
}

// Sessions reads the instant before which every session is void, in whole seconds
// by Entra ID's clock. Sessions cannot be counted. Without an account there are none.
func (c *Connector) Sessions(ctx context.Context, ref access.AccountRef) (access.SessionState, error) {
	u, err := c.fetch(ctx, ref, "read sessions", "signInSessionsValidFromDateTime")
	switch {
	case err != nil:
		return access.SessionState{}, err
	case u == nil:
		return access.SessionState{Proof: access.SessionsZero}, nil
	case u.GetSignInSessionsValidFromDateTime() == nil:
		return access.SessionState{Proof: access.Asserted}, nil
	}
	return access.SessionState{Proof: access.StateReadBack, ValidFrom: u.GetSignInSessionsValidFromDateTime().UTC()}, nil
}
