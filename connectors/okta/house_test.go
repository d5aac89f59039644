package okta

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/transport"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	simulator "github.com/killsignal/killsignal/internal/simulator/okta"
)

const apiTokenValue = "00-canary-api-token"

// house is a simulated org with people in it, reached by a connector.
type house struct {
	*Connector
	org    *simulator.Org
	faults *fault.Injector
	url    string

	leaver, lookalike                   string
	engineering, everyoneRule, imported string
	rule                                string
	sessions                            []string
	refresh, accessToken                string

	// without names types of rights that the leaver does not have.
	without []string
}

// impatient keeps waits in tests short.
var impatient = transport.Options{Timeout: 400 * time.Millisecond, MaxWait: 3 * time.Second}

func newHouse(t *testing.T, o simulator.Options, change ...func(*Config)) *house {
	t.Helper()
	h := &house{}
	h.open(t, o, change...)
	return h
}

func (h *house) open(t *testing.T, o simulator.Options, change ...func(*Config)) {
	t.Helper()
	o.Token, o.Seed = apiTokenValue, 7
	h.org, h.faults = simulator.New(o), fault.New()
	h.populate()
	server := httptest.NewServer(h.faults.Wrap(h.org))
	t.Cleanup(server.Close)
	h.url = server.URL
	h.Connector = h.connect(t, change...)
}

func (h *house) connect(t *testing.T, change ...func(*Config)) *Connector {
	t.Helper()
	config := Config{URL: h.url, Token: secret(t, apiTokenValue), InsecureHTTP: true}
	for _, c := range change {
		c(&config)
	}
	c, err := open("okta-test", config, impatient)
	require.NoError(t, err)
	return c
}

func (h *house) populate() {
	org := h.org
	h.leaver = org.AddUser(simulator.Person{Login: "ada.marsh@example.com", FirstName: "Ada", LastName: "Marsh", Department: "Sales",
		LastLogin: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)})
	h.lookalike = org.AddUser(simulator.Person{Login: "ada.marshall@example.com", FirstName: "Ada", LastName: "Marshall", Department: "Sales"})
	h.engineering = org.AddGroup("Engineering")
	h.everyoneRule = org.AddGroup("Sales by rule")
	h.rule = org.AddRule("Sales people", "Sales", h.everyoneRule)
	payroll, wiki, chat := org.AddApp("Payroll"), org.AddApp("Wiki"), org.AddApp("Chat")
	h.imported = org.AddAppGroup("Domain Users", payroll)
	org.AssignGroup(chat, h.engineering)
	for _, id := range []string{h.leaver, h.lookalike} {
		has := func(kind string) bool { return id != h.leaver || !slices.Contains(h.without, kind) }
		org.Join(h.engineering, id)
		org.Join(org.AddGroup("Friends of "+id[16:]), id)
		org.Join(h.imported, id)
		if has(appAssignment) {
			org.Assign(payroll, id)
			org.Assign(wiki, id)
		}
		if has(adminRole) {
			org.GrantRole(id, "HELP_DESK_ADMIN")
			org.GrantCustomRole(id, "Password resetter")
		}
		h.sessions = append(h.sessions, org.OpenSession(id))
		if has(refreshToken) {
			refresh, token := org.IssueTokens(id, chat)
			org.IssueTokens(id, wiki)
			if id == h.leaver {
				h.refresh, h.accessToken = refresh, token
			}
		}
		org.Consent(id, chat, "openid")
		org.Consent(id, chat, "okta.users.read.self")
	}
	org.GrantGroupRole(h.engineering, "READ_ONLY_ADMIN")
}

// fill makes a rule leave out as many users as it can.
func (h *house) fill(rule string) {
	for i := range 100 {
		h.org.Exclude(rule, fmt.Sprintf("00u%017d", i))
	}
}

// drive takes the leaver through the stages behind the guards, as a case does.
func (h *house) drive(t *testing.T, stages ...access.Stage) []connectors.Cell {
	t.Helper()
	system := connectors.NewSystem(connectors.Options{Name: "okta-test", Connector: h.Connector, Ledger: &connectortest.Ledger{},
		Witness: access.Subject{Key: "1042", UserNames: []string{"ada.marshall@example.com"}}})
	return system.Drive(t.Context(), connectors.Job{Case: "case-1", Subject: ada, Stages: stages}).Cells
}

func (h *house) ref() access.AccountRef { return access.AccountRef{System: "okta-test", ID: h.leaver} }

// ada is the leaver as the roster knows her.
var ada = access.Subject{Key: "1041", Name: "Ada Marsh", UserNames: []string{"ada.marsh@example.com"}, Emails: []string{"Ada.Marsh@example.com"}}

// secret puts a value where the connector reads secrets from.
func secret(t *testing.T, value string) connectors.Secret {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte(value), 0o600))
	s, err := connectors.ParseSecret("file:" + file)
	require.NoError(t, err)
	return s
}

// disturb puts an effect on every request whose path contains the fragment.
func (h *house) disturb(fragment string, effect fault.Effect) {
	h.faults.Add(fault.Rule{Match: fault.Path(fragment), Effect: effect})
}
