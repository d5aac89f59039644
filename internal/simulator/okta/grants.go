package okta

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func (o *Org) listUserGroups(w http.ResponseWriter, r *http.Request) {
	u := o.asked(w, r)
	if u == nil {
		return
	}
	page(o, w, r, o.memberships(u), func(g *group) string { return g.id }, 10_000, func(g *group) object {
		links := object{"users": link(base(r) + "/api/v1/groups/" + g.id + "/users")}
		class := "okta:user_group"
		if g.source != "" {
			class, links["source"] = "okta:windows_security_principal", link(base(r)+"/api/v1/apps/"+g.source)
		}
		return object{"id": g.id, "created": g.created, "lastUpdated": g.created, "lastMembershipUpdated": g.created,
			"objectClass": []string{class}, "type": g.kind, "profile": object{"name": g.name, "description": nil}, "_links": links}
	})
}

func (o *Org) listRules(w http.ResponseWriter, r *http.Request) {
	page(o, w, r, o.rules, func(r *rule) string { return r.id }, 50, func(rule *rule) object {
		return object{"type": "group_rule", "id": rule.id, "status": "ACTIVE", "name": rule.name, "created": rule.created, "lastUpdated": rule.created,
			"conditions": object{
				"people":     object{"users": object{"exclude": append([]string{}, rule.excluded...)}, "groups": object{"exclude": []string{}}},
				"expression": object{"value": `user.department=="` + rule.department + `"`, "type": "urn:okta:expression:1.0"}},
			"actions": object{"assignUserToGroups": object{"groupIds": []string{rule.group}}}}
	})
}

// mostExcluded is how many users a rule can leave out.
// https://support.okta.com/help/s/article/Group-Rule-Restrictions
const mostExcluded = 100

// leaveGroup ends a membership. Rules that would give it leave the user out from
// then on; one that leaves out as many as it can gives it back at once.
// https://help.okta.com/en-us/Content/topics/users-groups-profiles/usgp-group-users-manually.htm
func (o *Org) leaveGroup(w http.ResponseWriter, r *http.Request) {
	u, g := o.user(r.PathValue("id")), o.group(r.PathValue("group"))
	switch {
	case u == nil || g == nil:
		notFound(w)
	case g.kind == "BUILT_IN":
		refuse(w, http.StatusForbidden, "E0000006")
	case g.kind == "APP_GROUP":
		refuse(w, http.StatusNotImplemented, "E0000060")
	default:
		u.groups = slices.DeleteFunc(u.groups, func(id string) bool { return id == g.id })
		for _, r := range o.rules {
			if r.gives(u, g) && len(r.excluded) < mostExcluded {
				r.excluded = append(r.excluded, u.ID)
			}
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func (o *Org) listRoles(w http.ResponseWriter, r *http.Request) {
	u := o.asked(w, r)
	if u == nil {
		return
	}
	holder := map[string]string{}
	for _, g := range o.memberships(u) {
		for _, role := range g.roles {
			holder[role.id] = g.id
		}
	}
	page(o, w, r, o.rolesOf(u), func(r *role) string { return r.id }, 200, func(role *role) object {
		kind, assignee := "USER", base(r)+"/api/v1/users/"+u.ID
		if holder[role.id] != "" {
			kind, assignee = "GROUP", base(r)+"/api/v1/groups/"+holder[role.id]
		}
		row := object{"id": role.id, "label": role.label, "type": role.kind, "status": "ACTIVE", "created": role.created, "lastUpdated": role.created,
			"assignmentType": kind, "_links": object{"assignee": link(assignee)}}
		if role.customRole != "" {
			row["role"], row["resource-set"] = role.customRole, role.resources
		}
		return row
	})
}

// removeRole takes a role that was given to the user; one given to a group is not
// the user's.
func (o *Org) removeRole(w http.ResponseWriter, r *http.Request) {
	u := o.asked(w, r)
	if u == nil {
		return
	}
	before := len(u.roles)
	u.roles = slices.DeleteFunc(u.roles, func(role *role) bool { return role.id == r.PathValue("role") })
	if len(u.roles) == before {
		notFound(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// listAdministrators is the whole list on one page, which Okta pages in the body.
func (o *Org) listAdministrators(w http.ResponseWriter, r *http.Request) {
	rows := []object{}
	for _, u := range o.users {
		if len(u.roles) > 0 {
			rows = append(rows, object{"id": u.ID, "orn": "orn:okta:directory:00o1:users:" + u.ID})
		}
	}
	answer(w, http.StatusOK, object{"value": rows})
}

// listApps lists every app, or those of one user with the filter user.id.
func (o *Org) listApps(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	apps := o.apps
	var u *user
	if filter := query.Get("filter"); filter != "" {
		id, ok := strings.CutPrefix(filter, `user.id eq "`)
		if u = o.user(strings.TrimSuffix(id, `"`)); !ok || u == nil {
			refuse(w, http.StatusBadRequest, "E0000031")
			return
		}
		apps = slices.DeleteFunc(slices.Clone(apps), func(a *app) bool { return !o.assigned(u, a) })
	}
	page(o, w, r, apps, func(a *app) string { return a.id }, 200, func(a *app) object {
		row := object{"id": a.id, "name": "acme_" + strings.ToLower(a.id), "label": a.label, "status": "ACTIVE", "signOnMode": "SAML_2_0",
			"created": a.created, "lastUpdated": a.created}
		if u != nil && query.Get("expand") == "user/"+u.ID {
			row["_embedded"] = object{"user": o.renderAppUser(r, u, a)}
		}
		return row
	})
}

func (o *Org) getAppUser(w http.ResponseWriter, r *http.Request) {
	u, a := o.user(r.PathValue("id")), o.app(r.PathValue("app"))
	if u == nil || a == nil || !o.assigned(u, a) {
		notFound(w)
		return
	}
	answer(w, http.StatusOK, o.renderAppUser(r, u, a))
}

// listAppGroups lists the groups that an app is assigned to.
func (o *Org) listAppGroups(w http.ResponseWriter, r *http.Request) {
	a := o.app(r.PathValue("app"))
	if a == nil {
		notFound(w)
		return
	}
	page(o, w, r, a.groups, func(id string) string { return id }, 200, func(id string) object {
		return object{"id": id, "lastUpdated": a.created, "priority": 0, "profile": object{},
			"_links": object{"app": link(base(r) + "/api/v1/apps/" + a.id), "group": link(base(r) + "/api/v1/groups/" + id)}}
	})
}

// unassign ends a direct assignment that no group gives as well.
func (o *Org) unassign(w http.ResponseWriter, r *http.Request) {
	u, a := o.user(r.PathValue("id")), o.app(r.PathValue("app"))
	switch {
	case u == nil || a == nil || !o.assigned(u, a):
		notFound(w)
	case o.giver(u, a) != nil:
		refuse(w, http.StatusForbidden, "E0000046", "The application cannot be unassigned from the user while their group memberships grant them access")
	default:
		u.apps = slices.DeleteFunc(u.apps, func(id string) bool { return id == a.id })
		w.WriteHeader(http.StatusNoContent)
	}
}

func (o *Org) renderAppUser(r *http.Request, u *user, a *app) object {
	links := object{"app": link(base(r) + "/api/v1/apps/" + a.id), "user": link(base(r) + "/api/v1/users/" + u.ID)}
	scope := "USER"
	if !slices.Contains(u.apps, a.id) {
		g := o.giver(u, a)
		scope, links["group"] = "GROUP", object{"href": base(r) + "/api/v1/groups/" + g.id, "name": g.name}
	}
	return object{"id": u.ID, "scope": scope, "status": "ACTIVE", "created": a.created.Format(time.RFC3339), "lastUpdated": a.created.Format(time.RFC3339),
		"syncState": "DISABLED", "credentials": object{"userName": u.Login}, "profile": object{}, "_links": links}
}
