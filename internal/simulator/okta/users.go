package okta

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// listUsers evaluates search (lagging), filter (up to date) or q (lagging). Without
// search and filter, deactivated users are left out.
func (o *Org) listUsers(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	keep := func(p *profile) bool { return p.Status != Deprovisioned }
	expression := query.Get("search") + query.Get("filter")
	if expression != "" {
		if keep = parse(expression); keep == nil || query.Has("filter") && !filterable(expression) {
			refuse(w, http.StatusBadRequest, "E0000031")
			return
		}
	}
	if q := strings.ToLower(query.Get("q")); q != "" {
		all := keep
		keep = func(p *profile) bool {
			return all(p) && slices.ContainsFunc([]string{p.FirstName, p.LastName, p.Email}, func(s string) bool {
				return strings.HasPrefix(strings.ToLower(s), q)
			})
		}
	}
	var found []*profile
	for _, u := range o.users {
		p := &u.profile
		if !query.Has("filter") {
			p = o.seen(u)
		}
		if p != nil && keep(p) {
			found = append(found, p)
		}
	}
	page(o, w, r, found, func(p *profile) string { return p.ID }, 200, func(p *profile) object { return renderUser(r, p) })
}

var (
	attributes = regexp.MustCompile(`[a-z]+\.[A-Za-z]+`)
	quoted     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// filterable tells whether filter, which knows fewer attributes than search, can
// evaluate the expression.
func filterable(expression string) bool {
	for _, name := range attributes.FindAllString(quoted.ReplaceAllString(expression, ""), -1) {
		if !slices.Contains([]string{"profile.login", "profile.email", "profile.firstName", "profile.lastName"}, name) {
			return false
		}
	}
	return true
}

// getUser reads one user by id, login, or short login. It does not lag.
func (o *Org) getUser(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("id")
	if key == "me" {
		key = o.owner
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			key = "" // a service is no user
		}
	}
	u := o.user(key)
	if u == nil {
		u = find(o.users, func(u *user) bool {
			short, _, _ := strings.Cut(u.Login, "@")
			return strings.EqualFold(u.Login, key) || strings.EqualFold(short, key)
		})
	}
	if u == nil {
		notFound(w)
		return
	}
	answer(w, http.StatusOK, renderUser(r, &u.profile))
}

// lifecycle changes the status.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/
func (o *Org) lifecycle(w http.ResponseWriter, r *http.Request) {
	u := o.asked(w, r)
	if u == nil {
		return
	}
	become := func(from, to string) {
		if u.Status != from {
			refuse(w, http.StatusBadRequest, "E0000001", "Cannot "+r.PathValue("act")+" a user that is not "+strings.ToLower(from))
			return
		}
		o.set(u, func(p *profile) { p.Status, p.StatusChanged = to, o.now() })
		answer(w, http.StatusOK, object{})
	}
	switch r.PathValue("act") {
	case "suspend":
		become(Active, Suspended)
	case "unsuspend":
		become(Suspended, Active)
	case "deactivate":
		o.deactivate(u.ID)
		answer(w, http.StatusOK, object{})
	default:
		notFound(w)
	}
}

// deactivate ends sessions, tokens, roles and app assignments, and what they gave
// does not come back with an activation. Group memberships stay.
func (o *Org) deactivate(userID string) {
	u := o.user(userID)
	if u == nil || u.Status == Deprovisioned {
		return
	}
	o.set(u, func(p *profile) { p.Status, p.StatusChanged = Deprovisioned, o.now() })
	u.roles, u.apps = nil, nil
	o.endSessions(userID)
	o.endTokens(userID, "", "")
}

// deleteUser deactivates a user who is not yet, and deletes one who is.
func (o *Org) deleteUser(w http.ResponseWriter, r *http.Request) {
	u := o.asked(w, r)
	if u == nil {
		return
	}
	if u.Status == Deprovisioned {
		o.users = slices.DeleteFunc(o.users, func(other *user) bool { return other == u })
	} else {
		o.deactivate(u.ID)
	}
	w.WriteHeader(http.StatusNoContent)
}

func renderUser(r *http.Request, p *profile) object {
	profile := object{"login": p.Login, "email": p.Email, "firstName": p.FirstName, "lastName": p.LastName}
	if p.Department != "" {
		profile["department"] = p.Department
	}
	if p.EmployeeNumber != "" {
		profile["employeeNumber"] = p.EmployeeNumber
	}
	return object{"id": p.ID, "status": p.Status, "created": p.Created, "activated": p.Created, "statusChanged": p.StatusChanged,
		"lastLogin": p.LastLogin, "lastUpdated": p.LastUpdated, "type": object{"id": "otyfnjfba4ye7pgjB0g4"}, "profile": profile,
		"credentials": object{"provider": object{"type": "OKTA", "name": "OKTA"}},
		"_links":      object{"self": link(base(r) + "/api/v1/users/" + p.ID)}}
}
