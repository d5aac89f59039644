package entraid_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func TestAccounts(t *testing.T) {
	list := func(t *testing.T, h *house) []access.Account {
		all, err := connectors.Collect(t.Context(), h.Accounts)
		require.NoError(t, err)
		require.Len(t, all, 2)
		return all
	}
	t.Run("every account is listed with its last successful sign-in", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.SetPageSize(1)
		all := list(t, h)
		require.Equal(t, h.ada, all[1].Ref.ID)
		require.Equal(t, time.Date(2026, 8, 3, 9, 30, 0, 0, time.UTC), all[1].LastUsed.UTC())
	})
	t.Run("without the permission for sign-ins everything else is listed", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.SetPageSize(1)
		h.tenant.Deny("AuditLog.Read.All")
		require.Nil(t, list(t, h)[1].LastUsed)
	})
}

func TestCheck(t *testing.T) {
	t.Run("it passes and changes nothing", func(t *testing.T) {
		h := newHouse(t)
		before := h.tenant.Truth()
		require.NoError(t, h.Check(t.Context()))
		require.Equal(t, before, h.tenant.Truth())
		for _, request := range h.faults.Requests() {
			require.True(t, request.Method == "GET" || request.Path == "/"+h.tenant.TenantID()+"/oauth2/v2.0/token", request.Path)
		}
	})
	for permission, named := range map[string]string{
		"User.Read.All":                 "User.Read.All",
		"GroupMember.Read.All":          "GroupMember.ReadWrite.All",
		"RoleManagement.Read.Directory": "RoleManagement.ReadWrite.Directory",
		"Directory.Read.All":            "Directory.Read.All",
		"LicenseAssignment.Read.All":    "LicenseAssignment.ReadWrite.All",
		// Writes cannot be tried. What the application may write stands in its token.
		"User.EnableDisableAccount.All":      "User.EnableDisableAccount.All",
		"User.RevokeSessions.All":            "User.RevokeSessions.All",
		"GroupMember.ReadWrite.All":          "GroupMember.ReadWrite.All",
		"RoleManagement.ReadWrite.Directory": "RoleManagement.ReadWrite.Directory",
		"AppRoleAssignment.ReadWrite.All":    "AppRoleAssignment.ReadWrite.All",
		"LicenseAssignment.ReadWrite.All":    "LicenseAssignment.ReadWrite.All",
	} {
		t.Run("without "+permission+" it is denied and names what is missing", func(t *testing.T) {
			h := newHouse(t)
			h.tenant.Deny(permission)
			err := h.Check(t.Context())
			require.Equal(t, access.Denied, codeOf(t, err))
			require.Contains(t, err.(*access.Error).Hint, named)
		})
	}
	t.Run("a look-up that finds nobody who is there fails", func(t *testing.T) {
		h := newHouse(t)
		h.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return r.URL.Query().Has("$filter") }, Effect: fault.Answer(200, nil, `{"value":[]}`)})
		require.Equal(t, access.Unavailable, codeOf(t, h.Check(t.Context())))
	})
}
