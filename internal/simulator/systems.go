package simulator

// System describes how to reach one system, for a configuration file.
type System struct {
	Name string
	Kind string // okta, entraid, scim
	URL  string
	// Connection is what stands under connection: in clear.
	Connection map[string]any
	// Secrets is what stands there by reference: the values to write into files.
	Secrets map[string]string
	// Witness is the e-mail address of somebody who certainly has an account.
	Witness string
	// Protected are ids of accounts that must never be touched.
	Protected []string
}

// Systems describes every system, the identity providers first. It must be
// called after Serve.
func (c *Company) Systems() []System {
	witness, _ := c.person(Manager)
	all := []System{
		{Name: OktaSystem, Kind: "okta",
			Connection: map[string]any{"insecure_http": true},
			Secrets:    map[string]string{"token": c.secrets[OktaSystem]},
			Protected:  []string{c.Okta.Owner()}},
		{Name: EntraSystem, Kind: "entraid",
			Connection: map[string]any{"tenant_id": c.Entra.TenantID(), "client_id": c.Entra.ClientID()},
			Secrets:    map[string]string{"client_secret": c.secrets[EntraSystem]},
			Protected:  []string{c.accounts[Administrator][EntraSystem]}},
	}
	for _, a := range c.Apps {
		connection := map[string]any{"insecure_http": true}
		if a.Preset.Habits.LockEndsSessions {
			connection["lock_ends_sessions"] = true
		}
		all = append(all, System{Name: a.Name, Kind: "scim", Connection: connection,
			Secrets: map[string]string{"token": c.secrets[a.Name]}, Protected: []string{c.accounts[Administrator][a.Name]}})
	}
	for i := range all {
		s := &all[i]
		s.URL, s.Witness = c.URL(s.Name), witness.email()
		if s.Kind == "entraid" {
			s.Connection["graph_url"], s.Connection["authority_url"] = s.URL, s.URL
			continue
		}
		s.Connection["url"] = s.URL
	}
	return all
}
