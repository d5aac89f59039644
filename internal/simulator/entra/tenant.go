// Package entra is a simulated Entra ID tenant that speaks its wire protocols over
// HTTP: Microsoft Graph v1.0 under /v1.0, and the OAuth 2.0 token endpoint and
// OpenID configuration under /{tenant}. It answers as the real service does where
// a client can trip over it: members that are returned only when selected, pages
// that the server may make smaller than asked, refusals with their statuses and
// codes, seats that are counted late, refresh tokens that die with the account and
// access tokens that do not.
//
// The side door (Truth, Pools, SignIn, Redeem, Works) shows what is so without
// going through Graph.
package entra

import (
	"crypto/x509"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options configure a Tenant. The zero value is usable.
type Options struct {
	Clock func() time.Time // nil means time.Now
	Seed  uint64           // of the ids and tokens; the same seed makes the same ones

	TenantID     string // "" means one made from the seed; so do the next two
	ClientID     string
	ClientSecret string
	Certificate  *x509.Certificate // a second way for the client to prove itself; nil means none
}

// Tenant is the simulated tenant. It is an http.Handler, safe for concurrent use.
type Tenant struct {
	options Options
	signIn  *http.ServeMux
	api     *http.ServeMux

	mu        sync.Mutex
	random    *rand.Rand
	denied    map[string]bool
	lag       time.Duration
	pageSize  int
	throttled int
	wait      time.Duration

	users   table[user]
	groups  table[group]
	roles   table[role]
	apps    table[app]
	skus    table[sku]
	grants  table[roleAssignment]
	accepts table[appAssignment]
	bearers map[string]*bearer // tokens given to the client that calls Graph
}

// New makes a tenant with nobody in it.
func New(o Options) *Tenant {
	t := &Tenant{
		options: o, signIn: http.NewServeMux(), api: http.NewServeMux(), random: rand.New(rand.NewPCG(o.Seed, 0)),
		denied: map[string]bool{}, bearers: map[string]*bearer{}, pageSize: 100,
	}
	if t.options.Clock == nil {
		t.options.Clock = time.Now
	}
	for _, id := range []*string{&t.options.TenantID, &t.options.ClientID, &t.options.ClientSecret} {
		if *id == "" {
			*id = t.newID()
		}
	}
	t.routes()
	return t
}

// TenantID returns the id of the tenant.
func (t *Tenant) TenantID() string { return t.options.TenantID }

// ClientID returns the id of the application that may call Graph.
func (t *Tenant) ClientID() string { return t.options.ClientID }

// ClientSecret returns the secret of the application that may call Graph.
func (t *Tenant) ClientSecret() string { return t.options.ClientSecret }

func (t *Tenant) routes() {
	t.signIn.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", t.configuration)
	t.signIn.HandleFunc("POST /{tenant}/oauth2/v2.0/token", t.issue)

	graph := func(pattern string, serve func(*call)) {
		t.api.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { t.graph(w, r, serve) })
	}
	graph("GET /v1.0/users", t.listUsers)
	graph("GET /v1.0/users/{user}", t.getUser)
	graph("PATCH /v1.0/users/{user}", t.patchUser)
	graph("DELETE /v1.0/users/{user}", t.deleteUser)
	graph("POST /v1.0/users/{user}/revokeSignInSessions", t.revokeSignInSessions)
	graph("POST /v1.0/users/{user}/assignLicense", t.assignLicense)
	graph("GET /v1.0/users/{user}/memberOf", t.listMemberOf)
	graph("GET /v1.0/users/{user}/appRoleAssignments", t.listAppRoleAssignments)
	graph("DELETE /v1.0/users/{user}/appRoleAssignments/{assignment}", t.deleteAppRoleAssignment)
	graph("GET /v1.0/groups", t.listGroups)
	graph("GET /v1.0/groups/{group}", t.getGroup)
	graph("DELETE /v1.0/groups/{group}/members/{user}", t.deleteUser) // as Graph does: the user itself
	graph("DELETE /v1.0/groups/{group}/members/{user}/$ref", t.removeMember)
	graph("GET /v1.0/subscribedSkus", t.listSkus)
	graph("GET /v1.0/roleManagement/directory/roleAssignments", t.listRoleAssignments)
	graph("DELETE /v1.0/roleManagement/directory/roleAssignments/{assignment}", t.deleteRoleAssignment)
	graph("/v1.0/", func(c *call) {
		c.refuse(http.StatusBadRequest, "BadRequest", "Resource not found for the segment or the method is not supported.")
	})
}

// ServeHTTP serves Graph and the sign-in endpoints.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v1.0/") {
		t.api.ServeHTTP(w, r)
		return
	}
	t.signIn.ServeHTTP(w, r)
}

// Deny takes a permission from the application that calls Graph. The name is that
// of an application permission, such as User.RevokeSessions.All, or
// PrivilegedAuthenticationAdministrator, the directory role without which people
// who hold directory roles cannot be disabled.
func (t *Tenant) Deny(permission string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.denied[permission] = true
}

// SetLag makes reads of the account, the counts of seats, and the listings of
// memberships, directory roles and applications show a change only after d.
func (t *Tenant) SetLag(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lag = d
}

// SetPageSize caps the pages of every listing at n rows. The default is 100.
func (t *Tenant) SetPageSize(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pageSize = n
}

// Throttle answers the next n requests to Graph with 429 and the headers that say
// which limit was reached, and with a Retry-After unless wait is 0, since not every
// service sends it. https://learn.microsoft.com/graph/throttling-limits
func (t *Tenant) Throttle(n int, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.throttled, t.wait = n, wait
}

func (t *Tenant) now() time.Time { return t.options.Clock().UTC() }
