// Package okta simulates one Okta org: its users, groups, rules, roles,
// applications, sessions and tokens, behind the wire protocol that Okta's own SDK
// speaks. What a request changes takes effect as it does at Okta, and is read
// back without the protocol through the side door: [Org.Truth], [Org.SessionAlive]
// and [Org.TokenAlive].
package okta

import (
	"crypto/rsa"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Options configure an Org. The zero value is usable, without a usable API token.
type Options struct {
	Clock    func() time.Time // nil: time.Now
	Seed     int64            // the ids follow from it and from the order of calls
	Token    string           // the SSWS API token; "": none is valid
	PageSize int              // the largest page of any listing; 0: as Okta has it
}

// Org is an Okta org. It serves the Management API and the token endpoint. It is
// safe for concurrent use.
type Org struct {
	options Options
	routes  http.Handler

	mu       sync.Mutex
	random   *rand.Rand
	lag      time.Duration
	denied   map[string]bool
	rates    map[string]*rate
	owner    string // the user to whom the API token belongs
	users    []*user
	groups   []*group
	rules    []*rule
	apps     []*app
	sessions []*session
	tokens   []*token
	grants   []*grant
	services map[string]*service // by client id
	bearers  map[string]bearer   // access tokens of services
}

// service is an application that signs its own client assertions.
type service struct {
	key    *rsa.PublicKey
	keyID  string
	scopes []string
}

type bearer struct {
	scopes  []string
	expires time.Time
}

// New makes an org that holds the built-in group and the administrator to whom
// the API token belongs.
func New(o Options) *Org {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	org := &Org{
		options:  o,
		random:   rand.New(rand.NewPCG(uint64(o.Seed), 0x6f6b7461)),
		denied:   map[string]bool{},
		rates:    map[string]*rate{},
		services: map[string]*service{},
		bearers:  map[string]bearer{},
	}
	org.routes = org.mux()
	org.addGroup("Everyone", "BUILT_IN", "")
	org.owner = org.AddUser(Person{Login: "iris.keeper@example.com", FirstName: "Iris", LastName: "Keeper"})
	org.GrantRole(org.owner, "SUPER_ADMIN")
	return org
}

// Owner is the id of the user to whom the API token belongs.
func (o *Org) Owner() string { return o.owner }

// SetLag makes search and plain listings show every later change only after d.
// Reads by id, and filters, see it at once.
func (o *Org) SetLag(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lag = d
	for _, u := range o.users {
		u.history = []version{{profile: u.profile}}
	}
}

// Deny takes a permission, such as okta.groups.manage, from every credential.
func (o *Org) Deny(permission string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.denied[permission] = true
}

// Allow gives a denied permission back.
func (o *Org) Allow(permission string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.denied, permission)
}

// ServeHTTP answers one request.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	w.Header().Set("Date", o.now().Format(http.TimeFormat))
	w.Header().Set("X-Okta-Request-Id", o.id("req"))
	if !o.spend(w, r) {
		refuse(w, http.StatusTooManyRequests, "E0000047")
		return
	}
	o.routes.ServeHTTP(w, r)
}

func (o *Org) now() time.Time { return o.options.Clock().UTC().Truncate(time.Millisecond) }

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// id makes an id of 20 characters, as Okta's are.
func (o *Org) id(prefix string) string {
	id := []byte(prefix)
	for len(id) < 20 {
		id = append(id, base62[o.random.IntN(len(base62))])
	}
	return string(id)
}
