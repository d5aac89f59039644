package entra

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// user is a person's account.
type user struct {
	User
	enabled   lagged[bool]
	validFrom lagged[time.Time]
	licences  []string // ids of SKUs assigned directly
	units     []strange
	refresh   []*refreshToken
	access    []*accessToken
}

// strange is a membership in something else than a group: an administrative unit,
// or an object of a type that this simulation, and perhaps a client, does not know.
type strange struct{ id, odataType, name string }

// usual are the members of a user that Graph returns without $select.
func usual() []string {
	return []string{"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
		"officeLocation", "preferredLanguage", "surname", "userPrincipalName"}
}

// object returns all of the user that Graph can return.
func (t *Tenant) object(u *user) object {
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	kind := "Member"
	if u.Guest {
		kind = "Guest"
	}
	whole := object{
		"id": u.ID, "businessPhones": []string{}, "displayName": u.DisplayName, "givenName": nil, "surname": nil,
		"jobTitle": nil, "mobilePhone": nil, "officeLocation": nil, "preferredLanguage": nil,
		"mail": text(u.Mail), "proxyAddresses": u.addresses(), "otherMails": append([]string{}, u.OtherMails...), "userPrincipalName": u.UserPrincipalName, "employeeId": text(u.EmployeeID),
		"userType": kind, "onPremisesSyncEnabled": nil,
		"accountEnabled": u.enabled.seen(t.now(), t.lag),
		// Graph shows whole seconds.
		"signInSessionsValidFromDateTime": u.validFrom.seen(t.now(), t.lag).Format("2006-01-02T15:04:05Z"),
		"assignedLicenses":                t.assignedLicenses(u),
		"licenseAssignmentStates":         t.licenceStates(u),
		"signInActivity":                  nil,
	}
	if u.Synced {
		whole["onPremisesSyncEnabled"] = true
	}
	if !u.LastSignIn.IsZero() {
		at := u.LastSignIn.UTC().Format("2006-01-02T15:04:05Z")
		whole["signInActivity"] = object{"lastSignInDateTime": at, "lastSuccessfulSignInDateTime": at}
	}
	return whole
}

// addresses are those of the mailbox, the primary one marked by capitals.
func (u *user) addresses() []string {
	all := []string{}
	if u.Mail != "" {
		all = append(all, "SMTP:"+u.Mail)
	}
	for _, alias := range u.Aliases {
		all = append(all, "smtp:"+alias)
	}
	return all
}

// find returns the user that the path names, by id or by userPrincipalName, and
// answers 404 when there is none.
func (c *call) find() (*user, bool) {
	key := c.r.PathValue("user")
	if u := c.users.byID[strings.ToLower(key)]; u != nil {
		return u, true
	}
	for _, u := range c.users.rows {
		if strings.EqualFold(u.UserPrincipalName, key) {
			return u, true
		}
	}
	c.notFound(key)
	return nil, false
}

func (c *call) mayReadUsers() bool {
	if !c.may("User.Read.All") {
		return false
	}
	if strings.Contains(c.r.URL.Query().Get("$select"), "signInActivity") && c.denied["AuditLog.Read.All"] {
		c.refuse(http.StatusForbidden, "Authentication_MSGraphPermissionMissing",
			"The principal does not have required Microsoft Graph permission(s): AuditLog.Read.All to call this API.")
		return false
	}
	return true
}

func (t *Tenant) listUsers(c *call) {
	if !c.mayReadUsers() {
		return
	}
	matches, ok := c.matcher("id", "userPrincipalName", "mail", "employeeId", "proxyAddresses/any", "otherMails/any")
	if !ok {
		return
	}
	var rows []object
	for _, u := range t.users.rows {
		if whole := t.object(u); matches(whole) {
			rows = append(rows, c.choose(whole, usual()...))
		}
	}
	c.list("users", rows)
}

func (t *Tenant) getUser(c *call) {
	if !c.mayReadUsers() {
		return
	}
	u, ok := c.find()
	switch {
	case !ok:
	case strings.Contains(c.r.URL.Query().Get("$select"), "signInActivity") && c.r.PathValue("user") != u.ID:
		c.bad("Get By Key only supports UserId and the key has to be a valid Guid")
	default:
		c.answer(http.StatusOK, c.choose(t.object(u), usual()...))
	}
}

// patchUser sets accountEnabled, the one member that this simulation can change. A
// body that changes nothing is answered as a change is: with 204.
func (t *Tenant) patchUser(c *call) {
	u, ok := c.find()
	if !ok || !c.may("User.EnableDisableAccount.All") {
		return
	}
	members, ok := c.body()
	if !ok {
		return
	}
	var enabled *bool
	for name, value := range members {
		switch {
		case strings.HasPrefix(name, "@odata."):
		case name == "accountEnabled" && json.Unmarshal(value, &enabled) == nil && enabled != nil:
		default:
			c.bad("Invalid value specified for property '" + name + "' of resource 'User'.")
			return
		}
	}
	switch {
	case enabled == nil:
	case u.Synced:
		c.bad("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
		return
	case t.holdsRole(u.ID) && !c.may("PrivilegedAuthenticationAdministrator"):
		return
	case *enabled != u.enabled.is:
		u.enabled.set(*enabled, t.now())
	}
	c.done()
}

// deleteUser deletes the user. It serves DELETE /groups/{id}/members/{id} too,
// which lacks its /$ref and therefore means the member itself.
func (t *Tenant) deleteUser(c *call) {
	u, ok := c.find()
	if !ok || !c.may("User.DeleteRestore.All") {
		return
	}
	t.delete(u.ID)
	c.done()
}

func (t *Tenant) delete(id string) {
	t.users.remove(id, t.now())
	for _, g := range t.groups.rows {
		g.drop(id, t.now())
	}
	for _, s := range t.skus.rows {
		t.recount(s.id)
	}
}

func (t *Tenant) revokeSignInSessions(c *call) {
	u, ok := c.find()
	if !ok || !c.may("User.RevokeSessions.All") {
		return
	}
	u.validFrom.set(t.now(), t.now())
	c.answer(http.StatusOK, object{"@odata.context": c.root() + "/v1.0/$metadata#Edm.Boolean", "value": true})
}
