// Package contract checks HTTP traffic against the providers' official API
// descriptions: requests strictly, since we write them; replies leniently, since
// real providers say more, and less, than they describe.
//
// The descriptions are not part of this repository: they are looked for in
// ../shared/contracts beside it. Where they are absent the test that asks for
// them is skipped, or fails when the environment variable CI is "true".
package contract

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// Checker checks the traffic of one simulated system against one description. It
// is safe for concurrent use.
type Checker struct {
	t           testing.TB
	description *description

	mu   sync.Mutex
	over bool // the test has ended and may not be told anything
}

// Okta checks against the Okta Management API.
func Okta(t testing.TB) *Checker {
	t.Helper()
	return newChecker(t, "okta-v1-subset.yaml", "", oktaOutside)
}

// Graph checks against Microsoft Graph v1.0. The description's paths are found
// beneath /v1.0; the sign-in endpoints beside it are let through.
func Graph(t testing.TB) *Checker {
	t.Helper()
	return newChecker(t, "msgraph-v1-subset.yaml", "/v1.0", graphOutside)
}

func newChecker(t testing.TB, file, prefix string, outside []exemption) *Checker {
	t.Helper()
	c := &Checker{t: t, description: load(t, file)}
	c.description = c.description.under(prefix, outside)
	t.Cleanup(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.over = true
	})
	return c
}

// Wrap returns a handler that serves through next and reports, as test errors,
// every request and reply that the description does not allow. It changes
// neither. A report names method, path, and the member or parameter at fault; it
// holds no value and no body. Wrap the system itself, inside of any faults: what a
// fault answers is not the system's.
func (c *Checker) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.description.exempt(r) {
			next.ServeHTTP(w, r)
			return
		}
		input, problems := c.description.checkRequest(r)
		c.report(r, "request", problems)
		if input == nil {
			next.ServeHTTP(w, r)
			return
		}
		reply := &recorder{ResponseWriter: w}
		next.ServeHTTP(reply, r)
		c.report(r, "reply", checkReply(input, reply))
	})
}

// report tells the test of problems. The clean-up of a server that was started
// after the Checker runs first, so that only a leaked server can come too late.
func (c *Checker) report(r *http.Request, what string, problems []string) {
	if len(problems) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.t.Errorf("%s %s: the %s breaks the contract: %s", r.Method, r.URL.EscapedPath(), what, strings.Join(problems, "; "))
	}
}

// options are those of the strict side. Nothing is filled in: the system shall
// see what was sent.
func options() *openapi3filter.Options {
	return &openapi3filter.Options{
		AuthenticationFunc:                openapi3filter.NoopAuthenticationFunc,
		RejectWhenRequestBodyNotSpecified: true,
		SkipSettingDefaults:               true,
		MultiError:                        true,
	}
}
