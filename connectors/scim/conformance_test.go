package scim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/scim"
	application "github.com/killsignal/killsignal/internal/simulator/scim"
)

func TestConformance(t *testing.T) {
	withDelete := func(c *scim.Config) { c.Lock = scim.Delete }
	for name, make := range map[string]func(t *testing.T) *office{
		"an application that follows the standard": func(t *testing.T) *office { return open(t, application.Plain()) },
		"one that knows PUT only":                  func(t *testing.T) *office { return open(t, application.LegacyNoPatch()) },
		"one that ignores every filter":            func(t *testing.T) *office { return open(t, application.FilterDeaf()) },
		"one that is locked by deleting":           func(t *testing.T) *office { return open(t, application.Plain(), withDelete) },
		"one that shows one row at a time":         func(t *testing.T) *office { return open(t, application.Habits{PageSize: 1}) },
		"SCIMMY":                                   func(t *testing.T) *office { return open(t, application.Scimmy()) },
		// Jackson does not show who is in its groups, and the suite wants rights to be
		// seen. Without groups, the rest of it is proved.
		"Jackson, groups apart": func(t *testing.T) *office {
			habits := application.Jackson()
			habits.NoGroups = true
			o := open(t, habits)
			require.NoError(t, o.Check(t.Context()), "from then on it is known that there are none")
			return o
		},
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.Run(t, func(t *testing.T) *connectortest.Harness { return make(t).harness() })
		})
	}
}
