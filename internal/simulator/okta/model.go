package okta

import (
	"slices"
	"time"
)

// The statuses of a user, as Okta names them.
const (
	Staged          = "STAGED"
	Provisioned     = "PROVISIONED"
	Active          = "ACTIVE"
	Suspended       = "SUSPENDED"
	LockedOut       = "LOCKED_OUT"
	PasswordExpired = "PASSWORD_EXPIRED"
	Recovery        = "RECOVERY"
	Deprovisioned   = "DEPROVISIONED"
)

// user is a user and what hangs directly on it.
type user struct {
	profile
	history []version // what lagging readers see, oldest first
	groups  []string  // direct memberships, by group id
	roles   []*role
	apps    []string // direct assignments, by app id
}

// profile is what searches look at.
type profile struct {
	ID, Login, Email, FirstName, LastName string
	Department, EmployeeNumber            string
	Status                                string
	Created, StatusChanged, LastUpdated   time.Time
	LastLogin                             *time.Time
}

type version struct {
	at time.Time
	profile
}

type group struct {
	id, name, kind, source string // source: the app that masters an APP_GROUP
	created                time.Time
	roles                  []*role
}

// rule puts everybody of a department into a group.
type rule struct {
	id, name, department, group string
	created                     time.Time
	excluded                    []string
}

type role struct {
	id, kind, label       string
	customRole, resources string // for CUSTOM
	created               time.Time
}

type app struct {
	id, label string
	created   time.Time
	groups    []string
}

type session struct {
	id, user string
	ended    bool
}

// token is a refresh token, or an access token when it is short-lived.
type token struct {
	id, user, client string
	refresh          bool
	created, expires time.Time
	revoked          bool
}

type grant struct {
	id, user, client, scope string
	created                 time.Time
}

func find[T any](all []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return nil
}

func (o *Org) user(id string) *user { return find(o.users, func(u *user) bool { return u.ID == id }) }
func (o *Org) group(id string) *group {
	return find(o.groups, func(g *group) bool { return g.id == id })
}
func (o *Org) app(id string) *app { return find(o.apps, func(a *app) bool { return a.id == id }) }

// ruled returns the rule that puts the user into the group, or nil.
func (o *Org) ruled(u *user, g *group) *rule {
	return find(o.rules, func(r *rule) bool { return r.gives(u, g) })
}

func (r *rule) gives(u *user, g *group) bool {
	return r.group == g.id && r.department == u.Department && !slices.Contains(r.excluded, u.ID)
}

// member tells whether the user is in the group, in whichever way.
func (o *Org) member(u *user, g *group) bool {
	return g.kind == "BUILT_IN" || slices.Contains(u.groups, g.id) || o.ruled(u, g) != nil
}

func (o *Org) memberships(u *user) []*group {
	return slices.DeleteFunc(slices.Clone(o.groups), func(g *group) bool { return !o.member(u, g) })
}

// giver returns the group through which the user has the app, or nil. A
// deactivated user has no apps.
func (o *Org) giver(u *user, a *app) *group {
	if u.Status == Deprovisioned {
		return nil
	}
	return find(o.groups, func(g *group) bool { return slices.Contains(a.groups, g.id) && o.member(u, g) })
}

func (o *Org) assigned(u *user, a *app) bool {
	return slices.Contains(u.apps, a.id) || o.giver(u, a) != nil
}

// set changes what searches look at, and remembers what it was for those that lag.
func (o *Org) set(u *user, change func(p *profile)) {
	change(&u.profile)
	u.LastUpdated = o.now()
	u.history = append(u.history, version{at: o.now(), profile: u.profile})
}

// seen is the user as lagging readers see it now; nil when they do not yet.
func (o *Org) seen(u *user) *profile {
	if o.lag == 0 {
		return &u.profile
	}
	horizon := o.now().Add(-o.lag)
	for _, v := range slices.Backward(u.history) {
		if !v.at.After(horizon) {
			return &v.profile
		}
	}
	return nil
}
