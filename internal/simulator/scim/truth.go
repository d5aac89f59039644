package scim

import (
	"encoding/json"
	"slices"
)

// Truth shows every user as it really is: user id to canonical JSON of status,
// groups, sessions that work and keys that work. A user that is deleted for good
// is not in it; one deleted softly is, with the status deleted.
func (a *App) Truth() map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	truth := map[string]string{}
	for _, u := range a.users {
		last := u.status.last()
		if last.deleted && !a.habits.SoftDelete {
			continue
		}
		state := "active"
		switch {
		case last.deleted:
			state = "deleted"
		case last.locked():
			state = "locked"
		}
		content, err := json.Marshal(struct {
			ID         string   `json:"id"`
			UserName   string   `json:"user_name"`
			ExternalID string   `json:"external_id,omitempty"`
			Emails     []string `json:"emails,omitempty"`
			Owner      bool     `json:"owner,omitempty"`
			Status     string   `json:"status"`
			Groups     []string `json:"groups"`
			Sessions   []string `json:"sessions"`
			Keys       []string `json:"keys"`
		}{u.ID, u.UserName, u.ExternalID, u.Emails, u.Owner, state, a.groupsOf(u), a.liveSessions(u), a.liveKeys(u)})
		if err != nil {
			content = []byte(err.Error())
		}
		truth[u.ID] = string(content)
	}
	return truth
}

// Memberships shows every group by its id: the ids of its members, sorted.
func (a *App) Memberships() map[string][]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[string][]string{}
	for _, g := range a.groups {
		all[g.id] = slices.Sorted(slices.Values(g.members.last().ids))
	}
	return all
}

// User shows one user as it really is.
func (a *App) User(id string) (User, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	u := a.user(id)
	if u == nil {
		return User{}, false
	}
	shown := u.User
	shown.Locked = u.status.last().locked()
	return shown, true
}

// GroupsOf names the groups that the user is a member of, sorted.
func (a *App) GroupsOf(id string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if u := a.user(id); u != nil {
		return a.groupsOf(u)
	}
	return nil
}

// SessionAlive tells whether the session would still be served.
func (a *App) SessionAlive(token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.users, func(u *user) bool { return slices.Contains(a.liveSessions(u), token) })
}

// KeyAlive tells whether the API key would still be served.
func (a *App) KeyAlive(key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.users, func(u *user) bool { return slices.Contains(a.liveKeys(u), key) })
}

func (a *App) liveSessions(u *user) []string {
	if u.status.last().deleted {
		return []string{}
	}
	return slices.Concat([]string{}, u.sessions)
}

func (a *App) liveKeys(u *user) []string {
	last := u.status.last()
	if last.deleted || last.locked() && !a.habits.KeysOutliveLock {
		return []string{}
	}
	return slices.Concat([]string{}, u.keys)
}

func (a *App) groupsOf(u *user) []string {
	names := []string{}
	for _, g := range a.groups {
		if slices.Contains(g.members.last().ids, u.ID) {
			names = append(names, g.name)
		}
	}
	slices.Sort(names)
	return names
}
