package contract

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// witness is a test that only writes down what it is told.
type witness struct {
	testing.TB
	mu   sync.Mutex
	told []string
}

func (w *witness) Errorf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, fmt.Sprintf(format, args...))
}

// answer serves one fixed reply and keeps the body that arrived.
type answer struct {
	status  int
	media   string
	body    string
	arrived []byte
}

func (a *answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.arrived, _ = io.ReadAll(r.Body)
	if a.media != "" {
		w.Header().Set("Content-Type", a.media)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

const user = "00ub0oNGTSWTBKOLGLNR"

func TestRequestsAreCheckedStrictly(t *testing.T) {
	tests := []struct {
		name, method, path, media, body string
		checker                         func(testing.TB) *Checker
		want                            string // "" for no complaint
	}{
		{"a described request passes", "POST", "/api/v1/users/" + user + "/lifecycle/suspend", "", "", Okta, ""},
		{"a described query passes", "GET", "/api/v1/users?limit=2&search=status+eq+%22ACTIVE%22", "", "", Okta, ""},
		{"a path that is not described is caught", "GET", "/api/v1/mystery", "", "", Okta, "no matching operation"},
		{"a method that is not described is caught", "PUT", "/api/v1/users/" + user + "/sessions", "", "", Okta, "method not allowed"},
		{"a misspelt query parameter is caught", "GET", "/api/v1/users?serach=x", "", "", Okta, `"serach" is not described`},
		{"a query parameter of the wrong type is caught", "DELETE", "/api/v1/users/" + user + "/sessions?oauthTokens=perhaps", "", "", Okta, `"oauthTokens"`},
		{"a body where none belongs is caught", "POST", "/api/v1/users/" + user + "/lifecycle/suspend", "application/json", `{"a":1}`, Okta, "body not allowed"},
		{"disabling a user passes", "PATCH", "/v1.0/users/8a8b1a1e-0000-4000-8000-000000000001", "application/json", `{"accountEnabled":false}`, Graph, ""},
		{"a member of the wrong type is caught", "PATCH", "/v1.0/users/8a8b1a1e-0000-4000-8000-000000000001", "application/json", `{"accountEnabled":"canary-no"}`, Graph, "/accountEnabled"},
		{"a misspelt member is caught", "PATCH", "/v1.0/users/8a8b1a1e-0000-4000-8000-000000000001", "application/json", `{"acountEnabled":false}`, Graph, "/acountEnabled is not described"},
		{"an action body that lacks a member is caught", "POST", "/v1.0/users/8a8b1a1e-0000-4000-8000-000000000001/assignLicense", "application/json", `{"addLicenses":[]}`, Graph, "removeLicenses"},
		{"deleting a member itself instead of the reference is caught", "DELETE", "/v1.0/groups/8a8b1a1e-0000-4000-8000-000000000001/members/8a8b1a1e-0000-4000-8000-000000000002", "", "", Graph, "no matching operation"},
		{"a path beneath no version is caught", "GET", "/users", "", "", Graph, "no matching operation"},
		{"the token endpoint is let through", "POST", "/contoso/oauth2/v2.0/token", "application/x-www-form-urlencoded", "a=b", Graph, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := &witness{TB: t}
			handler := tt.checker(w).Wrap(&answer{status: http.StatusNoContent})
			request := httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body))
			if tt.media != "" {
				request.Header.Set("Content-Type", tt.media)
			}
			handler.ServeHTTP(httptest.NewRecorder(), request)
			if tt.want == "" {
				require.Empty(t, w.told)
				return
			}
			require.Len(t, w.told, 1)
			require.Contains(t, w.told[0], tt.want)
			require.Contains(t, w.told[0], tt.method)
			require.NotContains(t, w.told[0], "canary", "a report holds no value")
		})
	}
}

func TestRepliesAreCheckedLeniently(t *testing.T) {
	tests := []struct{ name, media, body, want string }{
		{"a described reply passes", "application/json", `{"id":"` + user + `","status":"ACTIVE"}`, ""},
		{"a member that is not described passes", "application/json", `{"id":"` + user + `","novelty":1}`, ""},
		{"a null for an absent value passes", "application/json", `{"id":"` + user + `","status":null}`, ""},
		{"a member of the wrong type is caught", "application/json", `{"id":"` + user + `","status":7}`, "/status"},
		{"a status outside the described ones is caught", "application/json", `{"status":"canary-status"}`, "/status"},
		{"another kind of content is caught", "text/html", `<p>canary</p>`, "Content-Type"},
		{"a truncated body is caught", "application/json", `{"id":"canary`, "cannot be decoded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := &witness{TB: t}
			handler := Okta(w).Wrap(&answer{status: http.StatusOK, media: tt.media, body: tt.body})
			sent := httptest.NewRecorder()
			handler.ServeHTTP(sent, httptest.NewRequest("GET", "/api/v1/users/"+user, nil))
			require.Equal(t, tt.body, sent.Body.String(), "the reply goes out unchanged")
			if tt.want == "" {
				require.Empty(t, w.told)
				return
			}
			require.Len(t, w.told, 1)
			require.Contains(t, w.told[0], tt.want)
			require.NotContains(t, w.told[0], "canary", "a report holds no value")
		})
	}
}

func TestACompressedBodyIsCheckedAndArrivesUnchanged(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"good", `{"accountEnabled":false}`, ""},
		{"bad", `{"accountEnabled":1}`, "/accountEnabled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var packed bytes.Buffer
			zip := gzip.NewWriter(&packed)
			_, _ = io.WriteString(zip, tt.body)
			require.NoError(t, zip.Close())

			w, system := &witness{TB: t}, &answer{status: http.StatusNoContent}
			request := httptest.NewRequest("PATCH", "/v1.0/users/8a8b1a1e-0000-4000-8000-000000000001", bytes.NewReader(packed.Bytes()))
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Content-Encoding", "gzip")
			Graph(w).Wrap(system).ServeHTTP(httptest.NewRecorder(), request)

			require.Equal(t, packed.Bytes(), system.arrived)
			if tt.want == "" {
				require.Empty(t, w.told)
				return
			}
			require.Len(t, w.told, 1)
			require.Contains(t, w.told[0], tt.want)
		})
	}
}

func TestAnAbsentDescriptionSkipsTheTestButFailsItInCI(t *testing.T) {
	for _, tt := range []struct {
		name, ci        string
		skipped, failed bool
	}{
		{"a lone clone skips", "", true, false},
		{"CI fails", "true", false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module lone\n"), 0o600))
			t.Chdir(root)
			t.Setenv("CI", tt.ci)
			v := &verdict{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				Okta(v)
			}()
			<-done
			require.Equal(t, tt.skipped, v.skipped)
			require.Equal(t, tt.failed, v.failed)
		})
	}
}

// verdict is a test that stops its goroutine as a real one does.
type verdict struct {
	testing.TB
	skipped, failed bool
}

func (v *verdict) Skipf(string, ...any)  { v.skipped = true; runtime.Goexit() }
func (v *verdict) Fatalf(string, ...any) { v.failed = true; runtime.Goexit() }
