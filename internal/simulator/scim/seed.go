package scim

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// User is one user of the application, as seeded and as the side door shows it.
type User struct {
	ID          string // given by AddUser
	UserName    string
	ExternalID  string
	DisplayName string
	Emails      []string
	Locked      bool // active is false
	Owner       bool // of the application's whole organization
}

// user is a User with what hangs on it. What changes is kept with its past, so
// that reads can lag behind.
type user struct {
	User
	status   timeline[status]
	sessions []string
	keys     []string
}

// status is the part of a user that writes change.
type status struct {
	active  any // as it is stored: a boolean, or what was sent
	deleted bool
	version int
}

func (s status) locked() bool {
	switch active := s.active.(type) {
	case bool:
		return !active
	case string:
		return active == "False" || active == "false"
	}
	return false
}

type group struct {
	id, name string
	members  timeline[membership]
}

type membership struct {
	ids     []string
	version int
}

// timeline keeps the values that something has had.
type timeline[T any] struct{ entries []entry[T] }

type entry[T any] struct {
	since time.Time
	value T
}

func (t *timeline[T]) set(since time.Time, value T) {
	t.entries = append(t.entries, entry[T]{since, value})
}

// last is the value now.
func (t *timeline[T]) last() T { return t.entries[len(t.entries)-1].value }

// at is the value at an instant; before the first one, that one.
func (t *timeline[T]) at(instant time.Time) T {
	for _, e := range slices.Backward(t.entries) {
		if !e.since.After(instant) {
			return e.value
		}
	}
	return t.entries[0].value
}

// AddUser adds a user and returns its id. Seeding takes effect at once, for
// lagging reads too.
func (a *App) AddUser(u User) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch a.habits.IDs {
	case Integers:
		u.ID = strconv.Itoa(1001 + len(a.users))
	case UserNames:
		u.ID = u.UserName
	default:
		u.ID = a.uuid()
	}
	u.Emails = slices.Clone(u.Emails)
	added := &user{User: u}
	added.status.set(time.Time{}, status{active: !u.Locked, version: 1})
	a.users = append(a.users, added)
	return u.ID
}

// AddGroup adds a group and returns its id.
func (a *App) AddGroup(name string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := a.uuid()
	if a.habits.IDs == Integers {
		id = strconv.Itoa(5001 + len(a.groups))
	}
	added := &group{id: id, name: name}
	added.members.set(time.Time{}, membership{version: 1})
	a.groups = append(a.groups, added)
	return id
}

// AddMember puts a user into a group. It tells whether both are known.
func (a *App) AddMember(groupID, userID string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.group(groupID)
	if g == nil || a.user(userID) == nil {
		return false
	}
	last := g.members.last()
	g.members = timeline[membership]{}
	g.members.set(time.Time{}, membership{ids: append(slices.Clone(last.ids), userID), version: last.version + 1})
	return true
}

// OpenSession signs the user in and returns the session's token, or "" when the
// application would not let the user in.
func (a *App) OpenSession(userID string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	u := a.user(userID)
	if u == nil || u.status.last().locked() {
		return ""
	}
	u.sessions = append(u.sessions, fmt.Sprintf("canary-session-%016x", a.random.Uint64()))
	return u.sessions[len(u.sessions)-1]
}

// IssueKey makes an API key for the user, or "" when there is no such user.
func (a *App) IssueKey(userID string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	u := a.user(userID)
	if u == nil {
		return ""
	}
	u.keys = append(u.keys, fmt.Sprintf("canary-key-%016x", a.random.Uint64()))
	return u.keys[len(u.keys)-1]
}

// user finds a user that has not been deleted.
func (a *App) user(id string) *user {
	i := slices.IndexFunc(a.users, func(u *user) bool { return u.ID == id && !u.status.last().deleted })
	if i < 0 {
		return nil
	}
	return a.users[i]
}

func (a *App) group(id string) *group {
	i := slices.IndexFunc(a.groups, func(g *group) bool { return g.id == id })
	if i < 0 {
		return nil
	}
	return a.groups[i]
}
