package okta

import (
	"encoding/json"
	"slices"
)

// Truth returns everything about every user, as canonical JSON by user id.
func (o *Org) Truth() map[string]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	truth := map[string]string{}
	for _, u := range o.users {
		truth[u.ID] = canonical(o.everything(u))
	}
	return truth
}

// Shared returns, as canonical JSON, all that several users share: groups with
// their other members, rules with the others they leave out, applications.
func (o *Org) Shared(except string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := map[string]any{}
	for _, g := range o.groups {
		members := []string{}
		for _, u := range o.users {
			if u.ID != except && o.member(u, g) {
				members = append(members, u.ID)
			}
		}
		all[g.id] = map[string]any{"name": g.name, "kind": g.kind, "members": members, "roles": ids(g.roles)}
	}
	for _, r := range o.rules {
		excluded := slices.DeleteFunc(slices.Clone(r.excluded), func(id string) bool { return id == except })
		all[r.id] = map[string]any{"name": r.name, "group": r.group, "department": r.department, "excluded": append([]string{}, excluded...)}
	}
	for _, a := range o.apps {
		all[a.id] = map[string]any{"label": a.label, "groups": a.groups}
	}
	return canonical(all)
}

// Account is a user as it truly is.
type Account struct {
	ID, Login, Status string
	Groups            []string // ids, whatever the membership comes from
	Apps              []string
	Roles             []string
	Sessions          []string // open ones
	RefreshTokens     []string // those not revoked
	Grants            []string
}

// User returns a user as it truly is, and whether there is one.
func (o *Org) User(id string) (Account, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	u := o.user(id)
	if u == nil {
		return Account{}, false
	}
	return o.account(u), true
}

func (o *Org) account(u *user) Account {
	a := Account{ID: u.ID, Login: u.Login, Status: u.Status, Roles: ids(o.rolesOf(u))}
	for _, g := range o.memberships(u) {
		a.Groups = append(a.Groups, g.id)
	}
	for _, app := range o.apps {
		if o.assigned(u, app) {
			a.Apps = append(a.Apps, app.id)
		}
	}
	for _, s := range o.sessions {
		if s.user == u.ID && !s.ended {
			a.Sessions = append(a.Sessions, s.id)
		}
	}
	for _, t := range o.tokens {
		if t.user == u.ID && t.refresh && !t.revoked {
			a.RefreshTokens = append(a.RefreshTokens, t.id)
		}
	}
	for _, g := range o.grants {
		if g.user == u.ID {
			a.Grants = append(a.Grants, g.id)
		}
	}
	return a
}

func (o *Org) everything(u *user) map[string]any {
	excluded := []string{}
	for _, r := range o.rules {
		if slices.Contains(r.excluded, u.ID) {
			excluded = append(excluded, r.id)
		}
	}
	return map[string]any{"profile": u.profile, "account": o.account(u), "excluded": excluded}
}

// rolesOf returns the roles that take effect, given directly or through a group.
func (o *Org) rolesOf(u *user) []*role {
	all := slices.Clone(u.roles)
	if u.Status == Deprovisioned {
		return all
	}
	for _, g := range o.memberships(u) {
		all = append(all, g.roles...)
	}
	return all
}

// SessionAlive tells whether a browser session still opens doors.
func (o *Org) SessionAlive(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := find(o.sessions, func(s *session) bool { return s.id == id })
	return s != nil && !s.ended
}

// TokenAlive tells whether a token still works. An access token does until it
// expires, whatever becomes of the user; a refresh token until it is revoked.
func (o *Org) TokenAlive(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := find(o.tokens, func(t *token) bool { return t.id == id })
	return t != nil && !t.revoked && o.now().Before(t.expires)
}

func ids(roles []*role) []string {
	var all []string
	for _, r := range roles {
		all = append(all, r.id)
	}
	return all
}

func canonical(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error() // nothing here can fail to marshal
	}
	return string(text)
}
