package okta

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	simulator "github.com/killsignal/killsignal/internal/simulator/okta"
)

func (h *house) rights(t *testing.T, kind access.RightKind) map[string]access.Right {
	t.Helper()
	page, err := h.Rights(t.Context(), h.ref(), kind, "")
	require.NoError(t, err)
	require.Empty(t, page.Next)
	byName := map[string]access.Right{}
	for _, right := range page.Items {
		byName[right.Type+" "+right.Name] = right
	}
	require.Len(t, byName, len(page.Items))
	return byName
}

func TestRightsNameWhatStandsInTheWay(t *testing.T) {
	h := newHouse(t, simulator.Options{})
	intranet, mail, safety := h.org.AddApp("Intranet"), h.org.AddApp("Mail"), h.org.AddApp("Safety training")
	h.org.AssignGroup(intranet, h.imported)
	h.org.AssignGroup(mail, h.everyoneRule)
	everyone := h.rights(t, access.Grant)["group Everyone"]
	h.org.AssignGroup(safety, everyone.ID)
	handbook, directory, tickets := h.org.AddApp("Handbook"), h.org.AddApp("Directory"), h.org.AddApp("Tickets")
	for app, group := range map[string]string{handbook: everyone.ID, directory: h.imported, tickets: h.everyoneRule} {
		h.org.Assign(app, h.leaver) // directly, and by a group as well
		h.org.AssignGroup(app, group)
	}
	for name, want := range map[string]access.Right{
		"group Engineering":              {},
		"group Everyone":                 {Obstacle: access.Inherent},
		"group Domain Users":             {Obstacle: access.Synced},
		"group Sales by rule":            {Source: "Sales people"},
		"admin-role HELP_DESK_ADMIN":     {},
		"admin-role Password resetter":   {},
		"admin-role READ_ONLY_ADMIN":     {Obstacle: access.ByGroup, Source: "Engineering"},
		"app-assignment Payroll":         {},
		"app-assignment Wiki":            {},
		"app-assignment Chat":            {Obstacle: access.ByGroup, Source: "Engineering"},
		"app-assignment Intranet":        {Obstacle: access.Synced},
		"app-assignment Mail":            {Obstacle: access.ByGroup, Source: "Sales by rule, by Sales people"},
		"app-assignment Handbook":        {Obstacle: access.Inherent, Source: "Everyone"},
		"app-assignment Directory":       {Obstacle: access.Synced},
		"app-assignment Tickets":         {},
		"app-assignment Safety training": {Obstacle: access.Inherent, Source: "Everyone"},
	} {
		t.Run(name, func(t *testing.T) {
			got, listed := h.rights(t, access.Grant)[name]
			require.True(t, listed)
			require.Equal(t, want.Obstacle, got.Obstacle)
			if want.Obstacle == access.Synced {
				require.Contains(t, got.Source, "application 0oa")
				return
			}
			require.Equal(t, want.Source, got.Source)
		})
	}
}

func TestRevokeRight(t *testing.T) {
	h := newHouse(t, simulator.Options{})
	bystander, shared := h.org.Truth()[h.lookalike], h.org.Shared(h.leaver)
	require.NoError(t, h.Lock(t.Context(), h.ref()))
	var revoked []access.Right
	for _, kind := range h.Info().Rights {
		removable := 0
		for _, right := range h.rights(t, kind) {
			if right.Removable() {
				removable++
				revoked = append(revoked, right)
				require.NoError(t, h.RevokeRight(t.Context(), h.ref(), right), right.Type)
			} else {
				require.Equal(t, access.Unsupported, access.CodeOf(h.RevokeRight(t.Context(), h.ref(), right)))
			}
		}
		require.GreaterOrEqual(t, removable, 2)
		for _, right := range h.rights(t, kind) {
			require.False(t, right.Removable(), right.Type)
			require.NotEqual(t, access.ByGroup, right.Obstacle, "what a group gave went with the membership")
		}
	}
	for _, right := range revoked {
		require.NoError(t, h.RevokeRight(t.Context(), h.ref(), right), "one that is gone is no error")
	}
	truth, _ := h.org.User(h.leaver)
	require.Len(t, truth.Groups, 2, "Everyone and the imported one")
	require.Empty(t, truth.Apps)
	require.Empty(t, truth.Roles)
	require.Empty(t, truth.RefreshTokens)
	require.Empty(t, truth.Grants)
	require.Equal(t, bystander, h.org.Truth()[h.lookalike])
	require.Equal(t, shared, h.org.Shared(h.leaver))
}

func TestRightsAtTheEdges(t *testing.T) {
	t.Run("a user whom the rule leaves out can be taken from its group", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		group := h.org.AddGroup("Pilots")
		h.org.Exclude(h.org.AddRule("Pilots by rule", "Sales", group), h.leaver)
		h.org.Join(group, h.leaver)
		require.True(t, h.rights(t, access.Grant)["group Pilots"].Removable())
	})
	t.Run("a membership in a group that a rule only mentions is ended", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		group := h.org.AddGroup("Pilots")
		rule := h.org.AddRule("Marketing people", "Marketing", group)
		h.fill(rule)
		h.org.Join(group, h.leaver)
		pilots := h.rights(t, access.Grant)["group Pilots"]
		require.True(t, pilots.Removable())
		require.Equal(t, "Marketing people", pilots.Source)
		require.NoError(t, h.RevokeRight(t.Context(), h.ref(), pilots))
		require.NotContains(t, h.rights(t, access.Grant), "group Pilots")
	})
	t.Run("a membership that a rule gives back is a person's work, and what it gives too", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.fill(h.rule)
		payroll := h.rights(t, access.Grant)["app-assignment Payroll"]
		h.org.AssignGroup(payroll.ID, h.everyoneRule)
		err := h.RevokeRight(t.Context(), h.ref(), h.rights(t, access.Grant)["group Sales by rule"])
		require.Equal(t, access.Unsupported, access.CodeOf(err))
		require.ErrorContains(t, err, "rule")
		require.Equal(t, access.Unsupported, access.CodeOf(h.RevokeRight(t.Context(), h.ref(), payroll)))
		for range 2 {
			cells := h.drive(t, access.Lock, access.Revoke)
			require.Equal(t, access.Manual, cells[1].Disposition)
			require.Equal(t, access.Unsupported, cells[1].Error.Code)
		}
		h.org.Exclude(h.rule, h.leaver)
		require.NoError(t, h.RevokeRight(t.Context(), h.ref(), payroll), "once the person has done it")
	})
	t.Run("a membership that is still read although its rule leaves the user out now has not gone yet", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		right := h.rights(t, access.Grant)["group Sales by rule"]
		h.faults.Add(fault.Rule{Match: fault.Path("/users/" + h.leaver + "/groups"), Effect: fault.Answer(http.StatusOK, nil,
			`[{"id":"`+h.everyoneRule+`","type":"OKTA_GROUP","profile":{"name":"Sales by rule"}}]`)})
		require.Equal(t, access.NotConverged, access.CodeOf(h.RevokeRight(t.Context(), h.ref(), right)))
	})
	t.Run("an application that is given directly and by a rule's group ends after the membership", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.AssignGroup(h.rights(t, access.Grant)["app-assignment Payroll"].ID, h.everyoneRule)
		h.drive(t, access.Lock, access.Revoke)
		require.NotContains(t, h.rights(t, access.Grant), "app-assignment Payroll")
	})
	t.Run("an application of a group that cannot be left is a person's work", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		payroll := h.rights(t, access.Grant)["app-assignment Payroll"]
		h.org.AssignGroup(payroll.ID, h.imported) // since it was listed
		err := h.RevokeRight(t.Context(), h.ref(), payroll)
		require.Equal(t, access.Unsupported, access.CodeOf(err))
		require.ErrorContains(t, err, string(access.Synced))
		cells := h.drive(t, access.Lock, access.Revoke)
		require.Equal(t, access.Manual, cells[1].Disposition)
	})
	t.Run("the consents and tokens of clients with dots in their ids are ended", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		client := "okta.2b1959c8-bcc0-56eb-a589-cfcfb7422f26"
		refresh, _ := h.org.IssueTokens(h.leaver, client)
		h.org.Consent(h.leaver, client, "profile")
		for _, right := range h.rights(t, access.Credential) {
			require.NoError(t, h.RevokeRight(t.Context(), h.ref(), right))
		}
		require.False(t, h.org.TokenAlive(refresh))
		require.Empty(t, h.rights(t, access.Credential))
	})
	for _, id := range []string{"..", "......", "okta..2b1959c8", ".okta-2b1959c8", "okta.2b1959c8/.."} {
		t.Run("an id that could leave its place in the path is refused: "+id, func(t *testing.T) {
			h := newHouse(t, simulator.Options{})
			err := h.RevokeRight(t.Context(), h.ref(), access.Right{Type: refreshToken, ID: id + "/oar00000000000000000"})
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.Empty(t, h.faults.Requests())
		})
	}
	t.Run("an application that a group gives as well waits for the group", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		wiki := h.rights(t, access.Grant)["app-assignment Wiki"]
		h.org.AssignGroup(wiki.ID, h.engineering)
		require.Equal(t, access.NotConverged, access.CodeOf(h.RevokeRight(t.Context(), h.ref(), wiki)))
		require.NoError(t, h.RevokeRight(t.Context(), h.ref(), access.Right{Type: groupMembership, ID: h.engineering}))
		require.NoError(t, h.RevokeRight(t.Context(), h.ref(), wiki))
	})
	t.Run("an application without its embedded assignment is asked for it", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		want := h.rights(t, access.Grant)
		h.faults.Add(fault.Rule{Effect: func(w http.ResponseWriter, r *http.Request, next http.Handler) { unembedded(next).ServeHTTP(w, r) }})
		require.Equal(t, want, h.rights(t, access.Grant))
	})
	t.Run("a user who is gone has no rights", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.Remove(h.leaver)
		require.Empty(t, h.rights(t, access.Grant))
		require.Empty(t, h.rights(t, access.Credential))
	})
	for _, permission := range []string{"okta.groups.read", "okta.roles.read", "okta.apps.read", "okta.users.read"} {
		t.Run("a listing without "+permission+" is denied, not shorter", func(t *testing.T) {
			h := newHouse(t, simulator.Options{})
			h.org.Deny(permission)
			_, err := h.Rights(t.Context(), h.ref(), access.Grant, "")
			require.Equal(t, access.Denied, access.CodeOf(err))
		})
	}
	for permission, name := range map[string]string{"okta.groups.manage": "group Engineering", "okta.roles.manage": "admin-role HELP_DESK_ADMIN", "okta.apps.manage": "app-assignment Wiki"} {
		t.Run("a removal without "+permission+" is denied, not done", func(t *testing.T) {
			h := newHouse(t, simulator.Options{})
			right := h.rights(t, access.Grant)[name]
			h.org.Deny(permission)
			require.Equal(t, access.Denied, access.CodeOf(h.RevokeRight(t.Context(), h.ref(), right)))
		})
	}
	t.Run("a type of right that is not ours is unsupported", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		err := h.RevokeRight(t.Context(), h.ref(), access.Right{Type: "device", ID: h.leaver})
		require.Equal(t, access.Unsupported, access.CodeOf(err))
	})
}
