package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/transport"
)

// secretive is an error body as providers send them.
const secretive = `{"code":"E0000006","message":"ada.marsh@example.com may not use canary-token"}`

func TestStatuses(t *testing.T) {
	for _, c := range []struct {
		status      int
		read, write access.Code
	}{
		{400, access.Invalid, access.Invalid},
		{401, access.Unauthenticated, access.Unauthenticated},
		{403, access.Denied, access.Denied},
		{404, access.NotFound, access.NotFound},
		{405, access.Unsupported, access.Unsupported},
		{408, access.NotConverged, access.NotConverged},
		{409, access.NotConverged, access.NotConverged},
		{410, access.NotFound, access.NotFound},
		{412, access.NotConverged, access.NotConverged},
		{422, access.Invalid, access.Invalid},
		{423, access.NotConverged, access.NotConverged},
		{500, access.Unavailable, access.Unknown},
		{501, access.Unsupported, access.Unsupported},
		{502, access.Unavailable, access.Unknown},
		{504, access.Unavailable, access.Unknown},
	} {
		t.Run("status "+http.StatusText(c.status), func(t *testing.T) {
			for method, code := range map[string]access.Code{http.MethodGet: c.read, http.MethodPatch: c.write} {
				p := &provider{answers: []answer{{status: c.status, body: secretive, header: header("X-Okta-Request-Id", "req-1")}}}
				_, err := send(t.Context(), t, p, method, "", transport.Options{})
				e := requireCode(t, err, code)
				require.Equal(t, c.status, e.Status)
				require.Equal(t, "req-1", e.RequestID)
				require.Equal(t, strings.ToLower(method), e.Op)
				require.Len(t, p.times, 1, "it is not sent again")
			}
		})
	}
	t.Run("the provider's own code is kept when it looks like one", func(t *testing.T) {
		for code, kept := range map[string]string{"E0000006": "E0000006", "User ada.marsh not found": "", "": ""} {
			p := &provider{answers: []answer{{status: 403, body: secretive}}}
			_, err := send(t.Context(), t, p, http.MethodGet, "", transport.Options{ProviderCode: func(body []byte) string {
				require.JSONEq(t, secretive, string(body))
				return code
			}})
			require.Equal(t, kept, requireCode(t, err, access.Denied).ProviderCode)
		}
	})
	t.Run("a request id that is none is dropped", func(t *testing.T) {
		p := &provider{answers: []answer{{status: 403, header: header("Request-Id", "ada.marsh@example.com canary")}}}
		_, err := send(t.Context(), t, p, http.MethodGet, "", transport.Options{})
		require.Empty(t, requireCode(t, err, access.Denied).RequestID)
	})
	t.Run("an answer that the SDK needs to see passes, body and all", func(t *testing.T) {
		p := &provider{answers: []answer{{status: 400, body: secretive}}}
		resp, err := send(t.Context(), t, p, http.MethodGet, "", transport.Options{Pass: func(r *http.Response) bool { return r.StatusCode == 400 }})
		require.NoError(t, err)
		require.Equal(t, secretive, content(t, resp))
	})
}

func TestUnusableAnswers(t *testing.T) {
	html := header("Content-Type", "text/html")
	for _, c := range []struct {
		name   string
		answer answer
	}{
		{"a sign-in page", answer{status: 200, header: html, body: "<html>Sign in as ada</html>"}},
		{"JSON that is called something else", answer{status: 200, header: header("Content-Type", "text/plain"), body: `{}`}},
		{"JSON that is cut off", answer{status: 200, body: `{"id":"p-1","emails":["ada`}},
		{"two answers in one", answer{status: 201, body: `{}{}`}},
	} {
		t.Run(c.name+" is no answer", func(t *testing.T) {
			p := &provider{answers: []answer{c.answer}}
			_, err := send(t.Context(), t, p, http.MethodGet, "", transport.Options{})
			requireCode(t, err, access.Unavailable)
			_, err = send(t.Context(), t, p, http.MethodPost, "", transport.Options{})
			requireCode(t, err, access.Unknown)
		})
	}
	t.Run("an answer without a body needs no type, and any JSON type will do", func(t *testing.T) {
		for _, a := range []answer{
			{status: 204, header: html}, {status: 200, header: html, body: " \n"}, {status: 200, body: `null`},
			{status: 200, header: header("Content-Type", "application/scim+json; charset=utf-8"), body: `{}`},
		} {
			resp, err := send(t.Context(), t, &provider{answers: []answer{a}}, http.MethodPost, "", transport.Options{})
			require.NoError(t, err)
			require.Equal(t, a.body, content(t, resp))
		}
	})
	t.Run("an answer may be as large as allowed and no larger", func(t *testing.T) {
		p := &provider{answers: []answer{{status: 200, body: `"12345678"`}}}
		_, err := send(t.Context(), t, p, http.MethodGet, "", transport.Options{MaxBody: 10})
		require.NoError(t, err)
		_, err = send(t.Context(), t, p, http.MethodGet, "", transport.Options{MaxBody: 9})
		require.Equal(t, 200, requireCode(t, err, access.Unknown).Status)
	})
}

func TestLostAnswers(t *testing.T) {
	for name, lost := range map[string]error{
		"the end of the connection": io.EOF,
		"a cut connection":          io.ErrUnexpectedEOF,
		"a reset connection":        &net.OpError{Op: "read", Err: errors.New("connection reset by 192.0.2.1")},
		"something with a name":     errors.New("Get https://example.com/ada: canary"),
	} {
		t.Run(name+" is unknown for a write, and says nothing more", func(t *testing.T) {
			p := &provider{answers: []answer{{err: lost}}}
			_, err := send(t.Context(), t, p, http.MethodGet, "", transport.Options{})
			requireCode(t, err, access.Unavailable)
			_, err = send(t.Context(), t, p, http.MethodPost, "{}", transport.Options{})
			requireCode(t, err, access.Unknown)
			require.NotErrorIs(t, err, io.EOF, "Okta's SDK sends again for ever when it sees one")
			require.Len(t, p.times, 2, "it is not sent again")
		})
	}
	t.Run("a connection that never came about is unavailable, for a write too", func(t *testing.T) {
		closed := httptest.NewServer(nil)
		closed.Close()
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			req, err := http.NewRequestWithContext(t.Context(), method, closed.URL, nil)
			require.NoError(t, err)
			_, err = transport.New(transport.Options{System: "directory"}).RoundTrip(req)
			requireCode(t, err, access.Unavailable)
		}
	})
	t.Run("an answer that ends too early is no answer", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"id":`)
		}))
		defer server.Close()
		for method, code := range map[string]access.Code{http.MethodGet: access.Unavailable, http.MethodPost: access.Unknown} {
			req, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
			require.NoError(t, err)
			_, err = transport.New(transport.Options{System: "directory"}).RoundTrip(req)
			requireCode(t, err, code)
			require.NotErrorIs(t, err, io.ErrUnexpectedEOF)
		}
	})
	t.Run("a request has a deadline even when its caller has none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			started := time.Now()
			_, err := send(context.Background(), t, &provider{answers: []answer{{hangs: true}}}, http.MethodPost, "{}", transport.Options{})
			requireCode(t, err, access.Unknown)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, 30*time.Second, time.Since(started))
		})
	})
	t.Run("a caller's earlier end wins", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			started := time.Now()
			_, err := send(ctx, t, &provider{answers: []answer{{hangs: true}}}, http.MethodGet, "", transport.Options{})
			requireCode(t, err, access.Unavailable)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, time.Second, time.Since(started))
		})
	})
	t.Run("the wait for a turn does not eat the time of the request", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &provider{answers: []answer{{status: 429, header: header("Retry-After", "9")}, {hangs: true}}}
			started := time.Now()
			_, err := send(t.Context(), t, p, http.MethodGet, "", transport.Options{Timeout: 5 * time.Second})
			requireCode(t, err, access.Unavailable)
			require.Equal(t, 14*time.Second, time.Since(started))
		})
	})
}

func TestRedirects(t *testing.T) {
	for _, c := range []struct {
		name, method, to string
		status           int
		code             access.Code // "" is followed
	}{
		{"a read is redirected on its own host", http.MethodGet, "/elsewhere", 302, ""},
		{"a read keeps to its host when that is spelled out", http.MethodGet, "https://directory.example.com/elsewhere", 301, ""},
		{"a write may be redirected as a write", http.MethodPost, "/elsewhere", 307, ""},
		{"a write may be redirected as a write for good", http.MethodPatch, "/elsewhere", 308, ""},
		{"another host is refused", http.MethodGet, "https://evil.example.org/", 302, access.Unavailable},
		{"another port is refused", http.MethodGet, "https://directory.example.com:8443/", 302, access.Unavailable},
		{"plain http is refused", http.MethodGet, "http://directory.example.com/", 301, access.Unavailable},
		{"another host is refused to a write", http.MethodPost, "https://evil.example.org/", 307, access.Unknown},
		{"a write that would turn into a read is refused", http.MethodPost, "/elsewhere", 302, access.Unknown},
		{"a write that would turn into a read is refused with 303", http.MethodPost, "/elsewhere", 303, access.Unknown},
		{"a redirect to nowhere is refused", http.MethodGet, "", 302, access.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := http.Header{}
			if c.to != "" {
				h.Set("Location", c.to)
			}
			resp, err := send(t.Context(), t, &provider{answers: []answer{{status: c.status, header: h}}}, c.method, "", transport.Options{})
			if c.code == "" {
				require.NoError(t, err)
				require.Equal(t, c.status, resp.StatusCode)
				return
			}
			require.Equal(t, c.status, requireCode(t, err, c.code).Status)
		})
	}
	t.Run("what has not changed is no redirect", func(t *testing.T) {
		_, err := send(t.Context(), t, &provider{answers: []answer{{status: 304}}}, http.MethodGet, "", transport.Options{})
		require.NoError(t, err)
	})
	t.Run("a client on it never takes the credential to another host", func(t *testing.T) {
		reached := false
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
		defer other.Close()
		server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
		defer server.Close()
		_, err := transport.New(transport.Options{System: "directory"}).Client().Post(server.URL, "application/json", strings.NewReader("{}"))
		require.Equal(t, access.Unknown, access.CodeOf(err))
		require.False(t, reached)
	})
}
