package okta

import (
	"context"
	"time"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"github.com/killsignal/killsignal/access"
)

// Okta's statuses that the lock knows. In all others sign-in is possible or can
// become so by the user's own doing.
const (
	active        = "ACTIVE"
	suspended     = "SUSPENDED"
	deprovisioned = "DEPROVISIONED"
)

// status is Locked for a deactivated user and, unless a lock here means more than
// that, for a suspended one, except when Okta is just carrying them elsewhere.
func (c *Connector) status(user *okta.User) access.Status {
	locked := func(word string) bool { return word == deprovisioned || word == suspended && c.config.Lock == Suspend }
	if locked(user.Status) && (user.TransitioningToStatus == "" || locked(user.TransitioningToStatus)) {
		return access.Locked
	}
	return access.Active
}

// State reads the user by id, which does not lag. That there is none counts only
// when a filter, a second way to look, finds none either.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/getUser
func (c *Connector) State(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
	const op = "read account"
	state := access.AccountState{Ref: ref, ObservedAt: time.Now().UTC()}
	user, err := c.user(ctx, op, ref.ID)
	switch {
	case access.CodeOf(err) == access.NotFound:
		rows, err := c.list(ctx, query.WithFilter(`id eq "`+ref.ID+`"`))
		if err != nil {
			return state, c.fail(op, err)
		}
		if has(rows, ref.ID) {
			return state, &access.Error{Code: access.NotConverged, System: c.system, Op: op, Hint: "the account is not found under its id and still listed"}
		}
		state.Status = access.Absent
		return state, nil
	case err != nil:
		return state, err
	}
	state.Status, state.Word = c.status(user), user.Status
	state.Attributes = map[string]string{"status": user.Status}
	if user.TransitioningToStatus != "" {
		state.Attributes["transitioning_to_status"] = user.TransitioningToStatus
	}
	if user.Credentials != nil && user.Credentials.Provider != nil && user.Credentials.Provider.Type != "" {
		state.Attributes["credential_provider"] = user.Credentials.Provider.Type
	}
	return state, nil
}

// Lock suspends an active user, or deactivates when so configured. Okta suspends
// from ACTIVE only: who is staged, locked out, or has a password to renew is
// deactivated. A suspended user keeps applications and roles, so that one is
// deactivated too when so configured. Locked or absent users are left as they are.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/
func (c *Connector) Lock(ctx context.Context, ref access.AccountRef) error {
	const op = "lock"
	if err := c.check(op, ref.ID); err != nil {
		return err
	}
	if err := c.spare(ctx, op, ref.ID); err != nil {
		return err
	}
	user, err := c.user(ctx, op, ref.ID)
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	err = c.lock(ctx, user)
	if access.CodeOf(err) == access.Invalid {
		// The status has changed since it was read: look again, once.
		if user, err = c.user(ctx, op, ref.ID); err == nil {
			err = c.lock(ctx, user)
		}
	}
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	return c.fail(op, err)
}

func (c *Connector) lock(ctx context.Context, user *okta.User) error {
	if c.status(user) == access.Locked {
		return nil
	}
	if c.config.Lock == Suspend && user.Status == active {
		_, err := c.client.User.SuspendUser(ctx, user.Id)
		return err
	}
	_, err := c.client.User.DeactivateUser(ctx, user.Id, query.NewQueryParams(query.WithSendEmail(false)))
	return err
}

// Unlock lifts a suspension from a user who was active before it. A deactivation
// cannot be undone exactly, which is Unsupported.
func (c *Connector) Unlock(ctx context.Context, before access.AccountState) error {
	const op = "unlock"
	if before.Status != access.Active {
		return nil
	}
	user, err := c.user(ctx, op, before.Ref.ID)
	switch {
	case err != nil:
		return err
	case user.Status == suspended:
		_, err := c.client.User.UnsuspendUser(ctx, user.Id)
		return c.fail(op, err)
	case user.Status == deprovisioned:
		return &access.Error{Code: access.Unsupported, System: c.system, Op: op,
			Hint: "a deactivated user must be activated by hand: applications, roles and password do not come back"}
	}
	return nil
}
