package okta

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	simulator "github.com/killsignal/killsignal/internal/simulator/okta"
)

// The hazards of the SDK that were measured; each is closed here over real HTTP.

func TestTheEnvironmentWidensNothing(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request went to the address in the environment")
	}))
	defer elsewhere.Close()
	for name, value := range map[string]string{
		"OKTA_CLIENT_CACHE_ENABLED": "true", "OKTA_CLIENT_CACHE_DEFAULT_TTL": "300", "OKTA_CLIENT_ORGURL": elsewhere.URL,
		"OKTA_CLIENT_TOKEN": "from-the-environment", "OKTA_CLIENT_AUTHORIZATIONMODE": "PrivateKey", "OKTA_CLIENT_CLIENTID": "x",
		"OKTA_CLIENT_PRIVATEKEY": "x", "OKTA_CLIENT_SCOPES": "okta.users.manage", "OKTA_CLIENT_PROXY_HOST": "127.0.0.1", "OKTA_CLIENT_PROXY_PORT": "1",
	} {
		t.Setenv(name, value)
	}
	h := newHouse(t, simulator.Options{})

	t.Run("a read after a change shows the change, although the cache is switched on", func(t *testing.T) {
		before, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.Equal(t, access.Active, before.Status)
		h.org.SetStatus(h.leaver, simulator.Suspended)
		after, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		require.Equal(t, access.Locked, after.Status)
	})
	t.Run("without a token in the configuration there is none", func(t *testing.T) {
		_, err := New("okta-test", Config{URL: h.url, InsecureHTTP: true})
		require.Equal(t, access.Invalid, access.CodeOf(err))
	})
}

func TestAServerThatNeverAnswers(t *testing.T) {
	h := newHouse(t, simulator.Options{})
	t.Run("a read ends as unavailable, without a deadline of the caller's", func(t *testing.T) {
		h.faults.Clear()
		h.disturb("/users/", fault.Hang())
		_, err := h.State(context.WithoutCancel(t.Context()), h.ref())
		require.Equal(t, access.Unavailable, access.CodeOf(err))
	})
	t.Run("a change that may have been carried out is unknown", func(t *testing.T) {
		h.faults.Clear()
		h.disturb("/lifecycle/suspend", fault.Hang())
		require.Equal(t, access.Unknown, access.CodeOf(h.Lock(t.Context(), h.ref())))
	})
	t.Run("the caller's deadline counts", func(t *testing.T) {
		h.faults.Clear()
		h.disturb("/users/", fault.Hang())
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		started := time.Now()
		_, err := h.State(ctx, h.ref())
		require.Equal(t, access.Unavailable, access.CodeOf(err))
		require.Less(t, time.Since(started), impatient.Timeout)
	})
}

func TestAServerThatClosesTheConnectionIsAskedOnce(t *testing.T) {
	h := newHouse(t, simulator.Options{})
	require.NoError(t, h.Check(t.Context()))
	h.disturb("", fault.Cut())
	sent := len(h.faults.Requests())
	_, err := h.State(t.Context(), h.ref())
	require.Equal(t, access.Unavailable, access.CodeOf(err))
	// Go's own client repeats a read on a connection that was in use before, once.
	require.LessOrEqual(t, len(h.faults.Requests())-sent, 2)

	sent = len(h.faults.Requests())
	require.Equal(t, access.Unknown, access.CodeOf(h.EndSessions(t.Context(), h.ref())))
	require.LessOrEqual(t, len(h.faults.Requests())-sent, 2)
}

func TestALostAnswerIsReadBack(t *testing.T) {
	h := newHouse(t, simulator.Options{})
	h.faults.Add(fault.Rule{Match: fault.Writes, Times: 1, Effect: fault.DropReply()})
	require.Equal(t, access.Unknown, access.CodeOf(h.Lock(t.Context(), h.ref())))
	state, err := h.State(t.Context(), h.ref())
	require.NoError(t, err)
	require.Equal(t, access.Locked, state.Status)
	require.NoError(t, h.Lock(t.Context(), h.ref()), "repeating it is harmless")
}

func TestNothingButIDsReachesAPath(t *testing.T) {
	h := newHouse(t, simulator.Options{})
	for _, id := range []string{"", "me", "..", "ada.marsh@example.com", "00u?x=1", "00u000000000000000#1", "00u00000000000000/me", "00u0000000000000000%2f"} {
		t.Run("refused before anything is sent: "+id, func(t *testing.T) {
			before := len(h.faults.Requests())
			ref := access.AccountRef{System: "okta-test", ID: id}
			_, err := h.State(t.Context(), ref)
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.Equal(t, access.Invalid, access.CodeOf(h.Lock(t.Context(), ref)))
			require.Equal(t, access.Invalid, access.CodeOf(h.Unlock(t.Context(), access.AccountState{Ref: ref, Status: access.Active})))
			require.Equal(t, access.Invalid, access.CodeOf(h.EndSessions(t.Context(), ref)))
			_, err = h.Sessions(t.Context(), ref)
			require.Equal(t, access.Invalid, access.CodeOf(err))
			_, err = h.Rights(t.Context(), ref, access.Grant, "")
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.Equal(t, access.Invalid, access.CodeOf(h.RevokeRight(t.Context(), h.ref(), access.Right{Type: groupMembership, ID: id})))
			require.Equal(t, access.Invalid, access.CodeOf(h.RevokeRight(t.Context(), h.ref(), access.Right{Type: refreshToken, ID: h.leaver + "/" + id})))
			_, err = h.Find(t.Context(), access.Subject{Key: "1", Accounts: []access.AccountRef{ref}})
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.Len(t, h.faults.Requests(), before)
		})
	}
	t.Run("logins of every form travel in the query", func(t *testing.T) {
		for _, login := range []string{"a?b@example.com", "a#b@example.com", "me", `a"b\c@example.com`, "a/../b@example.com", `x" or status eq "ACTIVE`} {
			id := h.org.AddUser(simulator.Person{Login: login, Email: "someone@example.com"})
			found, err := h.Find(t.Context(), access.Subject{Key: "2", UserNames: []string{login}})
			require.NoError(t, err, login)
			require.Len(t, found, 1, login)
			require.Equal(t, id, found[0].Ref.ID)
		}
		for _, seen := range h.faults.Requests() {
			require.Equal(t, "/api/v1/users", seen.Path)
		}
	})
}

func TestAnEmptyAnswerIsNoAnswer(t *testing.T) {
	h := newHouse(t, simulator.Options{})
	answers := map[string]fault.Effect{
		"204":                      fault.Answer(http.StatusNoContent, nil, ""),
		"200 without a body":       fault.Answer(http.StatusOK, nil, ""),
		"null":                     fault.Answer(http.StatusOK, nil, "null"),
		"another kind of JSON":     fault.Answer(http.StatusOK, nil, "[null]"),
		"somebody else":            fault.Answer(http.StatusOK, nil, `{"id":"00uSomebodyElse00000","status":"SUSPENDED"}`),
		"a sign-in page":           fault.Page(),
		"half an answer":           fault.Garble(),
		"a gateway's own error":    fault.Answer(http.StatusBadGateway, http.Header{"Content-Type": {"text/html"}}, "<html>"),
		"a link that is none":      fault.Answer(http.StatusOK, http.Header{"Link": {`<http://[::1]:namedport/%zz>; rel="next"`}}, "[]"),
		"a redirect to other host": fault.Answer(http.StatusFound, http.Header{"Location": {"http://localhost:1/"}}, ""),
	}
	for name, effect := range answers {
		t.Run(name+" is never taken for a state or an empty listing", func(t *testing.T) {
			h.faults.Clear()
			h.disturb("/api/v1/", effect)
			_, err := h.State(t.Context(), h.ref())
			require.True(t, access.CodeOf(err).Transient(), "state: %v", err)
			for _, kind := range []access.RightKind{access.Grant, access.Credential} {
				page, err := h.Rights(t.Context(), h.ref(), kind, "")
				require.True(t, access.CodeOf(err).Transient(), "rights: %v", err)
				require.Empty(t, page.Items)
			}
			_, err = h.Find(t.Context(), ada)
			require.True(t, access.CodeOf(err).Transient(), "find: %v", err)
			_, err = h.Accounts(t.Context(), "")
			require.True(t, access.CodeOf(err).Transient(), "accounts: %v", err)
			_, err = h.Sessions(t.Context(), h.ref())
			require.True(t, access.CodeOf(err).Transient(), "sessions: %v", err)
		})
	}
}

func TestRateLimits(t *testing.T) {
	limited := func(header http.Header) fault.Effect {
		return fault.Answer(http.StatusTooManyRequests, header, `{"errorCode":"E0000047"}`)
	}
	t.Run("a refusal without headers is waited out", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.faults.Add(fault.Rule{Times: 1, Effect: limited(nil)})
		_, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
	})
	t.Run("the org's own window is waited for", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.SetRate("user", 1, time.Second)
		for range 2 {
			_, err := h.State(t.Context(), h.ref())
			require.NoError(t, err)
		}
	})
	t.Run("a window that is too far away is reported with its length", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.SetRate("user", 1, time.Hour)
		_, err := h.State(t.Context(), h.ref())
		require.NoError(t, err)
		_, err = h.State(t.Context(), h.ref())
		require.Equal(t, access.RateLimited, access.CodeOf(err))
		require.Greater(t, access.AsError(err, "").RetryAfter, 4*time.Minute)
	})
	t.Run("an exhausted bucket does not hold back another", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		h.org.SetRate("apps", 0, time.Hour)
		_, err := h.Rights(t.Context(), h.ref(), access.Grant, "")
		require.Equal(t, access.RateLimited, access.CodeOf(err))
		require.NoError(t, h.Lock(t.Context(), h.ref()))
	})
}

func TestPaging(t *testing.T) {
	folded := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		links := strings.Join(answer.Header().Values("Link"), ", ")
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Set("Link", links)
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	}
	whole := newHouse(t, simulator.Options{})
	want, err := whole.Rights(t.Context(), whole.ref(), access.Grant, "")
	require.NoError(t, err)
	h := newHouse(t, simulator.Options{PageSize: 1})
	for name, effect := range map[string]fault.Effect{"each link on a line of its own": nil, "links folded into one line": folded} {
		t.Run("pages of one row, "+name, func(t *testing.T) {
			h.faults.Clear()
			if effect != nil {
				h.disturb("", effect)
			}
			got, err := h.Rights(t.Context(), h.ref(), access.Grant, "")
			require.NoError(t, err)
			require.Equal(t, want, got)
			all, err := connectors.Collect(t.Context(), h.Accounts)
			require.NoError(t, err)
			require.Len(t, all, 3)
		})
	}
	t.Run("a page that repeats for ever proves nothing", func(t *testing.T) {
		h.faults.Clear()
		h.disturb("/groups", fault.Answer(http.StatusOK, http.Header{"Link": {`<` + h.url + `/api/v1/users/` + h.leaver + `/groups?after=x>; rel="next"`}}, "[]"))
		_, err := h.Rights(t.Context(), h.ref(), access.Grant, "")
		require.Equal(t, access.Unknown, access.CodeOf(err))
		require.Less(t, len(h.faults.Requests()), 60)
	})
	t.Run("a next page that is no listing of Okta's is not followed", func(t *testing.T) {
		h.faults.Clear()
		h.disturb("/groups", fault.Answer(http.StatusOK, http.Header{"Link": {`<` + h.url + `/elsewhere>; rel="next"`}}, "[]"))
		_, err := h.Rights(t.Context(), h.ref(), access.Grant, "")
		require.Equal(t, access.Unknown, access.CodeOf(err))
		_, err = h.Accounts(t.Context(), "/api/v1/groups?x")
		require.Equal(t, access.Invalid, access.CodeOf(err))
	})
}
