package entra

import (
	"encoding/json"
	"time"
)

// truth is everything about a user, as the side door shows it.
type truth struct {
	User      User      `json:"user"`
	Enabled   bool      `json:"enabled"`
	ValidFrom time.Time `json:"valid_from"`
	// What hangs on the account, by its id or that of its assignment.
	Groups   map[string]string `json:"groups"`
	Units    map[string]string `json:"units"`
	Roles    map[string]string `json:"roles"`
	Apps     map[string]string `json:"apps"`
	Licences map[string]string `json:"licences"` // assigned directly
	Refresh  []bool            `json:"refresh"`  // for each refresh token whether it is alive
	Access   []time.Time       `json:"access"`   // for each access token until when it works
}

// Truth returns, for the id of every user, canonical JSON of everything about the
// user. A user who was deleted is not in it.
func (t *Tenant) Truth() map[string]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[string]string{}
	for _, u := range t.users.rows {
		content, err := json.Marshal(t.truth(u))
		if err != nil {
			content = []byte(err.Error())
		}
		all[u.ID] = string(content)
	}
	return all
}

func (t *Tenant) truth(u *user) truth {
	is := truth{User: u.User, Enabled: u.enabled.is, ValidFrom: u.validFrom.is, Groups: map[string]string{},
		Units: map[string]string{}, Roles: map[string]string{}, Apps: map[string]string{}, Licences: map[string]string{}}
	for _, g := range t.groups.rows {
		if g.has(u.ID) {
			is.Groups[g.ID] = g.Name
		}
	}
	for _, s := range u.units {
		is.Units[s.id] = s.name
	}
	for _, g := range t.grants.rows {
		if g.principal == u.ID {
			is.Roles[g.id] = t.roles.byID[g.role].name + " in " + g.scope
		}
	}
	for _, a := range t.accepts.rows {
		if a.principal == u.ID {
			is.Apps[a.id] = t.apps.byID[a.app].name
		}
	}
	for _, id := range u.licences {
		is.Licences[id] = t.skus.byID[id].part
	}
	for _, token := range u.refresh {
		is.Refresh = append(is.Refresh, u.live(token))
	}
	for _, token := range u.access {
		is.Access = append(is.Access, token.until)
	}
	return is
}

// Pool counts the seats of a subscription.
type Pool struct{ Total, Used int }

// Pools returns the true counts, by part number.
func (t *Tenant) Pools() map[string]Pool {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[string]Pool{}
	for _, s := range t.skus.rows {
		all[s.part] = Pool{s.total, s.used.is}
	}
	return all
}
