package entra

import (
	"slices"
	"strings"
	"time"
)

// User is a person to put into the tenant. An empty ID means one made from the seed.
type User struct {
	ID                string
	UserPrincipalName string
	Mail              string
	Aliases           []string // further addresses of the mailbox
	OtherMails        []string // addresses elsewhere
	DisplayName       string
	EmployeeID        string
	Disabled          bool // when added
	Guest             bool
	Synced            bool // mastered in an on-premises directory
	LastSignIn        time.Time
}

// Group is a group to put into the tenant: a security group, unless it says otherwise.
type Group struct {
	ID             string
	Name           string
	Rule           string // of a dynamic group
	Unified        bool   // a Microsoft 365 group
	MailEnabled    bool   // a mail-enabled security group
	Distribution   bool   // a distribution list
	RoleAssignable bool
	Synced         bool
	Licences       []string // SKUs that every member gets
}

// Tokens are what a sign-in yields.
type Tokens struct{ Access, Refresh string }

type refreshToken struct {
	value  string
	issued time.Time
}

type accessToken struct {
	value string
	until time.Time
}

const accessTokenLifetime = time.Hour

// AddUser adds a person and returns the id.
func (t *Tenant) AddUser(u User) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u.ID == "" {
		u.ID = t.newID()
	}
	u.ID = strings.ToLower(u.ID)
	born := t.now().Add(-365 * 24 * time.Hour)
	added := &user{User: u}
	added.enabled.is, added.validFrom.is = !u.Disabled, born
	t.users.add(u.ID, added)
	return u.ID
}

// AddGroup adds a group and returns its id.
func (t *Tenant) AddGroup(g Group, members ...string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g.ID == "" {
		g.ID = t.newID()
	}
	t.groups.add(g.ID, &group{Group: g, members: slices.Clone(members), left: map[string]time.Time{}})
	for _, id := range g.Licences {
		t.recount(id)
	}
	return g.ID
}

// AddUnit makes the user a member of a directory object that is no group, such as
// "#microsoft.graph.administrativeUnit".
func (t *Tenant) AddUnit(user, odataType, name string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, id := t.users.byID[user], t.newID()
	u.units = append(u.units, strange{id, odataType, name})
	return id
}

// AddRole adds a directory role, with assignments over the whole directory, and
// returns the id of its definition.
func (t *Tenant) AddRole(name string, principals ...string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &role{id: t.newID(), instance: t.newID(), name: name}
	t.roles.add(r.id, r)
	for _, principal := range principals {
		t.assign(r.id, principal, "/")
	}
	return r.id
}

// AssignRole gives a directory role to a user in a scope, such as "/" for the whole
// directory, and returns the id of the assignment.
func (t *Tenant) AssignRole(role, principal, scope string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.assign(role, principal, scope)
}

func (t *Tenant) assign(role, principal, scope string) string {
	id := strings.ReplaceAll(t.newID(), "-", "") + "-1"
	t.grants.add(id, &roleAssignment{id, role, principal, scope})
	return id
}

// AddApp adds an application and lets principals, users or groups, use it. It
// returns the id of its service principal.
func (t *Tenant) AddApp(name string, principals ...string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := &app{t.newID(), name}
	t.apps.add(a.id, a)
	for _, principal := range principals {
		id := strings.ReplaceAll(t.newID(), "-", "_")
		t.accepts.add(id, &appAssignment{id, a.id, principal})
	}
	return a.id
}

// AddSku adds a subscription with a pool of seats, gives one to each of the users,
// and returns its id.
func (t *Tenant) AddSku(partNumber string, total int, users ...string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &sku{id: t.newID(), part: partNumber, total: total}
	t.skus.add(s.id, s)
	for _, id := range users {
		t.users.byID[id].licences = append(t.users.byID[id].licences, s.id)
	}
	t.recount(s.id)
	return s.id
}

// Delete deletes a user, by another hand than the client's.
func (t *Tenant) Delete(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.delete(user)
}

// SignIn signs the user in, and returns no tokens when that is refused.
func (t *Tenant) SignIn(user string) (Tokens, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.users.byID[user]
	if u == nil || !u.enabled.is {
		return Tokens{}, false
	}
	tokens := Tokens{t.newToken("user-access"), t.newToken("user-refresh")}
	u.access = append(u.access, &accessToken{tokens.Access, t.now().Add(accessTokenLifetime)})
	u.refresh = append(u.refresh, &refreshToken{tokens.Refresh, t.now()})
	return tokens, true
}

// Redeem tells whether a refresh token would still yield an access token.
func (t *Tenant) Redeem(refresh string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, u := range t.users.rows {
		for _, token := range u.refresh {
			if token.value == refresh {
				return u.live(token)
			}
		}
	}
	return false
}

func (u *user) live(token *refreshToken) bool {
	return u.enabled.is && token.issued.After(u.validFrom.is)
}

// Works tells whether an application that checks nothing but the token would accept
// an access token: until it expires, whatever became of its user.
func (t *Tenant) Works(access string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, u := range t.users.rows {
		for _, token := range u.access {
			if token.value == access {
				return t.now().Before(token.until)
			}
		}
	}
	return false
}
