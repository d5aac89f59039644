package simulator

import (
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/okta"
)

// issued is an access token, which works until it expires.
type issued struct {
	to     access.SubjectKey
	client string
	token  string
	until  time.Time
}

// seedOkta fills the org. Rights of the leaver are all given directly: those that
// rules, groups and other directories give are on other people.
func (c *Company) seedOkta() {
	org := okta.New(okta.Options{Clock: c.options.Clock, Seed: c.options.Seed, Token: c.secret(OktaSystem)})
	c.Okta = org
	for _, p := range c.people {
		id := org.Owner() // the administrator, who comes with the org
		if p.key != Administrator {
			id = org.AddUser(okta.Person{Login: p.email(), FirstName: p.first, LastName: p.last, Department: p.department,
				EmployeeNumber: p.employee, LastLogin: c.options.Clock().Add(-36 * time.Hour)})
		}
		c.accounts[p.key][OktaSystem] = id
	}
	group := func(name string, keys ...access.SubjectKey) string {
		id := org.AddGroup(name)
		c.oktaNames[id] = name
		org.Join(id, c.ids(OktaSystem, keys...)...)
		return id
	}
	app := func(label string, keys ...access.SubjectKey) string {
		id := org.AddApp(label)
		c.oktaNames[id] = label
		for _, user := range c.ids(OktaSystem, keys...) {
			org.Assign(id, user)
		}
		return id
	}

	everybody := c.keys()
	group("Staff", everybody...)
	group("Platform", Leaver, Lookalike, Manager, "P-1051")
	group("On call", Leaver, Lookalike)
	app("Payroll", everybody...)
	source := app("Source", Leaver, Lookalike, Manager, "P-1051")
	deploy := app("Deploy", Leaver, Lookalike, Manager)

	sales, crm := group("Sales"), app("Customers")
	org.AddRule("Sales people", "Sales", sales)
	org.AssignGroup(crm, sales)
	org.Join(org.AddAppGroup("Finance (synced)", crm), c.ids(OktaSystem, "P-1047", "P-1048")...)

	for _, key := range []access.SubjectKey{Leaver, Lookalike} {
		id := c.accounts[key][OktaSystem]
		c.oktaNames[org.GrantRole(id, "HELP_DESK_ADMIN")] = "HELP_DESK_ADMIN"
		c.oktaNames[org.GrantRole(id, "READ_ONLY_ADMIN")] = "READ_ONLY_ADMIN"
	}
	for _, key := range everybody {
		id := c.accounts[key][OktaSystem]
		org.OpenSession(id)
		org.OpenSession(id)
		for _, client := range []string{source, deploy} {
			_, token := org.IssueTokens(id, client)
			c.plant(token)
			c.tokens = append(c.tokens, issued{key, c.oktaNames[client], token, c.options.Clock().Add(time.Hour)})
			org.Consent(id, client, "offline_access")
		}
	}
}

// keys lists everybody.
func (c *Company) keys() []access.SubjectKey {
	var keys []access.SubjectKey
	for _, p := range c.people {
		keys = append(keys, p.key)
	}
	return keys
}

// ids lists the accounts of people in a system.
func (c *Company) ids(system string, keys ...access.SubjectKey) []string {
	var ids []string
	for _, key := range keys {
		ids = append(ids, c.accounts[key][system])
	}
	return ids
}
