// Package simulator is a whole company to terminate people in: an Okta org, an
// Entra tenant and a fleet of SCIM applications, with plainly fictional people in
// them, served over the real wire protocols on loopback. Its side door shows what
// is so without going through a protocol: [Company.Truth], [Company.Alive].
//
// The same seed makes the same company, ids and tokens included.
package simulator

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/entra"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	"github.com/killsignal/killsignal/internal/simulator/okta"
	"github.com/killsignal/killsignal/internal/simulator/scim"
)

// The names of the two identity providers, as systems.
const (
	OktaSystem  = "okta-prod"
	EntraSystem = "entra-prod"
)

// The keys of people whom tests and the demo name.
const (
	Leaver        access.SubjectKey = "P-1042" // Ada Marsh, who has an account nearly everywhere
	Lookalike     access.SubjectKey = "P-1043" // Ada Marshall, who must not be touched
	Manager       access.SubjectKey = "P-1002"
	Administrator access.SubjectKey = "P-1001"
)

// DefaultApps is how many SCIM applications a company has.
const DefaultApps = 30

// Options configure a Company. The zero value is usable.
type Options struct {
	Seed  int64
	Apps  int              // SCIM applications; 0 means DefaultApps, less than 0 none
	Clock func() time.Time // nil means time.Now
	// Check may put itself in front of a system, inside of its faults, such as a
	// contract.Checker. Nil means nobody does.
	Check func(system string, next http.Handler) http.Handler
}

// Company is the simulated company. It is safe for concurrent use once made.
type Company struct {
	Okta  *okta.Org
	Entra *entra.Tenant
	Apps  []*App

	options   Options
	random    *rand.Rand
	people    []person
	oktaNames names                                   // of groups, roles and applications
	tokens    []issued                                // access tokens at Okta, which cannot be recalled
	planted   []string                                // secrets and tokens, see Canaries
	secrets   map[string]string                       // credentials, by system
	accounts  map[access.SubjectKey]map[string]string // system -> account id
	faults    map[string]*fault.Injector
	servers   servers
}

// App is one SCIM application.
type App struct {
	*scim.App
	Name   string
	Preset scim.Preset
}

// New makes a company with everybody in it. It serves nothing yet.
func New(o Options) (*Company, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Apps == 0 {
		o.Apps = DefaultApps
	}
	c := &Company{
		options: o, random: rand.New(rand.NewPCG(uint64(o.Seed), 0)), people: people(), oktaNames: names{}, secrets: map[string]string{},
		accounts: map[access.SubjectKey]map[string]string{}, faults: map[string]*fault.Injector{},
	}
	for _, p := range c.people {
		c.accounts[p.key] = map[string]string{}
	}
	c.seedOkta()
	if err := c.seedEntra(); err != nil {
		return nil, err
	}
	c.seedApps()
	for _, system := range c.systems() {
		c.faults[system] = fault.New()
	}
	return c, nil
}

// systems lists every system, the identity providers first.
func (c *Company) systems() []string {
	all := []string{OktaSystem, EntraSystem}
	for _, a := range c.Apps {
		all = append(all, a.Name)
	}
	return all
}

// Fault returns the injector in front of a system, or nil when there is no such
// system.
func (c *Company) Fault(system string) *fault.Injector { return c.faults[system] }

// Truth returns, for every system, everything about every account as canonical
// JSON by account id.
func (c *Company) Truth() map[string]map[string]string {
	all := map[string]map[string]string{OktaSystem: c.Okta.Truth(), EntraSystem: c.Entra.Truth()}
	for _, a := range c.Apps {
		all[a.Name] = a.Truth()
	}
	return all
}

// AccountsOf returns the accounts that a person was given, by system. A system
// that is not in it never had one.
func (c *Company) AccountsOf(key access.SubjectKey) map[string]string {
	return maps.Clone(c.accounts[key])
}

// secret makes the credential for a system.
func (c *Company) secret(system string) string {
	value := fmt.Sprintf("canary-%s-secret-%08x", system, c.random.Uint32())
	c.secrets[system] = value
	c.plant(value)
	return value
}

// plant remembers what must not be found where it does not belong.
func (c *Company) plant(values ...string) { c.planted = append(c.planted, values...) }

// Canaries lists what must not be found where personal data and secrets may not
// be: every credential, every token, and the leaver's name and addresses.
func (c *Company) Canaries() []string {
	leaver, _ := c.Subject(Leaver)
	return slices.Concat(c.planted, []string{leaver.Name}, leaver.Emails)
}
