package simulator

import (
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/entra"
)

// seedEntra fills the tenant. Rights of the leaver are all given directly: dynamic
// and synced groups, and licences through groups, are other people's.
func (c *Company) seedEntra() error {
	tenant := entra.New(entra.Options{Clock: c.options.Clock, Seed: uint64(c.options.Seed), ClientSecret: c.secret(EntraSystem)})
	c.Entra = tenant
	for _, p := range c.people {
		c.accounts[p.key][EntraSystem] = tenant.AddUser(entra.User{UserPrincipalName: p.email(), Mail: p.email(), Aliases: p.emails()[1:], DisplayName: p.name(),
			EmployeeID: p.employee, LastSignIn: c.options.Clock().Add(-30 * time.Hour)})
	}
	of := func(keys ...access.SubjectKey) []string { return c.ids(EntraSystem, keys...) }

	everybody := of(c.keys()...)
	tenant.AddGroup(entra.Group{Name: "Staff"}, everybody...)
	tenant.AddGroup(entra.Group{Name: "Platform", Unified: true}, of(Leaver, Lookalike, Manager, "P-1051")...)
	tenant.AddGroup(entra.Group{Name: "Sales", Rule: `user.department -eq "Sales"`}, of("P-1044", "P-1045", "P-1046")...)
	tenant.AddGroup(entra.Group{Name: "Finance", Synced: true}, of("P-1047", "P-1048")...)

	tenant.AddRole("Global Administrator", of(Administrator)...)
	tenant.AddRole("Helpdesk Administrator", of(Leaver, Lookalike)...)
	tenant.AddRole("Reports Reader", of(Leaver, Manager)...)

	tenant.AddApp("Expenses", everybody...)
	tenant.AddApp("Roadmap", of(Leaver, Lookalike, Manager)...)

	tenant.AddSku("SPE_E5", 25, everybody...)
	tenant.AddSku("VISIOCLIENT", 5, of(Leaver, Lookalike)...)
	support := tenant.AddSku("POWER_BI_PRO", 5)
	tenant.AddGroup(entra.Group{Name: "Support", Licences: []string{support}}, of("P-1049", "P-1050")...)

	for _, id := range everybody {
		for range 2 {
			tokens, ok := tenant.SignIn(id)
			if !ok {
				return &access.Error{Code: access.Unknown, Op: "seed entra", Hint: "a sign-in of somebody active was refused"}
			}
			c.plant(tokens.Access, tokens.Refresh)
		}
	}
	return nil
}
