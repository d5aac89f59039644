package scim_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	application "github.com/killsignal/killsignal/internal/simulator/scim"
)

func TestInfo(t *testing.T) {
	revokes := func(o *office) bool {
		can := slices.Contains(connectors.Capabilities(o.Connector), connectors.CanRevoke)
		require.Equal(t, can, len(o.Info().Rights) > 0)
		return can
	}
	t.Run("an application without groups revokes none, once its check has passed", func(t *testing.T) {
		for _, status := range []int{http.StatusNotFound, http.StatusNotImplemented} {
			o := open(t, application.Habits{})
			o.faults.Add(fault.Rule{Match: fault.Path("/Groups"), Effect: fault.Answer(status, nil, "{}")})
			require.True(t, revokes(o), "before the check")
			require.NoError(t, o.Check(t.Context()))
			require.False(t, revokes(o))
			require.Equal(t, []connectors.Capability{connectors.CanRevoke}, o.Info().Without)
			o.faults.Clear()
			require.NoError(t, o.Check(t.Context()))
			require.False(t, revokes(o), "what it says of itself does not change")
		}
	})
	t.Run("a check that has not passed narrows nothing", func(t *testing.T) {
		o := open(t, application.Habits{NoGroups: true})
		o.app.Deny("users.read")
		require.Error(t, o.Check(t.Context()))
		require.True(t, revokes(o))
	})
	t.Run("groups that cannot be listed, or that users show, are groups", func(t *testing.T) {
		for name, c := range map[string]struct {
			habits application.Habits
			status int
		}{
			"a filter is wanted":   {application.Habits{}, http.StatusBadRequest},
			"no listing":           {application.Habits{}, http.StatusMethodNotAllowed},
			"shown with the users": {application.Habits{GroupsOfUser: true}, http.StatusNotFound},
		} {
			t.Run(name, func(t *testing.T) {
				o := open(t, c.habits)
				o.faults.Add(fault.Rule{Match: fault.Path("/Groups"), Effect: fault.Answer(c.status, nil, "{}")})
				require.NoError(t, o.Check(t.Context()))
				require.True(t, revokes(o))
			})
		}
	})
	t.Run("it names the kinds of keys by which it looks people up", func(t *testing.T) {
		for _, c := range []struct {
			correlators []scim.Attribute
			keys        []access.Correlator
		}{
			{nil, []access.Correlator{access.ByUserName, access.ByEmail, access.ByEmployeeNumber}},
			{[]scim.Attribute{scim.UserName}, []access.Correlator{access.ByUserName, access.ByEmail}},
			{[]scim.Attribute{scim.EmailsValue}, []access.Correlator{access.ByEmail}},
			{[]scim.Attribute{scim.ExternalID, scim.EmailsValue}, []access.Correlator{access.ByEmail, access.ByEmployeeNumber}},
		} {
			o := open(t, application.Plain(), func(config *scim.Config) { config.Correlators = c.correlators })
			require.Equal(t, c.keys, o.Info().Keys)
		}
	})
}
