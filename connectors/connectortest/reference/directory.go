// Package reference is a small directory over HTTP and the connector for it: the
// whole contract of package connectors on two pages. The conformance suite is
// proved with it, and so is connectors.System. It is for tests and for readers.
package reference

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/killsignal/killsignal/access"
)

// Person is one account of the directory.
type Person struct {
	ID       string   `json:"id"`
	UserName string   `json:"user_name"`
	Email    string   `json:"email"`
	Number   string   `json:"number"`
	Active   bool     `json:"active"`
	Sessions []string `json:"sessions"`
}

// Group has members, and perhaps a reason why they cannot be removed one by one.
type Group struct {
	ID       string
	Kind     access.RightKind
	Obstacle access.Obstacle
	Seats    int // for the kind Seat: how many there are
	Members  []string
}

// Directory is a company's directory. It answers one row a page, looks people up
// by prefix, as careless servers do, and is safe for concurrent use.
type Directory struct {
	mu     sync.Mutex
	token  string
	people map[string]*Person
	groups []*Group
	denied map[string]bool
}

// The permissions that a credential may have.
const (
	MayRead   = "read"
	MayLock   = "lock"
	MayEnd    = "end-sessions"
	MaySee    = "see-rights"
	MayRevoke = "revoke"
)

// NewDirectory makes a directory that lets in whoever has the token.
func NewDirectory(token string, people []Person, groups []Group) *Directory {
	d := &Directory{token: token, people: map[string]*Person{}, denied: map[string]bool{}}
	for _, p := range people {
		d.people[p.ID] = &p
	}
	for _, g := range groups {
		d.groups = append(d.groups, &g)
	}
	return d
}

// Deny takes a permission from the credential.
func (d *Directory) Deny(permission string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.denied[permission] = true
}

// Change changes a person by the side door.
func (d *Directory) Change(id string, change func(*Person)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d.people[id])
}

// Delete deletes a person by the side door.
func (d *Directory) Delete(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.people, id)
	for _, g := range d.groups {
		g.Members = without(g.Members, id)
	}
}

// AddGroup adds a group by the side door.
func (d *Directory) AddGroup(g Group) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.groups = append(d.groups, &g)
}

// Join puts a person into a group by the side door.
func (d *Directory) Join(group, id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.group(group)
	g.Members = append(g.Members, id)
}

// Truth tells everything about each account, as canonical JSON.
func (d *Directory) Truth() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	truth := map[string]string{}
	for id, p := range d.people {
		var groups []string
		for _, g := range d.groups {
			if slices.Contains(g.Members, id) {
				groups = append(groups, g.ID)
			}
		}
		truth[id] = encode(map[string]any{"person": p, "groups": groups})
	}
	return truth
}

// Bystanders tells who is in each group, the person left out.
func (d *Directory) Bystanders(person string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	members := map[string][]string{}
	for _, g := range d.groups {
		members[g.ID] = without(g.Members, person)
	}
	return encode(members)
}

func (d *Directory) group(id string) *Group {
	if i := slices.IndexFunc(d.groups, func(g *Group) bool { return g.ID == id }); i >= 0 {
		return d.groups[i]
	}
	return nil
}

// matching lists the ids of the people whose key begins with the value.
func (d *Directory) matching(by, value string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(d.people)), func(id string) bool {
		p := d.people[id]
		key := map[string]string{"user-name": p.UserName, "e-mail": p.Email, "employee-number": p.Number}[by]
		return by != "" && !strings.HasPrefix(strings.ToLower(key), strings.ToLower(value))
	})
}

func encode(value any) string {
	content, err := json.Marshal(value)
	if err != nil {
		return err.Error() // cannot happen: every value here is plain
	}
	return string(content)
}

func without(all []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == one })
}
