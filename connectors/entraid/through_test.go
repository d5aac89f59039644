package entraid_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/entra"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func TestWhatAGroupGivesHasTheObstacleOfTheGroup(t *testing.T) {
	for _, row := range []struct {
		sentence string
		group    entra.Group
		obstacle access.Obstacle
		source   string
	}{
		{"a group that can be left", entra.Group{}, access.ByGroup, "Pilots"},
		{"a dynamic group", entra.Group{Rule: `user.jobTitle -eq "Pilot"`}, access.ByRule, `Pilots, by user.jobTitle -eq "Pilot"`},
		{"a synced group", entra.Group{Synced: true}, access.Synced, "Pilots, by on-premises Active Directory"},
		{"a mail-enabled group", entra.Group{MailEnabled: true}, access.OtherTool, "Pilots, by Exchange Online"},
	} {
		t.Run("a seat and an application of "+row.sentence, func(t *testing.T) {
			h := newHouse(t)
			row.group.Name, row.group.Licences = "Pilots", []string{h.tenant.AddSku("VISIO_PLAN", 5)}
			h.tenant.AddApp("Charts", h.tenant.AddGroup(row.group, h.ada, h.marshall))
			seats, err := rights(t, h, access.Seat)
			require.NoError(t, err)
			all, err := grants(t, h)
			require.NoError(t, err)
			for _, right := range []access.Right{named(t, seats, "VISIO_PLAN"), named(t, all, "Charts")} {
				require.Equal(t, row.obstacle, right.Obstacle)
				require.Equal(t, row.source, right.Source)
			}
		})
	}
	t.Run("of a group that is gone still end with the membership", func(t *testing.T) {
		h := newHouse(t)
		h.faults.Add(fault.Rule{Match: fault.Path("/groups/"), Effect: fault.Answer(http.StatusNotFound, nil, `{"error":{"code":"Request_ResourceNotFound"}}`)})
		seats, err := rights(t, h, access.Seat)
		require.NoError(t, err)
		inherited := named(t, seats, "POWER_BI_PRO")
		require.Equal(t, access.ByGroup, inherited.Obstacle)
		require.Equal(t, h.team, inherited.Source)
	})
	t.Run("of a group that we may not read are denied: nobody knows whether they end", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.Deny("GroupMember.Read.All")
		_, err := rights(t, h, access.Seat)
		require.Equal(t, access.Denied, codeOf(t, err))
		require.Contains(t, err.(*access.Error).Hint, "GroupMember.Read.All")
	})
}
