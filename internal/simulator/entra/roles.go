package entra

import "strings"

// role is a directory role: its definition, and the id of the activated role that
// memberOf shows.
type role struct{ id, instance, name string }

// roleAssignment gives a directory role to a user, in a scope.
type roleAssignment struct{ id, role, principal, scope string }

// app is the service principal of an application.
type app struct{ id, name string }

// appAssignment lets a principal, a user or a group, use an application.
type appAssignment struct{ id, app, principal string }

func (t *Tenant) holdsRole(user string) bool {
	for _, g := range t.grants.rows {
		if g.principal == user {
			return true
		}
	}
	return false
}

func (t *Tenant) listRoleAssignments(c *call) {
	if !c.may("RoleManagement.Read.Directory") {
		return
	}
	matches, ok := c.matcher("principalId", "roleDefinitionId")
	if !ok {
		return
	}
	var rows []object
	for _, g := range t.grants.seen(t.now(), t.lag) {
		row := object{"id": g.id, "principalId": g.principal, "roleDefinitionId": g.role, "directoryScopeId": g.scope}
		if !matches(row) {
			continue
		}
		if strings.Contains(c.r.URL.Query().Get("$expand"), "roleDefinition") {
			r := t.roles.byID[g.role]
			row["roleDefinition"] = object{"id": r.id, "displayName": r.name, "isBuiltIn": true, "isEnabled": true}
		}
		rows = append(rows, row)
	}
	c.list("roleManagement/directory/roleAssignments", rows)
}

func (t *Tenant) deleteRoleAssignment(c *call) {
	id := c.r.PathValue("assignment")
	switch {
	case !c.may("RoleManagement.ReadWrite.Directory"):
	case t.grants.byID[id] == nil:
		c.notFound(id)
	default:
		t.grants.remove(id, t.now())
		c.done()
	}
}

// listAppRoleAssignments lists the user's own, and those of the groups that the
// user is a direct member of.
func (t *Tenant) listAppRoleAssignments(c *call) {
	u, ok := c.find()
	if !ok || !c.may("Directory.Read.All") {
		return
	}
	var rows []object
	for _, a := range t.accepts.seen(t.now(), t.lag) {
		kind, name := "User", u.DisplayName
		if g := t.groups.byID[a.principal]; g != nil && g.shows(u.ID, t.now(), t.lag) {
			kind, name = "Group", g.Name
		} else if a.principal != u.ID {
			continue
		}
		rows = append(rows, object{"id": a.id, "appRoleId": "00000000-0000-0000-0000-000000000000",
			"principalId": a.principal, "principalType": kind, "principalDisplayName": name,
			"resourceId": a.app, "resourceDisplayName": t.apps.byID[a.app].name})
	}
	c.list("users('"+u.ID+"')/appRoleAssignments", rows)
}

func (t *Tenant) deleteAppRoleAssignment(c *call) {
	u, ok := c.find()
	if !ok || !c.may("AppRoleAssignment.ReadWrite.All") {
		return
	}
	id := c.r.PathValue("assignment")
	a := t.accepts.byID[id]
	switch {
	case a == nil || a.principal != u.ID && t.groups.byID[a.principal] == nil:
		c.notFound(id)
	case a.principal != u.ID:
		c.bad("The app role assignment belongs to a group and cannot be removed from a member.")
	default:
		t.accepts.remove(id, t.now())
		c.done()
	}
}
