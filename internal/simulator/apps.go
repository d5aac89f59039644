package simulator

import (
	"fmt"
	"slices"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/scim"
)

// appNames are what the applications are for; a larger fleet goes on with numbers.
var appNames = []string{
	"wiki", "tickets", "crm", "chat", "design", "video", "survey", "helpdesk", "inventory", "travel",
	"expenses", "payroll", "learning", "hiring", "feedback", "planning", "whiteboard", "status", "alerts", "metrics",
	"logs", "flags", "builds", "artifacts", "registry", "secrets", "analytics", "billing", "contracts", "library",
}

// without is how many applications the leaver has no account in. They are those
// that do not show who is in a group, where nobody could prove a removal.
const without = 2

// seedApps makes the fleet. Presets take turns, and so do user names with and
// without a domain.
func (c *Company) seedApps() {
	hidden := []scim.Preset{{Name: "jackson", Habits: scim.Jackson()}, {Name: "aws-identity-center", Habits: scim.AWSIdentityCenter()}}
	visible := slices.DeleteFunc(scim.Presets(), func(p scim.Preset) bool {
		return p.Habits.Members == scim.Never || p.Habits.Members == scim.Omitted
	})
	for i := range max(c.options.Apps, 0) {
		// The last ones of the named: the leaver of a small fleet is in all of it.
		absent := i >= len(appNames)-without && i < len(appNames)
		preset := visible[i%len(visible)]
		if absent {
			preset = hidden[i%len(hidden)]
		}
		c.Apps = append(c.Apps, c.seedApp(i, preset, absent))
	}
}

func (c *Company) seedApp(i int, preset scim.Preset, absent bool) *App {
	name := fmt.Sprintf("app-%03d", i+1)
	if i < len(appNames) {
		name = appNames[i]
	}
	a := &App{Name: name, Preset: preset}
	a.App = scim.New(scim.Options{Clock: c.options.Clock, Seed: c.options.Seed + int64(i), Token: c.secret(name), Habits: preset.Habits})
	users, editors := a.AddGroup("Users"), a.AddGroup("Editors")
	for n, p := range c.people {
		if p.key == Leaver && absent || n > 4 && (n+i)%4 == 0 {
			continue // not everybody is everywhere
		}
		userName := p.email()
		if i%3 == 2 || preset.Habits.IDs == scim.UserNames {
			userName = p.short
		}
		id := a.AddUser(scim.User{UserName: userName, ExternalID: p.employee, DisplayName: p.name(), Emails: []string{p.email()},
			Owner: p.key == Administrator})
		c.accounts[p.key][name] = id
		if !preset.Habits.NoGroups {
			a.AddMember(users, id)
			if slices.Contains([]access.SubjectKey{Leaver, Lookalike, Manager}, p.key) {
				a.AddMember(editors, id)
			}
		}
		c.plant(a.OpenSession(id), a.IssueKey(id))
	}
	return a
}
