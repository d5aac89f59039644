package okta

import (
	"cmp"
	"crypto/rsa"
	"time"
)

// Person is somebody to be added to an org. An empty Email is the login, an empty
// Status is ACTIVE.
type Person struct {
	Login, Email, FirstName, LastName string
	Department, EmployeeNumber        string
	Status                            string
	LastLogin                         time.Time
}

// AddUser adds a user and returns its id.
func (o *Org) AddUser(p Person) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	u := &user{profile: profile{ID: o.id("00u"), Login: p.Login, Email: cmp.Or(p.Email, p.Login),
		FirstName: p.FirstName, LastName: p.LastName, Department: p.Department, EmployeeNumber: p.EmployeeNumber,
		Status: cmp.Or(p.Status, Active), Created: now, StatusChanged: now, LastUpdated: now}}
	if !p.LastLogin.IsZero() {
		u.LastLogin = &p.LastLogin
	}
	u.history = []version{{at: now, profile: u.profile}}
	o.users = append(o.users, u)
	return u.ID
}

// SetStatus puts a user into a status without any of its effects. A user who is
// not there is left alone.
func (o *Org) SetStatus(userID, status string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if u := o.user(userID); u != nil {
		o.set(u, func(p *profile) { p.Status, p.StatusChanged = status, o.now() })
	}
}

// Remove deletes a user for ever.
func (o *Org) Remove(userID string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.deactivate(userID)
	kept := o.users[:0]
	for _, u := range o.users {
		if u.ID != userID {
			kept = append(kept, u)
		}
	}
	o.users = kept
}

// AddGroup adds a group of Okta's own.
func (o *Org) AddGroup(name string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.addGroup(name, "OKTA_GROUP", "")
}

// AddAppGroup adds a group that is mastered in an application.
func (o *Org) AddAppGroup(name, appID string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.addGroup(name, "APP_GROUP", appID)
}

func (o *Org) addGroup(name, kind, source string) string {
	g := &group{id: o.id("00g"), name: name, kind: kind, source: source, created: o.now()}
	o.groups = append(o.groups, g)
	return g.id
}

// Join makes users direct members of a group.
func (o *Org) Join(groupID string, userIDs ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range userIDs {
		if u := o.user(id); u != nil {
			u.groups = append(u.groups, groupID)
		}
	}
}

// AddRule adds an active rule that puts everybody of a department into a group.
func (o *Org) AddRule(name, department, groupID string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := &rule{id: o.id("0pr"), name: name, department: department, group: groupID, created: o.now()}
	o.rules = append(o.rules, r)
	return r.id
}

// Exclude takes a user out of a rule.
func (o *Org) Exclude(ruleID, userID string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r := find(o.rules, func(r *rule) bool { return r.id == ruleID }); r != nil {
		r.excluded = append(r.excluded, userID)
	}
}

// AddApp adds an application.
func (o *Org) AddApp(label string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	a := &app{id: o.id("0oa"), label: label, created: o.now()}
	o.apps = append(o.apps, a)
	return a.id
}

// Assign assigns an application to a user, with the scope USER.
func (o *Org) Assign(appID, userID string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if u := o.user(userID); u != nil {
		u.apps = append(u.apps, appID)
	}
}

// AssignGroup assigns an application to a group: its members have it with the
// scope GROUP.
func (o *Org) AssignGroup(appID, groupID string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a := o.app(appID); a != nil {
		a.groups = append(a.groups, groupID)
	}
}

// GrantRole gives a user a standard administrator role, such as SUPER_ADMIN.
func (o *Org) GrantRole(userID, kind string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := &role{id: o.id("ra1"), kind: kind, label: kind, created: o.now()}
	if u := o.user(userID); u != nil {
		u.roles = append(u.roles, r)
	}
	return r.id
}

// GrantCustomRole gives a user a role of the org's own making.
func (o *Org) GrantCustomRole(userID, label string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := &role{id: o.id("irb"), kind: "CUSTOM", label: label, customRole: o.id("cr0"), resources: o.id("iam"), created: o.now()}
	if u := o.user(userID); u != nil {
		u.roles = append(u.roles, r)
	}
	return r.id
}

// GrantGroupRole gives the members of a group a standard administrator role.
func (o *Org) GrantGroupRole(groupID, kind string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := &role{id: o.id("gra"), kind: kind, label: kind, created: o.now()}
	if g := o.group(groupID); g != nil {
		g.roles = append(g.roles, r)
	}
	return r.id
}

// OpenSession opens a browser session.
func (o *Org) OpenSession(userID string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := &session{id: o.id("102"), user: userID}
	o.sessions = append(o.sessions, s)
	return s.id
}

// IssueTokens issues a refresh token, which lives for 90 days, and an access
// token, which lives for an hour, to an OAuth client of the user.
func (o *Org) IssueTokens(userID, clientID string) (refresh, access string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	r := &token{id: o.id("oar"), user: userID, client: clientID, refresh: true, created: now, expires: now.AddDate(0, 0, 90)}
	a := &token{id: o.id("AT."), user: userID, client: clientID, created: now, expires: now.Add(time.Hour)}
	o.tokens = append(o.tokens, r, a)
	return r.id, a.id
}

// Consent records that the user has granted a scope to an OAuth client.
func (o *Org) Consent(userID, clientID, scope string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	g := &grant{id: o.id("oag"), user: userID, client: clientID, scope: scope, created: o.now()}
	o.grants = append(o.grants, g)
	return g.id
}

// AddService registers an application that authenticates with a private key, and
// returns its client id. Scopes are what it may be granted.
func (o *Org) AddService(key *rsa.PublicKey, keyID string, scopes ...string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	id := o.id("0oa")
	o.services[id] = &service{key: key, keyID: keyID, scopes: scopes}
	return id
}
