package entraid_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
)

// tap keeps the requests that pass.
type tap struct {
	mu       sync.Mutex
	requests []tapped
}

type tapped struct {
	method, path, query, body string
	header                    http.Header
}

func (k *tap) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		k.mu.Lock()
		k.requests = append(k.requests, tapped{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header.Clone()})
		k.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func (k *tap) where(method, path string) (matching []tapped) {
	k.mu.Lock()
	defer k.mu.Unlock()
	pattern := regexp.MustCompile(path)
	for _, r := range k.requests {
		if r.method == method && pattern.MatchString(r.path) {
			matching = append(matching, r)
		}
	}
	return matching
}

// inCapitals makes the values that match the pattern, as "member":"value", arrive in
// upper case.
func inCapitals(pattern string) func(http.Handler) http.Handler {
	member := regexp.MustCompile(pattern)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
			w.Write(member.ReplaceAllFunc(answer.Body.Bytes(), func(found []byte) []byte {
				name, value, _ := bytes.Cut(found, []byte(":"))
				return slices.Concat(name, []byte(":"), bytes.ToUpper(value))
			}))
		})
	}
}

func codeOf(t *testing.T, err error) access.Code {
	t.Helper()
	require.Error(t, err)
	require.IsType(t, &access.Error{}, err)
	return err.(*access.Error).Code
}
