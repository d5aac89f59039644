package scim

import (
	"context"
	"net/http"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// identifier is the attribute by which users are looked up to confirm that one is
// not there.
const identifier Attribute = "id"

// user reads one user under its id (RFC 7644 3.4.1). NotFound is answered only
// when a second look, among all users, does not find it either: behind a wrong
// address and on a server that lags behind, everything is not found.
func (c *Connector) user(ctx context.Context, id string) (resource, error) {
	path, err := at(users, id)
	if err != nil {
		return nil, err
	}
	user, err := c.send(ctx, request{op: "read account", method: http.MethodGet, path: path})
	if access.CodeOf(err) == access.NotFound {
		if stillThere := c.confirmAbsence(ctx, id); stillThere != nil {
			return nil, stillThere
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if user.id() != id {
		return nil, &access.Error{Code: access.Unknown, Op: "read account", System: c.system, Hint: "the application answered with another resource"}
	}
	return user, nil
}

// confirmAbsence looks for an id by a filter that is known to find ids, else in the
// list of all users.
func (c *Connector) confirmAbsence(ctx context.Context, id string) error {
	wanted := lookup{attribute: identifier, value: id, by: access.ByID}
	rows, err := c.ask(ctx, wanted)
	proved := false
	if err == nil && len(rows) == 0 {
		proved, err = c.proved(ctx, []Attribute{identifier})
	}
	if refused(err) || err == nil && len(rows) == 0 && !proved {
		rows, err = c.walk(ctx, "confirm absence", users, "", wanted.matches)
	}
	switch {
	case err != nil:
		return unconfirmed(err)
	case len(rows) > 0:
		return &access.Error{Code: access.NotConverged, Op: "confirm absence", System: c.system,
			Hint: "the account is not found under its id and still listed"}
	}
	return nil
}

// unconfirmed is the error for an account that is not found where users cannot
// be listed either.
func unconfirmed(err error) error {
	e := *access.AsError(err, "confirm absence")
	if e.Code == access.NotFound || e.Code == access.Invalid || e.Code == access.Unsupported {
		e.Code, e.Hint = access.Unsupported, "the account is not found, and neither are the users: check the configured address, or confirm by hand"
	}
	return &e
}

// State reads the user. What the application no longer shows under its id,
// deleted softly or for good, is Absent.
func (c *Connector) State(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
	user, err := c.user(ctx, ref.ID)
	if access.CodeOf(err) == access.NotFound {
		return access.AccountState{Ref: ref, Status: access.Absent, ObservedAt: now()}, nil
	}
	if err != nil {
		return access.AccountState{}, err
	}
	state := access.AccountState{Ref: ref, ObservedAt: now(), Attributes: map[string]string{}}
	state.Status, state.Word = user.status()
	switch active := user.value(attributeActive); {
	case is(active, true):
		state.Attributes[attributeActive] = "true"
	case is(active, false):
		state.Attributes[attributeActive] = "false"
	}
	// Some rename what they lock.
	if name := user.text(string(UserName)); name != "" {
		state.Attributes[string(UserName)] = name
	}
	return state, nil
}

// Accounts lists every user. SCIM does not know when an account was last used.
func (c *Connector) Accounts(ctx context.Context, cursor string) (connectors.Page[access.Account], error) {
	page, err := c.page(ctx, "list users", users, "", cursor)
	if err != nil {
		return connectors.Page[access.Account]{}, err
	}
	listed := connectors.Page[access.Account]{Next: page.Next}
	for _, user := range page.Items {
		listed.Items = append(listed.Items, account(c.system, user))
	}
	return listed, nil
}

func account(system string, user resource) access.Account {
	status, _ := user.status()
	return access.Account{Ref: access.AccountRef{System: system, ID: user.id()}, Name: user.text(string(UserName)), Status: status}
}
