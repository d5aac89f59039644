package activedirectory_test

import (
	"testing"

	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
)

// TestDomain is about one real domain. Provisioning takes a while, so that there is
// one for all, and everybody in it is put as they were before each test.
func TestDomain(t *testing.T) {
	w := newWorld(t)
	t.Run("check", w.checkTests)
	t.Run("find", w.findTests)
	t.Run("lock", w.lockTests)
	t.Run("administrators", w.administratorTests)
	t.Run("rights", w.rightTests)
	t.Run("what is open", w.openTests)
	t.Run("conformance", func(t *testing.T) {
		connectortest.Run(t, func(t *testing.T) *connectortest.Harness { return w.connect(t).harness(t) })
	})
}

func (s *site) harness(t *testing.T) *connectortest.Harness {
	const noRetryAfter = "LDAP has no way to say when to come back"
	return &connectortest.Harness{
		Connector: s.Connector, System: system, Subject: ada, Nobody: nobody, Witness: marshall, Account: s.ids["ada.marsh"],
		Truth:      func() map[string]string { return s.truth(t) },
		Bystanders: func() string { return s.bystanders(t) },
		Faults:     s.faults,
		Deny:       func(c connectors.Capability) { s.deny(t, c) },
		Inapplicable: map[string]string{
			"status 429 with a long Retry-After is rate_limited": noRetryAfter,
			"status 503 with a long Retry-After is unavailable":  noRetryAfter,
		},
	}
}
