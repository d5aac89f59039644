package ldap_test

import (
	"context"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/ldap"
	"github.com/killsignal/killsignal/internal/servers/ldapgate"
	"github.com/killsignal/killsignal/internal/servers/openldap"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

// office is a company, its faults, and a fresh connector to it.
type office struct {
	*ldap.Connector
	*company
	faults *fault.Injector
	config ldap.Config

	mu      sync.Mutex
	written []string
}

// open resets the company and makes a connector to it, through a gate.
func (c *company) open(t *testing.T, configure ...func(*ldap.Config)) *office {
	t.Helper()
	c.reset(t)
	o := &office{company: c, faults: fault.New()}
	gate := ldapgate.Start(t, ldapgate.Options{Faults: o.faults, Dial: func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", c.address)
	}})
	o.faults.OnRequest(func(_ int64, r *http.Request) {
		if changes(r) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.written = append(o.written, map[bool]string{true: "scramble", false: "change"}[r.Header.Get("Authorization") != ""])
		}
	})
	t.Setenv("LDAP_PASSWORD", openldap.ConnectorPassword)
	secret, err := connectors.ParseSecret("env:LDAP_PASSWORD")
	require.NoError(t, err)
	o.config = ldap.Config{Dialect: c.dialect, URL: "ldap://" + gate, BindDN: openldap.ConnectorDN, BindPassword: secret,
		BaseDN: people, GroupBaseDN: groups, Settle: 200 * time.Millisecond}
	for _, change := range configure {
		change(&o.config)
	}
	o.Connector, err = ldap.New(system, o.config)
	require.NoError(t, err)
	return o
}

func (o *office) ref() access.AccountRef { return o.refOf(ada) }

func (o *office) refOf(s access.Subject) access.AccountRef {
	return access.AccountRef{System: system, ID: o.entry(dn(s)).id}
}

// state requires a read to succeed.
func (o *office) state(t *testing.T) access.AccountState {
	t.Helper()
	state, err := o.State(t.Context(), o.ref())
	require.NoError(t, err)
	return state
}

// rights requires a listing to succeed.
func (o *office) rights(t *testing.T) []access.Right {
	t.Helper()
	page, err := o.Rights(t.Context(), o.ref(), access.Grant, "")
	require.NoError(t, err)
	require.Empty(t, page.Next)
	return page.Items
}

// right is one of the rights, by its name.
func (o *office) right(t *testing.T, name string) access.Right {
	t.Helper()
	for _, right := range o.rights(t) {
		if right.Name == name {
			return right
		}
	}
	require.FailNow(t, "no right is named "+name)
	return access.Right{}
}

// names lists rights by name.
func names(rights []access.Right) []string {
	all := map[string]bool{}
	for _, r := range rights {
		all[r.Name] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// guarded is the connector behind the guards of a System.
func (o *office) guarded(t *testing.T) *connectors.System {
	t.Helper()
	require.NoError(t, o.Check(t.Context()))
	return connectors.NewSystem(connectors.Options{Name: system, Connector: o.Connector, Ledger: &connectortest.Ledger{}, Witness: marshall})
}

// drive takes the leaver through stages.
func (o *office) drive(t *testing.T, s *connectors.System, stages ...access.Stage) connectors.Progress {
	t.Helper()
	return s.Drive(t.Context(), connectors.Job{Case: "case-1", Subject: ada, Stages: stages})
}

// changes matches requests that change an entry.
func changes(r *http.Request) bool { return fault.Writes(r) && r.URL.Path != "/token" }

// writes lists the changes that the directory has seen: passwords, and all else.
func (o *office) writes() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.written)
}

// changesOwnPassword changes the password of whoever has the connection.
func changesOwnPassword(conn *goldap.Conn, fresh string) error {
	request := goldap.NewModifyRequest(dn(ada), nil)
	request.Replace("userPassword", []string{fresh})
	return conn.Modify(request)
}
