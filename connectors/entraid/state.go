package entraid

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/killsignal/killsignal/access"
)

// State reads the account afresh. An account in the recycle bin is Absent; it can
// be restored for 30 days, with its groups and licences, and not by itself.
func (c *Connector) State(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
	const op = "read account"
	u, err := c.fetch(ctx, ref, op, "accountEnabled", "userType", "onPremisesSyncEnabled")
	if err != nil {
		return access.AccountState{}, err
	}
	state := access.AccountState{Ref: ref, Status: access.Absent, ObservedAt: time.Now().UTC()}
	if u == nil {
		return state, nil
	}
	enabled := u.GetAccountEnabled()
	if enabled == nil {
		return access.AccountState{}, &access.Error{Code: access.Denied, System: c.system, Op: op,
			Hint: "Graph does not show accountEnabled: the application needs User.Read.All"}
	}
	state.Status, state.Word = access.Locked, "disabled"
	if *enabled {
		state.Status, state.Word = access.Active, "enabled"
	}
	state.Attributes = map[string]string{"accountEnabled": strconv.FormatBool(*enabled)}
	if kind := read(u.GetUserType()); kind != "" {
		state.Attributes["userType"] = kind
	}
	if read(u.GetOnPremisesSyncEnabled()) {
		state.Managed = "on-premises Active Directory"
	}
	return state, nil
}

// fetch reads members of the account, which Graph returns only when they are
// named. It returns nil and no error for an account that is neither found under its
// id nor listed by it: one 404 may come from a replica that lags.
func (c *Connector) fetch(ctx context.Context, ref access.AccountRef, op string, members ...string) (models.Userable, error) {
	id, err := c.id(op, ref.ID)
	if err != nil {
		return nil, err
	}
	u, err := c.user(id).Get(ctx, &users.UserItemRequestBuilderGetRequestConfiguration{Headers: urgent(),
		QueryParameters: &users.UserItemRequestBuilderGetQueryParameters{Select: append([]string{"id"}, members...)}})
	switch {
	case err != nil && asError(err).Code == access.NotFound:
		return nil, c.confirmAbsent(ctx, id, op)
	case err != nil:
		return nil, c.failed(op, err, "User.Read.All")
	case u == nil || !strings.EqualFold(read(u.GetId()), id):
		return nil, c.failed(op, unreadable())
	}
	return u, nil
}

func (c *Connector) confirmAbsent(ctx context.Context, id, op string) error {
	rows, err := c.rows(ctx, equals("id", id))
	if err != nil {
		return c.failed(op, err, "User.Read.All")
	}
	for _, row := range rows {
		if matches(row, access.Identifier{By: access.ByID, Value: id}) {
			return &access.Error{Code: access.NotConverged, System: c.system, Op: op,
				Hint: "the account is not found under its id and still listed"}
		}
	}
	return nil
}
