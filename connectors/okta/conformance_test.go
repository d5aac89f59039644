package okta

import (
	"testing"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	simulator "github.com/killsignal/killsignal/internal/simulator/okta"
)

func TestConformance(t *testing.T) {
	// The suite expects to revoke by itself whatever the leaver has. What the lock
	// takes along is left out here, and tested beside it.
	for _, c := range []struct {
		name    string
		lock    LockBy
		rows    int
		without []string
	}{
		{"suspending", Suspend, 0, []string{refreshToken}},
		{"suspending, pages of one row", Suspend, 1, []string{refreshToken}},
		{"deactivating", Deactivate, 0, []string{refreshToken, adminRole, appAssignment}},
	} {
		t.Run(c.name, func(t *testing.T) {
			connectortest.Run(t, func(t *testing.T) *connectortest.Harness {
				h := &house{without: c.without}
				h.open(t, simulator.Options{PageSize: c.rows}, func(config *Config) { config.Lock = c.lock })
				return harness(h)
			})
		})
	}
}

func harness(h *house) *connectortest.Harness {
	return &connectortest.Harness{
		Connector:  h.Connector,
		System:     "okta-test",
		Subject:    ada,
		Nobody:     access.Subject{Key: "9", UserNames: []string{"nobody@example.com"}, Emails: []string{"nobody@example.com"}},
		Witness:    access.Subject{Key: "1042", UserNames: []string{"ada.marshall@example.com"}},
		Account:    h.leaver,
		Truth:      h.org.Truth,
		Faults:     h.faults,
		Bystanders: func() string { return h.org.Shared(h.leaver) },
		Deny: func(capability connectors.Capability) {
			for _, permission := range map[connectors.Capability][]string{
				connectors.CanFind:        {"okta.users.read"},
				connectors.CanList:        {"okta.users.read"},
				connectors.CanLock:        {"okta.users.manage"},
				connectors.CanEndSessions: {"okta.users.manage"},
				connectors.CanRevoke:      {"okta.users.credentials.manage", "okta.groups.manage", "okta.roles.manage", "okta.apps.manage"},
			}[capability] {
				h.org.Deny(permission)
			}
		},
	}
}
