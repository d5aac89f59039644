package entraid_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/entra"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func rights(t *testing.T, h *house, kind access.RightKind) ([]access.Right, error) {
	t.Helper()
	return connectors.Collect(t.Context(), func(ctx context.Context, cursor string) (connectors.Page[access.Right], error) {
		return h.Rights(ctx, h.ref(), kind, cursor)
	})
}

func grants(t *testing.T, h *house) ([]access.Right, error) { return rights(t, h, access.Grant) }

func removable(t *testing.T, h *house, kind access.RightKind) (all []access.Right) {
	t.Helper()
	listed, err := rights(t, h, kind)
	require.NoError(t, err)
	for _, right := range listed {
		if right.Removable() {
			all = append(all, right)
		}
	}
	return all
}

// named returns the right with that name.
func named(t *testing.T, all []access.Right, name string) access.Right {
	t.Helper()
	for _, right := range all {
		if right.Name == name {
			return right
		}
	}
	t.Fatalf("no right is called %s", name)
	return access.Right{}
}

func TestGrantsAreListedAsWhatTheyAre(t *testing.T) {
	for _, size := range []int{100, 1} {
		h := newHouse(t)
		h.addObstacles()
		h.tenant.SetPageSize(size)
		all, err := grants(t, h)
		require.NoError(t, err)
		for _, row := range []struct {
			sentence, name, kind string
			obstacle             access.Obstacle
			source               string
		}{
			{"a security group can be left", "Harbour team", "group", "", ""},
			{"a Microsoft 365 group can be left", "Harbour office", "group", "", ""},
			{"a role-assignable group can be left, and is told apart", "Tier zero", "role-assignable-group", "", ""},
			{"a dynamic group names its rule", "All pilots", "group", access.ByRule, `user.department -eq "Pilots"`},
			{"a synced group names its source of authority", "Old file share", "group", access.Synced, "on-premises Active Directory"},
			{"a mail-enabled group names the other tool", "Harbour news", "group", access.OtherTool, "Exchange Online"},
			{"an application can be taken away", "Tide tables", "app-role-assignment", "", ""},
			{"an application given to a group names the group", "Crane control", "app-role-assignment", access.ByGroup, "Harbour team"},
			{"a directory role can be taken away", "Helpdesk Administrator", "directory-role", "", ""},
			{"a membership of a type that nobody knows is not dropped", "", "membership", access.OtherTool, "lighthouseKeeper"},
		} {
			t.Run(row.sentence, func(t *testing.T) {
				right := named(t, all, row.name)
				require.Equal(t, access.Grant, right.Kind)
				require.Equal(t, row.kind, right.Type)
				require.Equal(t, row.obstacle, right.Obstacle)
				require.Equal(t, row.source, right.Source)
			})
		}
		require.Len(t, all, 11, "the role twice, once in an administrative unit; the unit itself is no right")
	}
}

func TestAServerThatIgnoresTheFilterDoesNotGiveTheLeaverTheRolesOfOthers(t *testing.T) {
	h := newHouse(t, ignoreFilters)
	all, err := grants(t, h)
	require.NoError(t, err)
	roles := 0
	for _, right := range all {
		if right.Type == "directory-role" {
			roles++
		}
	}
	require.Equal(t, 2, roles, "the lookalike's is not among them")
}

func TestWhatWeMayNotReadIsNotListedAsNothing(t *testing.T) {
	for _, permission := range []string{"User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory", "Directory.Read.All"} {
		t.Run("without "+permission+" the listing is denied", func(t *testing.T) {
			h := newHouse(t)
			h.tenant.Deny(permission)
			_, err := grants(t, h)
			require.Equal(t, access.Denied, codeOf(t, err))
			require.Contains(t, err.(*access.Error).Hint, permission)
		})
	}
}

func TestARoleIsTheLeaversInWhateverCaseTheIDIsWritten(t *testing.T) {
	h := newHouse(t, inCapitals(`"principalId":"[^"]+"`))
	all, err := grants(t, h)
	require.NoError(t, err)
	require.Equal(t, "directory-role", named(t, all, "Helpdesk Administrator").Type)
}

func TestDeniedRemovalsNameThePermission(t *testing.T) {
	for _, row := range []struct{ name, permission string }{
		{"Harbour team", "GroupMember.ReadWrite.All"},
		{"Tier zero", "RoleManagement.ReadWrite.Directory"},
		{"Helpdesk Administrator", "RoleManagement.ReadWrite.Directory"},
		{"Tide tables", "AppRoleAssignment.ReadWrite.All"},
		{"SPE_E5", "LicenseAssignment.ReadWrite.All"},
	} {
		t.Run(row.name+" needs "+row.permission, func(t *testing.T) {
			h := newHouse(t)
			right := named(t, append(removable(t, h, access.Grant), removable(t, h, access.Seat)...), row.name)
			h.tenant.Deny(row.permission)
			err := h.RevokeRight(t.Context(), h.ref(), right)
			require.Equal(t, access.Denied, codeOf(t, err))
			require.Contains(t, err.(*access.Error).Hint, row.permission)
		})
	}
}

func TestARightWithAnObstacleIsNotTried(t *testing.T) {
	h := newHouse(t)
	h.addObstacles()
	all, err := grants(t, h)
	require.NoError(t, err)
	before := len(h.faults.Requests())
	for _, right := range all {
		if !right.Removable() {
			require.Equal(t, access.Unsupported, codeOf(t, h.RevokeRight(t.Context(), h.ref(), right)))
		}
	}
	require.Len(t, h.faults.Requests(), before)
}

func TestSeats(t *testing.T) {
	t.Run("those inherited from a group are told apart and name it", func(t *testing.T) {
		h := newHouse(t)
		seats, err := rights(t, h, access.Seat)
		require.NoError(t, err)
		require.Len(t, seats, 3)
		inherited := named(t, seats, "POWER_BI_PRO")
		require.Equal(t, access.ByGroup, inherited.Obstacle)
		require.Equal(t, "Harbour team", inherited.Source)
		require.Equal(t, &access.Pool{Total: 3, Used: 2}, inherited.Pool)
		direct := named(t, seats, "SPE_E5")
		require.True(t, direct.Removable())
		require.Equal(t, &access.Pool{Total: 10, Used: 2}, direct.Pool)
	})
	t.Run("one held both ways is listed twice, and only the direct one is removed", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.AddGroup(entra.Group{Name: "Draughtsmen", Licences: []string{h.visio}}, h.ada)
		direct := named(t, removable(t, h, access.Seat), "VISIOCLIENT")
		require.NoError(t, h.RevokeRight(t.Context(), h.ref(), direct))
		seats, err := rights(t, h, access.Seat)
		require.NoError(t, err)
		require.Equal(t, "Draughtsmen", named(t, seats, "VISIOCLIENT").Source)
		require.Equal(t, access.Unsupported, codeOf(t, h.RevokeRight(t.Context(), h.ref(), direct)), "now it is inherited")
	})
	t.Run("leaving the group gives its seat back", func(t *testing.T) {
		h := newHouse(t)
		require.NoError(t, h.RevokeRight(t.Context(), h.ref(), named(t, removable(t, h, access.Grant), "Harbour team")))
		require.Equal(t, entra.Pool{Total: 3, Used: 1}, h.tenant.Pools()["POWER_BI_PRO"])
	})
	t.Run("the pool is counted late", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.SetLag(time.Hour)
		h.skew.Add(int64(2 * time.Hour)) // past what the seeding changed
		seat := named(t, removable(t, h, access.Seat), "SPE_E5")
		require.NoError(t, h.RevokeRight(t.Context(), h.ref(), seat))
		pool, err := h.Pool(t.Context(), seat)
		require.NoError(t, err)
		require.Equal(t, access.Pool{Total: 10, Used: 2}, pool)
		h.skew.Add(int64(2 * time.Hour))
		// The hour of the token has passed as well: the tenant refuses it, and says so.
		_, err = h.Pool(t.Context(), seat)
		require.Equal(t, access.Unauthenticated, codeOf(t, err))
		pool, err = connect(t, h.config).Pool(t.Context(), seat)
		require.NoError(t, err)
		require.Equal(t, access.Pool{Total: 10, Used: 1}, pool)
	})
	t.Run("without the permission to count them they are denied, not forgotten", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.Deny("LicenseAssignment.Read.All")
		_, err := rights(t, h, access.Seat)
		require.Equal(t, access.Denied, codeOf(t, err))
	})
	t.Run("an answer that is lost leaves the seat free", func(t *testing.T) {
		h := newHouse(t)
		seat := named(t, removable(t, h, access.Seat), "SPE_E5")
		h.faults.Add(fault.Rule{Match: fault.Path("assignLicense"), Times: 1, Effect: fault.DropReply()})
		require.Equal(t, access.Unknown, codeOf(t, h.RevokeRight(t.Context(), h.ref(), seat)))
		require.NoError(t, h.RevokeRight(t.Context(), h.ref(), seat))
		require.Equal(t, 1, h.tenant.Pools()["SPE_E5"].Used)
	})
}
