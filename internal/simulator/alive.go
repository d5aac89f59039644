package simulator

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/okta"
)

// Access is one thing that still gives a person access, or costs money.
type Access struct {
	System string
	Kind   string    // account, session, refresh-token, access-token, key, grant, seat
	What   string    // a name for people to read, never a secret
	Until  time.Time // zero: without end
}

// String reads as a line of a list.
func (a Access) String() string {
	text := a.System + ": " + a.Kind
	if a.What != "" {
		text += " " + a.What
	}
	if !a.Until.IsZero() {
		text += " until " + a.Until.UTC().Format(time.RFC3339)
	}
	return text
}

// Alive lists, for people to read and by the side door, everything of a person
// that gives access or costs money now.
func (c *Company) Alive(key access.SubjectKey) []string {
	var lines []string
	for _, a := range c.Access(key) {
		lines = append(lines, a.String())
	}
	return lines
}

// Access lists the same as [Company.Alive] does: active accounts, open sessions,
// refresh tokens, access tokens that have not expired, API keys, rights that can
// be removed, seats.
func (c *Company) Access(key access.SubjectKey) []Access {
	all := append(c.atOkta(key), c.atEntra(key)...)
	for _, a := range c.Apps {
		all = append(all, c.atApp(a, key)...)
	}
	return all
}

func (c *Company) atOkta(key access.SubjectKey) []Access {
	l := list{system: OktaSystem}
	account, ok := c.Okta.User(c.accounts[key][OktaSystem])
	if !ok {
		return nil
	}
	if account.Status != okta.Suspended && account.Status != okta.Deprovisioned {
		l.add("account", account.Status)
	}
	l.times(len(account.Sessions), "session")
	l.times(len(account.RefreshTokens), "refresh-token")
	for _, t := range c.tokens {
		if t.to == key && c.Okta.TokenAlive(t.token) {
			l.until("access-token", "of "+t.client, t.until)
		}
	}
	l.times(len(account.Grants), "grant", "consent")
	l.grants("group", c.oktaNames.of(account.Groups)) // Everyone has no name here: it is inherent
	l.grants("role", c.oktaNames.of(account.Roles))
	l.grants("application", c.oktaNames.of(account.Apps))
	return l.all
}

func (c *Company) atEntra(key access.SubjectKey) []Access {
	l := list{system: EntraSystem}
	var truth struct {
		Enabled                       bool
		Groups, Roles, Apps, Licences map[string]string // by id
		Refresh                       []bool
		Access                        []time.Time
	}
	if !l.read(c.Entra.Truth()[c.accounts[key][EntraSystem]], &truth) {
		return l.all
	}
	if truth.Enabled {
		l.add("account", "enabled")
	}
	for _, alive := range truth.Refresh {
		if alive {
			l.add("refresh-token", "")
		}
	}
	for _, until := range truth.Access {
		if c.options.Clock().Before(until) {
			l.until("access-token", "", until)
		}
	}
	l.grants("group", sorted(truth.Groups))
	l.grants("role", sorted(truth.Roles))
	l.grants("application", sorted(truth.Apps))
	for _, name := range sorted(truth.Licences) {
		l.add("seat", name)
	}
	return l.all
}

func (c *Company) atApp(a *App, key access.SubjectKey) []Access {
	l := list{system: a.Name}
	var truth struct {
		Status                 string
		Groups, Sessions, Keys []string
	}
	if !l.read(a.Truth()[c.accounts[key][a.Name]], &truth) {
		return l.all
	}
	if truth.Status == "active" {
		l.add("account", "active")
	}
	l.times(len(truth.Sessions), "session")
	l.times(len(truth.Keys), "key")
	l.grants("group", truth.Groups)
	return l.all
}

// list gathers what is alive in one system.
type list struct {
	system string
	all    []Access
}

func (l *list) add(kind, what string) { l.until(kind, what, time.Time{}) }

func (l *list) until(kind, what string, until time.Time) {
	l.all = append(l.all, Access{System: l.system, Kind: kind, What: what, Until: until})
}

func (l *list) times(n int, kind string, what ...string) {
	for range n {
		l.add(kind, strings.Join(what, ""))
	}
}

func (l *list) grants(kind string, names []string) {
	for _, name := range names {
		l.add("grant", kind+" "+name)
	}
}

// read takes apart what a side door shows of an account, and tells whether there
// is one. What cannot be read counts as alive.
func (l *list) read(shown string, into any) bool {
	if shown == "" {
		return false
	}
	if err := json.Unmarshal([]byte(shown), into); err != nil {
		l.add("account", "that cannot be read")
		return false
	}
	return true
}

func sorted(byID map[string]string) []string { return slices.Sorted(maps.Values(byID)) }

// names tells what provider ids stand for.
type names map[string]string

// of returns the names of those ids that have one.
func (n names) of(ids []string) []string {
	var known []string
	for _, id := range ids {
		if name, ok := n[id]; ok {
			known = append(known, name)
		}
	}
	return known
}
