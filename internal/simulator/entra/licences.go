package entra

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// sku is a subscription: a product and its pool of seats.
type sku struct {
	id, part string
	total    int
	used     lagged[int]
}

// byGroup returns the groups through which the user has the SKU.
func (t *Tenant) byGroup(user, sku string) []*group {
	var all []*group
	for _, g := range t.groups.rows {
		if g.has(user) && slices.Contains(g.Licences, sku) {
			all = append(all, g)
		}
	}
	return all
}

func (t *Tenant) assignedLicenses(u *user) []object {
	rows := []object{}
	for _, s := range t.skus.rows {
		if slices.Contains(u.licences, s.id) || len(t.byGroup(u.ID, s.id)) > 0 {
			rows = append(rows, object{"skuId": s.id, "disabledPlans": []string{}})
		}
	}
	return rows
}

func (t *Tenant) licenceStates(u *user) []object {
	rows := []object{}
	add := func(sku string, group any) {
		rows = append(rows, object{"skuId": sku, "disabledPlans": []string{}, "assignedByGroup": group, "state": "Active", "error": "None"})
	}
	for _, s := range t.skus.rows {
		if slices.Contains(u.licences, s.id) {
			add(s.id, nil)
		}
		for _, g := range t.byGroup(u.ID, s.id) {
			add(s.id, g.ID)
		}
	}
	return rows
}

func (t *Tenant) listSkus(c *call) {
	if !c.may("LicenseAssignment.Read.All") {
		return
	}
	var rows []object
	for _, s := range t.skus.rows {
		rows = append(rows, object{"id": t.options.TenantID + "_" + s.id, "skuId": s.id, "skuPartNumber": s.part,
			"capabilityStatus": "Enabled", "appliesTo": "User", "consumedUnits": s.used.seen(t.now(), t.lag),
			"prepaidUnits": object{"enabled": s.total, "suspended": 0, "warning": 0, "lockedOut": 0}})
	}
	c.list("subscribedSkus", rows)
}

// assignLicense wants both members. This simulation only takes licences away.
func (t *Tenant) assignLicense(c *call) {
	u, ok := c.find()
	if !ok || !c.may("LicenseAssignment.ReadWrite.All") {
		return
	}
	members, ok := c.body()
	if !ok {
		return
	}
	var add []json.RawMessage
	var remove []string
	switch {
	case members["addLicenses"] == nil || members["removeLicenses"] == nil,
		json.Unmarshal(members["addLicenses"], &add) != nil || json.Unmarshal(members["removeLicenses"], &remove) != nil:
		c.bad("One or more parameters of the operation 'assignLicense' are missing from the request payload.")
		return
	case len(add) > 0:
		c.bad("This simulation does not assign licences.")
		return
	}
	for i, id := range remove {
		remove[i] = strings.ToLower(id)
		if slices.Contains(u.licences, remove[i]) {
			continue
		}
		if len(t.byGroup(u.ID, remove[i])) > 0 {
			c.bad("User license is inherited from a group membership and it cannot be removed directly from the user.")
		} else {
			c.bad("User does not have a corresponding license.")
		}
		return
	}
	for _, id := range remove {
		u.licences = slices.DeleteFunc(u.licences, func(have string) bool { return have == id })
		t.recount(id)
	}
	c.answer(http.StatusOK, c.choose(t.object(u), usual()...))
}

// recount counts the seats of a SKU in use.
func (t *Tenant) recount(id string) {
	s, used := t.skus.byID[id], 0
	for _, u := range t.users.rows {
		if slices.Contains(u.licences, id) || len(t.byGroup(u.ID, id)) > 0 {
			used++
		}
	}
	if used != s.used.is {
		s.used.set(used, t.now())
	}
}

// releaseGroupSeats gives back what a former member had through the group.
func (t *Tenant) releaseGroupSeats(g *group) {
	for _, id := range g.Licences {
		t.recount(id)
	}
}
