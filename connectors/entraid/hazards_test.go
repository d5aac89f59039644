package entraid_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/entra"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func TestALockSendsNothingButTheChange(t *testing.T) {
	var sent tap
	h := newHouse(t, sent.wrap)
	require.NoError(t, h.Lock(t.Context(), h.ref()))
	patches := sent.where("PATCH", "/users/")
	require.Len(t, patches, 1)
	require.JSONEq(t, `{"@odata.type":"#microsoft.graph.user","accountEnabled":false}`, patches[0].body)
}

func TestABodyThatIsSentAgainArrivesIntact(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			var sent tap
			h := newHouse(t, sent.wrap)
			h.faults.Add(fault.Rule{Match: fault.Path("/users/"), Skip: 1, Times: 2,
				Effect: fault.Answer(status, http.Header{"Retry-After": {"0"}}, `{"error":{"code":"TooManyRequests"}}`)})
			require.NoError(t, h.Lock(t.Context(), h.ref()))
			patches := sent.where("PATCH", "/users/")
			require.Len(t, patches, 1, "two attempts were refused before the tenant saw one")
			require.Empty(t, patches[0].header.Get("Content-Encoding"))
			require.JSONEq(t, `{"@odata.type":"#microsoft.graph.user","accountEnabled":false}`, patches[0].body)
		})
	}
}

func TestNoErrorBodyMakesTheSDKPanic(t *testing.T) {
	bodies := []string{``, `{}`, `null`, `[]`, `"x"`, `{"error":null}`, `{"error":{}}`, `{"error":{"code":"X"}}`, `{"error":"invalid_client"}`,
		`{"error":{"code":null,"message":null}}`, `{"error":[1]}`, `{`, `<html>`}
	codes := map[int]access.Code{400: access.Invalid, 401: access.Unauthenticated, 403: access.Denied, 404: access.NotFound, 500: access.Unavailable}
	h := newHouse(t)
	require.NoError(t, h.Check(t.Context()))
	for status, code := range codes {
		for _, body := range bodies {
			h.faults.Clear()
			h.faults.Add(fault.Rule{Effect: fault.Answer(status, nil, body)})
			_, err := h.State(t.Context(), h.ref())
			require.Equal(t, code, codeOf(t, err), "status %d, body %s", status, body)
		}
	}
}

func TestThirtyTwoLocksAtOnce(t *testing.T) {
	h := newHouse(t)
	refs := []access.AccountRef{h.ref()}
	for range 31 {
		refs = append(refs, access.AccountRef{System: system, ID: h.tenant.AddUser(entra.User{DisplayName: "Crew"})})
	}
	errs := make([]error, len(refs))
	var all sync.WaitGroup
	for i, ref := range refs {
		all.Go(func() { errs[i] = h.Lock(t.Context(), ref) })
	}
	all.Wait()
	for i, ref := range refs {
		require.NoError(t, errs[i])
		require.Contains(t, h.tenant.Truth()[ref.ID], `"enabled":false`)
	}
}

func TestEverythingAtOnceOnOneConnector(t *testing.T) {
	h := newHouse(t)
	h.addObstacles()
	h.tenant.SetPageSize(1)
	seat := named(t, removable(t, h, access.Seat), "SPE_E5")
	calls := []func() error{
		func() error { _, err := h.Find(t.Context(), leaver()); return err },
		func() error { _, err := rights(t, h, access.Grant); return err },
		func() error { _, err := rights(t, h, access.Seat); return err },
		func() error { _, err := h.Sessions(t.Context(), h.ref()); return err },
		func() error { _, err := h.State(t.Context(), h.ref()); return err },
		func() error { _, err := h.Pool(t.Context(), seat); return err },
		func() error { _, err := connectors.Collect(t.Context(), h.Accounts); return err },
		func() error { return h.EndSessions(t.Context(), h.ref()) },
	}
	errs := make([]error, 64)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			<-start
			errs[i] = calls[i%len(calls)]()
		})
	}
	close(start)
	all.Wait()
	for i, err := range errs {
		require.NoError(t, err, "call %d", i%len(calls))
	}
}

func TestLaterPagesAreLikeTheFirst(t *testing.T) {
	t.Run("they carry the same headers", func(t *testing.T) {
		var sent tap
		h := newHouse(t, sent.wrap)
		h.tenant.SetPageSize(1)
		_, err := grants(t, h)
		require.NoError(t, err)
		pages := sent.where("GET", "/memberOf$")
		require.Greater(t, len(pages), 2)
		for _, page := range pages {
			require.Equal(t, "High", page.header.Get("x-ms-throttle-priority"))
			require.Regexp(t, "^Bearer .", page.header.Get("Authorization"))
		}
		require.Contains(t, pages[1].query, "skiptoken")
	})
	t.Run("their errors keep their codes", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.SetPageSize(1)
		h.faults.Add(fault.Rule{Match: fault.Path("/memberOf"), Skip: 1,
			Effect: fault.Answer(403, nil, `{"error":{"code":"Authorization_RequestDenied","message":"no"}}`)})
		_, err := grants(t, h)
		require.Equal(t, access.Denied, codeOf(t, err))
		require.Equal(t, "Authorization_RequestDenied", err.(*access.Error).ProviderCode)
	})
	t.Run("one that has expired means that the listing must be read again", func(t *testing.T) {
		h := newHouse(t)
		h.tenant.SetPageSize(1)
		first, err := h.Rights(t.Context(), h.ref(), access.Grant, "")
		require.NoError(t, err)
		require.NoError(t, h.RevokeRight(t.Context(), h.ref(), first.Items[0]))
		_, err = h.Rights(t.Context(), h.ref(), access.Grant, first.Next)
		require.Equal(t, access.NotConverged, codeOf(t, err))
		require.Equal(t, "Directory_ExpiredPageToken", err.(*access.Error).ProviderCode)
	})
	t.Run("a page that is repeated ends the listing with an error", func(t *testing.T) {
		h := newHouse(t)
		link := h.config.GraphURL + "/v1.0/users/" + h.ada + "/memberOf?again"
		h.faults.Add(fault.Rule{Match: fault.Path("/memberOf"), Effect: fault.Answer(200, nil, `{"value":[],"@odata.nextLink":"`+link+`"}`)})
		_, err := grants(t, h)
		require.Equal(t, access.Unknown, codeOf(t, err))
	})
}

func TestATokenGoesToNoOtherHost(t *testing.T) {
	var visits sync.Map
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits.Store(r.URL.Path, r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"value":[]}`)
	}))
	t.Cleanup(other.Close)
	requireNoVisit := func(t *testing.T) {
		visits.Range(func(path, _ any) bool { t.Errorf("the other host was asked for %v", path); return false })
	}
	for _, link := range []string{other.URL + "/v1.0/users?$skiptoken=x", "https://evil.example.com/v1.0/users", "//" + other.Listener.Addr().String() + "/v1.0/users"} {
		t.Run("a link to another host is not followed", func(t *testing.T) {
			h := newHouse(t)
			h.faults.Add(fault.Rule{Match: fault.Path("/v1.0/"), Effect: fault.Answer(200, nil, `{"value":[],"@odata.nextLink":"`+link+`"}`)})
			_, err := h.Find(t.Context(), leaver())
			require.Equal(t, access.Unavailable, codeOf(t, err))
			_, err = grants(t, h)
			require.Equal(t, access.Unavailable, codeOf(t, err))
			_, err = connectors.Collect(t.Context(), h.Accounts)
			require.Equal(t, access.Unavailable, codeOf(t, err))
			requireNoVisit(t)
		})
	}
	t.Run("a redirect to another host is not followed", func(t *testing.T) {
		h := newHouse(t)
		h.faults.Add(fault.Rule{Match: fault.Path("/v1.0/"), Effect: fault.Answer(307, http.Header{"Location": {other.URL}}, "")})
		require.Equal(t, access.Unavailable, codeOf(t, h.Lock(t.Context(), h.ref())))
		requireNoVisit(t)
	})
	t.Run("a cursor to another host is not followed", func(t *testing.T) {
		h := newHouse(t)
		_, err := h.Accounts(t.Context(), other.URL+"/v1.0/users")
		require.Error(t, err)
		_, err = h.Rights(t.Context(), h.ref(), access.Grant, "memberships "+other.URL+"/v1.0/users")
		require.Error(t, err)
		requireNoVisit(t)
	})
	t.Run("the secret is not shown to a host that the authority names", func(t *testing.T) {
		h := newHouse(t)
		h.faults.Add(fault.Rule{Match: fault.Path("openid-configuration"), Effect: fault.Answer(200, nil,
			`{"issuer":"https://login.microsoftonline.com/x/v2.0","authorization_endpoint":"`+other.URL+`/a","token_endpoint":"`+other.URL+`/t"}`)})
		_, err := h.State(t.Context(), h.ref())
		require.Equal(t, access.Unauthenticated, codeOf(t, err))
		requireNoVisit(t)
	})
}

func TestIDsThatAreNoGUIDsAreNeverSent(t *testing.T) {
	h := newHouse(t)
	right := access.Right{Kind: access.Grant, Type: "group", ID: h.team}
	for _, id := range []string{"", "..", "me-token-to-replace", "ada.marsh@example.com", h.ada + "/x", " " + h.ada, "../groups/" + h.team} {
		ref := access.AccountRef{System: system, ID: id}
		_, err := h.State(t.Context(), ref)
		require.Equal(t, access.Invalid, codeOf(t, err), "state of %q", id)
		require.Equal(t, access.Invalid, codeOf(t, h.Lock(t.Context(), ref)))
		require.Equal(t, access.Invalid, codeOf(t, h.Unlock(t.Context(), access.AccountState{Ref: ref, Attributes: map[string]string{"accountEnabled": "true"}})))
		require.Equal(t, access.Invalid, codeOf(t, h.EndSessions(t.Context(), ref)))
		_, err = h.Sessions(t.Context(), ref)
		require.Equal(t, access.Invalid, codeOf(t, err))
		_, err = h.Rights(t.Context(), ref, access.Grant, "")
		require.Equal(t, access.Invalid, codeOf(t, err))
		require.Equal(t, access.Invalid, codeOf(t, h.RevokeRight(t.Context(), ref, right)))
		for _, kind := range []string{"group", "role-assignable-group", "directory-role", "app-role-assignment", "licence"} {
			if id == h.ada+"/x" || kind == "group" || !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(id) {
				require.Equal(t, access.Invalid, codeOf(t, h.RevokeRight(t.Context(), h.ref(), access.Right{Type: kind, ID: id})), "a %s with the id %q", kind, id)
			}
		}
	}
	require.Empty(t, h.faults.Requests())
}

func TestNothingButMembershipsAndAssignmentsIsEverDeleted(t *testing.T) {
	var sent tap
	h := newHouse(t, sent.wrap)
	for _, right := range append(removable(t, h, access.Grant), removable(t, h, access.Seat)...) {
		require.NoError(t, h.RevokeRight(t.Context(), h.ref(), right))
	}
	require.NotEmpty(t, sent.where("DELETE", `/groups/.*/members/.*/\$ref$`))
	require.NotEmpty(t, sent.where("DELETE", `/roleManagement/directory/roleAssignments/`))
	require.NotEmpty(t, sent.where("DELETE", `/appRoleAssignments/`))
	for _, request := range sent.where("DELETE", "") {
		require.Regexp(t, `^/v1\.0/(groups/[^/]+/members/[^/]+/\$ref|users/[^/]+/appRoleAssignments/[^/]+|roleManagement/directory/roleAssignments/[^/]+)$`, request.path)
	}
	require.Contains(t, h.tenant.Truth(), h.ada)
}

func TestAPageThatIsNotJSONIsNoAnswer(t *testing.T) {
	h := newHouse(t)
	h.faults.Add(fault.Rule{Effect: fault.Page()})
	_, err := h.State(t.Context(), h.ref())
	require.Equal(t, access.Unavailable, codeOf(t, err), "not even a token was to be had")
	h.faults.Clear()
	require.NoError(t, h.Check(t.Context()))
	h.faults.Add(fault.Rule{Match: fault.Writes, Effect: fault.Page()})
	require.Equal(t, access.Unknown, codeOf(t, h.Lock(t.Context(), h.ref())))
	require.Equal(t, access.Unknown, codeOf(t, h.EndSessions(t.Context(), h.ref())))
	require.NotContains(t, h.tenant.Truth()[h.ada], `"enabled":false`)
}

func TestASuccessWithoutContentProvesNothing(t *testing.T) {
	h := newHouse(t)
	require.NoError(t, h.Check(t.Context()))
	for _, body := range []string{"", "{}", "null", "[]", `{"value":null}`, `{"id":"00000000-0000-4000-8000-000000000000"}`} {
		h.faults.Clear()
		h.faults.Add(fault.Rule{Effect: fault.Answer(200, nil, body)})
		_, err := h.State(t.Context(), h.ref())
		require.Equal(t, access.Unavailable, codeOf(t, err), "state from %q", body)
		_, err = h.Find(t.Context(), leaver())
		require.Equal(t, access.Unavailable, codeOf(t, err), "find from %q", body)
		_, err = grants(t, h)
		require.Equal(t, access.Unavailable, codeOf(t, err), "rights from %q", body)
		_, err = connectors.Collect(t.Context(), h.Accounts)
		require.Equal(t, access.Unavailable, codeOf(t, err), "accounts from %q", body)
		require.Equal(t, access.NotConverged, codeOf(t, h.EndSessions(t.Context(), h.ref())), "end of sessions from %q", body)
	}
}
