package scim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/servers/betterauth"
	"github.com/killsignal/killsignal/internal/servers/polis"
)

// actual is a server that nobody here wrote, with people in it, and a connector to
// it. What is true there is read by plain requests of the test's own.
type actual struct {
	*scim.Connector
	url, token      string
	ada, marshall   string // the leaver, and who looks like her
	editors, owners string // groups, with both in them
	member          func(t *testing.T, group, user string) bool
}

// In these servers the leaver's keys are written as people write them.
const (
	adaWritten      = "Ada.Marsh@Example.com"
	marshallWritten = "Ada.Marshall@Example.com"
)

// furnish fills a server that has just started with people, over SCIM.
func furnish(t *testing.T, url, token string) *actual {
	a := &actual{url: url, token: token}
	a.marshall = a.provision(t, marshallWritten, marshallWritten, marshall.EmployeeNumber)
	a.ada = a.provision(t, adaWritten, adaWritten, ada.EmployeeNumber)
	a.editors, a.owners = a.group(t, "Editors"), a.group(t, "Owners")
	a.Connector = a.connect(t, token)
	return a
}

func (a *actual) connect(t *testing.T, token string, changes ...func(*scim.Config)) *scim.Connector {
	t.Setenv("SCIM_TOKEN", token)
	secret, err := connectors.ParseSecret("env:SCIM_TOKEN")
	require.NoError(t, err)
	config := scim.Config{URL: a.url, Token: secret, InsecureHTTP: true}
	for _, change := range changes {
		change(&config)
	}
	connector, err := scim.New(system, config)
	require.NoError(t, err)
	return connector
}

// do sends a request of the test's own and decodes the answer.
func (a *actual) do(t *testing.T, method, path string, body any) (answer map[string]any, status int) {
	t.Helper()
	content, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, a.url+path, bytes.NewReader(content))
	require.NoError(t, err)
	if body == nil {
		req.Body = http.NoBody
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Content-Type", "application/scim+json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	content, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	if len(content) > 0 {
		require.NoError(t, json.Unmarshal(content, &answer))
	}
	return answer, resp.StatusCode
}

// provision creates a user; the first address is the primary one.
func (a *actual) provision(t *testing.T, name, address, number string, further ...string) string {
	emails := []map[string]any{{"value": address, "type": "work", "primary": true}}
	for _, other := range further {
		emails = append(emails, map[string]any{"value": other, "type": "other"})
	}
	answer, status := a.do(t, http.MethodPost, "/Users", map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": name, "externalId": number,
		"name": map[string]string{"givenName": "Ada", "familyName": "Example"}, "emails": emails, "active": true})
	require.Equal(t, http.StatusCreated, status, answer)
	return answer["id"].(string)
}

// group creates a group with the two in it.
func (a *actual) group(t *testing.T, name string) string {
	answer, status := a.do(t, http.MethodPost, "/Groups", map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": name, "members": []any{}})
	require.Equal(t, http.StatusCreated, status, answer)
	id := answer["id"].(string)
	answer, status = a.do(t, http.MethodPatch, "/Groups/"+id, map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": []any{map[string]any{
			"op": "add", "path": "members", "value": []any{map[string]string{"value": a.ada}, map[string]string{"value": a.marshall}}}}})
	require.Less(t, status, 300, answer)
	return id
}

// user reads a user as the server shows it.
func (a *actual) user(t *testing.T, id string) map[string]any {
	t.Helper()
	answer, status := a.do(t, http.MethodGet, "/Users/"+id, nil)
	require.Equal(t, http.StatusOK, status, answer)
	return answer
}

func (a *actual) ref() access.AccountRef { return access.AccountRef{System: system, ID: a.ada} }

func (a *actual) find(t *testing.T, subject access.Subject) []string {
	t.Helper()
	found, err := a.Find(t.Context(), subject)
	require.NoError(t, err)
	ids := []string{}
	for _, account := range found {
		ids = append(ids, account.Ref.ID)
	}
	return ids
}

func (a *actual) drive(t *testing.T, subject access.Subject, stages ...access.Stage) connectors.Progress {
	s := connectors.NewSystem(connectors.Options{Name: system, Connector: a.Connector, Ledger: &connectortest.Ledger{}, Witness: marshall})
	return s.Drive(t.Context(), connectors.Job{Case: "case-1", Subject: subject, Stages: stages})
}

// disposition is how a stage ended.
func disposition(t *testing.T, p connectors.Progress, stage access.Stage) access.Disposition {
	t.Helper()
	for _, cell := range p.Cells {
		if cell.Stage == stage {
			return cell.Disposition
		}
	}
	require.Fail(t, "there is no such cell", string(stage))
	return ""
}

// betterAuth starts a server, and makes it anew for each test.
func betterAuth(t *testing.T) func(t *testing.T) *actual {
	s := betterauth.Start(t)
	return func(t *testing.T) *actual { return ofBetterAuth(t, s) }
}

func ofBetterAuth(t *testing.T, s *betterauth.Server) *actual {
	s.Empty(t)
	a := furnish(t, s.URL, betterauth.Token)
	a.member = func(t *testing.T, group, user string) bool {
		answer, _ := a.do(t, http.MethodGet, "/Groups/"+group, nil)
		members, _ := answer["members"].([]any)
		for _, m := range members {
			if m.(map[string]any)["value"] == user {
				return true
			}
		}
		return false
	}
	return a
}

// oryPolis starts a server, and makes a directory for each test.
func oryPolis(t *testing.T) func(t *testing.T) *actual {
	s := polis.Start(t)
	return func(t *testing.T) *actual { return ofPolis(t, s.Directory(t)) }
}

func ofPolis(t *testing.T, s *polis.Directory) *actual {
	a := furnish(t, s.URL, s.Token)
	a.member = func(t *testing.T, group, user string) (held bool) {
		resp, err := http.Get(s.Members + "/" + group + "/" + user)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&held))
		return held
	}
	return a
}
