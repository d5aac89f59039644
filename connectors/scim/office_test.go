package scim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	application "github.com/killsignal/killsignal/internal/simulator/scim"
)

const (
	system = "wiki"
	token  = "canary-token-5f2e"
)

// office is one simulated application with people in it, and a connector to it.
type office struct {
	*scim.Connector
	app    *application.App
	faults *fault.Injector
	url    string
	config scim.Config

	ada, marshall   string // the leaver, and who looks like her
	editors, owners string // groups
	session, key    string // the leaver's
}

var (
	ada = access.Subject{Key: "P-1042", Name: "Ada Marsh", UserNames: []string{"ada.marsh@example.com"},
		Emails: []string{"ada.marsh@example.com"}, EmployeeNumber: "1042"}
	marshall = access.Subject{Key: "P-1043", Name: "Ada Marshall", UserNames: []string{"ada.marshall@example.com"},
		Emails: []string{"ada.marshall@example.com"}, EmployeeNumber: "10423"}
	nobody = access.Subject{Key: "P-1099", Name: "Nils Ohm", UserNames: []string{"nils.ohm@example.com"},
		Emails: []string{"nils.ohm@example.com"}, EmployeeNumber: "1099"}
)

// open makes an application with these habits. Tests change what else they need.
func open(t *testing.T, habits application.Habits, configure ...func(*scim.Config)) *office {
	t.Setenv("SCIM_TOKEN", token)
	o := &office{app: application.New(application.Options{Seed: 4, Token: token, Habits: habits}), faults: fault.New()}
	mux := http.NewServeMux()
	mux.Handle("/apps/wiki/scim/v2/", http.StripPrefix("/apps/wiki/scim/v2", o.app))
	server := httptest.NewServer(o.faults.Wrap(mux))
	t.Cleanup(server.Close)
	o.url = server.URL + "/apps/wiki/scim/v2"

	add := func(s access.Subject) string {
		return o.app.AddUser(application.User{UserName: s.UserNames[0], Emails: s.Emails, ExternalID: s.EmployeeNumber, DisplayName: s.Name})
	}
	o.marshall = add(marshall)
	o.ada = add(ada)
	ben := add(access.Subject{Name: "Ben Okoro", UserNames: []string{"ben.okoro@example.com"}, Emails: []string{"ben.okoro@example.com"}, EmployeeNumber: "2001"})
	o.editors, o.owners = o.app.AddGroup("Editors"), o.app.AddGroup("Owners")
	for _, group := range []string{o.editors, o.owners} {
		for _, user := range []string{o.marshall, o.ada, ben} {
			require.True(t, o.app.AddMember(group, user))
		}
	}
	require.True(t, o.app.AddMember(o.app.AddGroup("Readers"), ben))
	o.app.AddGroup("Empty")
	for _, user := range []string{o.marshall, o.ada} {
		o.session, o.key = o.app.OpenSession(user), o.app.IssueKey(user)
	}

	secret, err := connectors.ParseSecret("env:SCIM_TOKEN")
	require.NoError(t, err)
	o.config = scim.Config{URL: o.url, Token: secret, InsecureHTTP: true}
	for _, change := range configure {
		change(&o.config)
	}
	o.reconnect(t)
	return o
}

// reconnect makes a fresh connector, which has learnt nothing yet.
func (o *office) reconnect(t *testing.T) {
	var err error
	o.Connector, err = scim.New(system, o.config)
	require.NoError(t, err)
}

func (o *office) ref() access.AccountRef { return access.AccountRef{System: system, ID: o.ada} }

// find requires a look-up to succeed, and returns the ids.
func (o *office) find(t *testing.T, subject access.Subject) []string {
	t.Helper()
	found, err := o.Find(t.Context(), subject)
	require.NoError(t, err)
	var ids []string
	for _, account := range found {
		ids = append(ids, account.Ref.ID)
	}
	return ids
}

func (o *office) state(t *testing.T) access.AccountState {
	t.Helper()
	state, err := o.State(t.Context(), o.ref())
	require.NoError(t, err)
	return state
}

func (o *office) rights(t *testing.T) []access.Right {
	t.Helper()
	page, err := o.Rights(t.Context(), o.ref(), access.Grant, "")
	require.NoError(t, err)
	require.Empty(t, page.Next)
	return page.Items
}

// groups returns the names of the groups that are listed and can be left.
func (o *office) groups(t *testing.T) []string {
	t.Helper()
	names := []string{}
	for _, right := range o.rights(t) {
		require.True(t, right.Removable())
		names = append(names, right.Name)
	}
	slices.Sort(names)
	return names
}

// truth is what the side door says of the leaver.
func (o *office) truth(t *testing.T) (truth struct {
	Status   string
	Groups   []string
	Sessions []string
	Keys     []string
}) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(o.app.Truth()[o.ada]), &truth))
	return truth
}

// others is everybody but the leaver, and the members of all groups but her.
func (o *office) others() string {
	accounts, members := o.app.Truth(), o.app.Memberships()
	delete(accounts, o.ada)
	for group, ids := range members {
		members[group] = slices.DeleteFunc(ids, func(id string) bool { return id == o.ada })
	}
	content, err := json.Marshal(map[string]any{"accounts": accounts, "members": members})
	if err != nil {
		return err.Error()
	}
	return string(content)
}

// writes lists the writes that the application has seen, as method and status.
func (o *office) writes() []string {
	all := []string{}
	for _, seen := range o.faults.Requests() {
		if seen.Method != http.MethodGet {
			all = append(all, seen.Method+" "+http.StatusText(seen.Status))
		}
	}
	return all
}

func (o *office) asked(fragment string) int {
	n := 0
	for _, seen := range o.faults.Requests() {
		if strings.Contains(seen.Path+"?"+seen.Query, fragment) {
			n++
		}
	}
	return n
}

// deleteAt removes a user by another hand, just before that page is listed.
func (o *office) deleteAt(t *testing.T, at, id string) {
	var once sync.Once
	o.faults.OnRequest(func(_ int64, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/Users") || !strings.Contains(r.URL.RawQuery, at) {
			return
		}
		once.Do(func() {
			r := httptest.NewRequest(http.MethodDelete, "/Users/"+id, nil)
			r.Header.Set("Authorization", "Bearer "+token)
			o.app.ServeHTTP(httptest.NewRecorder(), r)
		})
	})
	t.Cleanup(func() { require.NotContains(t, o.app.Truth(), id, "the other hand was asked for") })
}

func (o *office) harness() *connectortest.Harness {
	return &connectortest.Harness{
		Connector: o.Connector, System: system, Subject: ada, Nobody: nobody, Witness: marshall, Account: o.ada,
		Truth: o.app.Truth, Bystanders: func() string {
			members := o.app.Memberships()
			for group, ids := range members {
				members[group] = slices.DeleteFunc(ids, func(id string) bool { return id == o.ada })
			}
			content, err := json.Marshal(members)
			if err != nil {
				return err.Error()
			}
			return string(content)
		},
		Faults: o.faults,
		Deny: func(c connectors.Capability) {
			o.app.Deny(map[connectors.Capability]string{connectors.CanFind: "users.read", connectors.CanList: "users.read",
				connectors.CanLock: "users.write", connectors.CanRevoke: "groups.write"}[c])
		},
	}
}
