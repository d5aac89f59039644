package entraid

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// guard looks at every request before it leaves, whoever built it, and refuses
// what must never be sent.
type guard struct {
	next   http.RoundTripper
	system string
	refuse func(*http.Request) string // why not; "" lets it pass
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if why := g.refuse(r); why != "" {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, &access.Error{Code: access.Invalid, System: g.system, Op: "send", Hint: why}
	}
	resp, err := g.next.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		// A challenge, let through for the sake of its header. The SDK's error for
		// one that it has answered in vain panics on some bodies; without a content
		// type it reads none.
		resp.Header.Del("Content-Type")
	}
	return resp, err
}

// deletable are the paths beneath which something may be deleted. Without its $ref
// the first would delete the member itself instead of the membership.
// https://learn.microsoft.com/graph/api/group-delete-members
var deletable = regexp.MustCompile(`^/v1\.0/(groups/[0-9a-f-]{36}/members/[0-9a-f-]{36}/\$ref` +
	`|users/[0-9a-f-]{36}/appRoleAssignments/[A-Za-z0-9_-]+` +
	`|roleManagement/directory/roleAssignments/[A-Za-z0-9_-]+)$`)

// refuseGraph refuses requests to another host, requests without a token (the SDK
// leaves it out, without a word, for a host that it does not know), and deletions
// of anything but memberships and assignments.
func (e endpoints) refuseGraph(r *http.Request) string {
	switch {
	case r.URL.Scheme != e.graph.Scheme || r.URL.Host != e.graph.Host || !strings.HasPrefix(r.URL.Path, version+"/"):
		return "the request would leave Graph"
	case len(r.Header.Get("Authorization")) <= len("Bearer "):
		return "the request would go without a token"
	case r.Method == http.MethodDelete && !deletable.MatchString(r.URL.Path):
		return "the request would delete more than a membership or an assignment"
	}
	return ""
}

// refuseSignIn refuses to show our credential to a host that is no authority of
// the configured cloud.
func (e endpoints) refuseSignIn(r *http.Request) string {
	if r.URL.Scheme != e.authority.Scheme || !slices.Contains(e.signIn, r.URL.Host) {
		return "the credential would be sent to a host that is not the authority"
	}
	return ""
}
