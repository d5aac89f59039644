package entraid_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/entraid"
	"github.com/killsignal/killsignal/internal/simulator/entra"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

const system = "entra-test"

// house is a simulated tenant with people in it, reached over HTTP.
type house struct {
	*entraid.Connector
	config entraid.Config
	tenant *entra.Tenant
	faults *fault.Injector
	skew   atomic.Int64 // how far the tenant's clock is ahead, in nanoseconds

	ada, marshall                                 string // the leaver, the lookalike
	team, dynamic, synced, mail, office, powerful string // groups
	e5, visio                                     string // SKUs
	tokens                                        entra.Tokens
}

// newHouse builds the house. Each wrap stands between the tenant and the faults.
func newHouse(t *testing.T, wraps ...func(http.Handler) http.Handler) *house {
	t.Helper()
	h := &house{faults: fault.New()}
	h.tenant = entra.New(entra.Options{Seed: 7, Clock: func() time.Time { return time.Now().Add(time.Duration(h.skew.Load())) }})
	h.populate(t)
	var handler http.Handler = h.tenant
	for _, wrap := range wraps {
		handler = wrap(handler)
	}
	server := httptest.NewServer(h.faults.Wrap(handler))
	t.Cleanup(server.Close)
	h.config = entraid.Config{
		TenantID: h.tenant.TenantID(), ClientID: h.tenant.ClientID(), ClientSecret: secret(t, h.tenant.ClientSecret()),
		GraphURL: server.URL, AuthorityURL: server.URL, Settle: time.Millisecond,
	}
	h.Connector = connect(t, h.config)
	return h
}

func connect(t *testing.T, c entraid.Config) *entraid.Connector {
	t.Helper()
	connector, err := entraid.New(system, c)
	require.NoError(t, err)
	return connector
}

// secret puts a value where a reference can find it.
func secret(t *testing.T, value string) connectors.Secret {
	t.Helper()
	const name = "KILLSIGNAL_TEST_ENTRA_SECRET"
	t.Setenv(name, value)
	reference, err := connectors.ParseSecret("env:" + name)
	require.NoError(t, err)
	return reference
}

func (h *house) populate(t *testing.T) {
	t.Helper()
	add := func(name, local, number string) string {
		return h.tenant.AddUser(entra.User{UserPrincipalName: local + "@example.com", Mail: local + "@example.com",
			DisplayName: name, EmployeeID: number, LastSignIn: time.Date(2026, 8, 3, 9, 30, 0, 0, time.UTC)})
	}
	h.marshall = add("Ada Marshall", "ada.marshall", "100421")
	h.ada = add("Ada Marsh", "ada.marsh", "10042")
	both := []string{h.ada, h.marshall}
	h.visio = h.tenant.AddSku("VISIOCLIENT", 5, both...)
	h.e5 = h.tenant.AddSku("SPE_E5", 10, both...)
	inherited := h.tenant.AddSku("POWER_BI_PRO", 3)
	h.team = h.tenant.AddGroup(entra.Group{Name: "Harbour team", Licences: []string{inherited}}, both...)
	h.office = h.tenant.AddGroup(entra.Group{Name: "Harbour office", Unified: true}, both...)
	h.powerful = h.tenant.AddGroup(entra.Group{Name: "Tier zero", RoleAssignable: true}, both...)
	h.tenant.AddUnit(h.ada, "#microsoft.graph.administrativeUnit", "North")
	helpdesk := h.tenant.AddRole("Helpdesk Administrator", both...)
	h.tenant.AssignRole(helpdesk, h.ada, "/administrativeUnits/north")
	h.tenant.AddApp("Tide tables", both...)
	h.tenant.AddApp("Crane control", h.team)
	for _, user := range both {
		tokens, ok := h.tenant.SignIn(user)
		require.True(t, ok)
		if user == h.ada {
			h.tokens = tokens
		}
	}
}

// addObstacles adds the leaver to what cannot be left through Graph.
func (h *house) addObstacles() {
	both := []string{h.ada, h.marshall}
	h.dynamic = h.tenant.AddGroup(entra.Group{Name: "All pilots", Rule: `user.department -eq "Pilots"`}, both...)
	h.synced = h.tenant.AddGroup(entra.Group{Name: "Old file share", Synced: true}, both...)
	h.mail = h.tenant.AddGroup(entra.Group{Name: "Harbour news", Distribution: true, MailEnabled: true}, both...)
	h.tenant.AddUnit(h.ada, "#microsoft.graph.lighthouseKeeper", "A thing from the future")
}

func (h *house) ref() access.AccountRef { return access.AccountRef{System: system, ID: h.ada} }

func leaver() access.Subject {
	return access.Subject{Key: "p-10042", Name: "Ada Marsh", Emails: []string{"ada.marsh@example.com"},
		UserNames: []string{"ada.marsh@example.com"}, EmployeeNumber: "10042"}
}

// permissions are those that the tenant takes away with a capability.
func permissions(c connectors.Capability) []string {
	return map[connectors.Capability][]string{
		connectors.CanFind:        {"User.Read.All"},
		connectors.CanLock:        {"User.EnableDisableAccount.All"},
		connectors.CanEndSessions: {"User.RevokeSessions.All"},
		connectors.CanRevoke: {"GroupMember.ReadWrite.All", "RoleManagement.ReadWrite.Directory",
			"AppRoleAssignment.ReadWrite.All", "LicenseAssignment.ReadWrite.All"},
		connectors.CanList: {"User.Read.All"},
	}[c]
}

func TestConformance(t *testing.T) {
	for name, rows := range map[string]int{"a tenant with a page for everything": 100, "a tenant that shows one row at a time": 1} {
		t.Run(name, func(t *testing.T) {
			connectortest.Run(t, func(t *testing.T) *connectortest.Harness {
				h := newHouse(t)
				h.tenant.SetPageSize(rows)
				return h.harness()
			})
		})
	}
}

func (h *house) harness() *connectortest.Harness {
	return &connectortest.Harness{
		Connector: h.Connector,
		System:    system,
		Subject:   leaver(),
		Nobody:    access.Subject{Key: "p-9", Emails: []string{"bo.lind@example.com"}, EmployeeNumber: "9"},
		Witness: access.Subject{Key: "p-100421", Name: "Ada Marshall", Emails: []string{"ada.marshall@example.com"},
			UserNames: []string{"ada.marshall@example.com"}, EmployeeNumber: "100421"},
		Account: h.ada,
		Truth:   h.tenant.Truth,
		Faults:  h.faults,
		Deny: func(c connectors.Capability) {
			for _, permission := range permissions(c) {
				h.tenant.Deny(permission)
			}
		},
	}
}
