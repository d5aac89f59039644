package entraid

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/subscribedskus"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// licences lists the seats that the account takes, those inherited from a group
// apart from those assigned directly, with what stands in the way of leaving the
// group; it may hold the same licence both ways.
func (c *Connector) licences(ctx context.Context, id, _ string) ([]access.Right, string, error) {
	const op = "list licences"
	ref := access.AccountRef{System: c.system, ID: id}
	u, err := c.fetch(ctx, ref, op, "assignedLicenses", "licenseAssignmentStates")
	if err != nil || u == nil {
		return nil, "", err
	}
	if len(u.GetAssignedLicenses()) == 0 && len(u.GetLicenseAssignmentStates()) == 0 {
		return nil, "", nil
	}
	skus, err := c.subscriptions(ctx)
	if err != nil {
		return nil, "", c.failed(op, err, "LicenseAssignment.Read.All")
	}
	through := c.through(op)
	var rights []access.Right
	add := func(sku string, group *string) error {
		right := access.Right{Kind: access.Seat, Type: licence, ID: sku}
		if known := skus[sku]; known != nil {
			pool := poolOf(known)
			right.Name, right.Pool = read(known.GetSkuPartNumber()), &pool
		}
		if read(group) != "" {
			right.ID = sku + inheritedSeparator + *group
			var err error
			if right.Obstacle, right.Source, err = through(ctx, *group); err != nil {
				return err
			}
		}
		if !slices.ContainsFunc(rights, func(have access.Right) bool { return have.ID == right.ID }) {
			rights = append(rights, right)
		}
		return nil
	}
	explained := map[string]bool{}
	for _, state := range u.GetLicenseAssignmentStates() {
		if state.GetSkuId() == nil {
			continue
		}
		explained[state.GetSkuId().String()] = true
		if err := add(state.GetSkuId().String(), state.GetAssignedByGroup()); err != nil {
			return nil, "", err
		}
	}
	for _, assigned := range u.GetAssignedLicenses() {
		if assigned.GetSkuId() == nil || explained[assigned.GetSkuId().String()] {
			continue
		}
		if err := add(assigned.GetSkuId().String(), nil); err != nil {
			return nil, "", err
		}
	}
	return rights, "", nil
}

// subscriptions returns the tenant's subscriptions by SKU.
func (c *Connector) subscriptions(ctx context.Context) (map[string]models.SubscribedSkuable, error) {
	rows, err := connectors.Collect(ctx, func(ctx context.Context, cursor string) (connectors.Page[models.SubscribedSkuable], error) {
		var page connectors.Page[models.SubscribedSkuable]
		builder := c.skus()
		if cursor != "" {
			builder = builder.WithUrl(cursor)
		}
		answer, err := builder.Get(ctx, &subscribedskus.SubscribedSkusRequestBuilderGetRequestConfiguration{Headers: urgent()})
		if err != nil {
			return page, err
		}
		if answer == nil || answer.GetValue() == nil {
			return page, unreadable()
		}
		page.Items = answer.GetValue()
		page.Next, err = c.next(answer.GetOdataNextLink())
		return page, err
	})
	all := map[string]models.SubscribedSkuable{}
	for _, sku := range rows {
		if sku.GetSkuId() != nil {
			all[sku.GetSkuId().String()] = sku
		}
	}
	return all, err
}

// poolOf counts the seats that can be used: those that are paid for, and those in
// the grace period after.
func poolOf(sku models.SubscribedSkuable) access.Pool {
	pool := access.Pool{Used: int(read(sku.GetConsumedUnits()))}
	if units := sku.GetPrepaidUnits(); units != nil {
		pool.Total = int(read(units.GetEnabled()) + read(units.GetWarning()))
	}
	return pool
}

// Pool counts the seats of a licence afresh. Entra ID itself counts some minutes
// late.
func (c *Connector) Pool(ctx context.Context, seat access.Right) (access.Pool, error) {
	const op = "count seats"
	skus, err := c.subscriptions(ctx)
	if err != nil {
		return access.Pool{}, c.failed(op, err, "LicenseAssignment.Read.All")
	}
	id, _, _ := strings.Cut(seat.ID, inheritedSeparator)
	sku := skus[id]
	if sku == nil {
		return access.Pool{}, &access.Error{Code: access.NotFound, System: c.system, Op: op, Hint: "the tenant has no such subscription"}
	}
	return poolOf(sku), nil
}

// dropLicence removes a licence assigned directly. Graph wants both lists, the
// empty one too. It refuses a licence that is gone in the same way as one that is
// inherited, so the account is read again to tell them apart.
// https://learn.microsoft.com/graph/api/user-assignlicense
func (c *Connector) dropLicence(ctx context.Context, id string, right access.Right) error {
	const op = "remove licence"
	sku, err := uuid.Parse(right.ID)
	if err != nil || !isGUID(right.ID) {
		return &access.Error{Code: access.Invalid, System: c.system, Op: op, Hint: "the id of the licence is not a GUID"}
	}
	change := users.NewItemAssignLicensePostRequestBody()
	change.SetAddLicenses([]models.AssignedLicenseable{})
	change.SetRemoveLicenses([]uuid.UUID{sku})
	_, err = c.user(id).AssignLicense().Post(ctx, change, &users.ItemAssignLicenseRequestBuilderPostRequestConfiguration{Headers: urgent()})
	if err == nil {
		return nil
	}
	refused := c.failed(op, err, "LicenseAssignment.ReadWrite.All")
	if code := access.CodeOf(refused); code != access.Invalid && code != access.NotFound {
		return refused
	}
	left, _, err := c.licences(ctx, id, "")
	if err != nil {
		return err
	}
	for _, still := range left {
		if still.ID == right.ID {
			return refused
		}
		if strings.HasPrefix(still.ID, right.ID+inheritedSeparator) {
			return &access.Error{Code: access.Unsupported, System: c.system, Op: op, Hint: "the licence is inherited from a group: it ends with the membership"}
		}
	}
	return nil
}
