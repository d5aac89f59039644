package transport_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/transport"
)

func TestBodies(t *testing.T) {
	t.Run("a body of unknown length is sent whole, with its length, again and again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &provider{answers: []answer{{status: 429}, {status: 503}, {status: 200}}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, address, io.NopCloser(strings.NewReader(`{"active":false}`)))
			require.NoError(t, err)
			require.Zero(t, req.ContentLength)
			req.TransferEncoding = []string{"chunked"}
			_, err = transport.New(transport.Options{Base: p}).RoundTrip(req)
			require.NoError(t, err)
			require.Equal(t, []string{`{"active":false}`, `{"active":false}`, `{"active":false}`}, p.bodies)
			require.EqualValues(t, 16, p.last.ContentLength)
			require.Empty(t, p.last.TransferEncoding)
			again, err := p.last.GetBody()
			require.NoError(t, err)
			body, err := io.ReadAll(again)
			require.NoError(t, err)
			require.Equal(t, `{"active":false}`, string(body))
		})
	})
	t.Run("a request without a body stays without", func(t *testing.T) {
		p := &provider{answers: []answer{{status: 200}}}
		_, err := send(t.Context(), t, p, http.MethodDelete, "", transport.Options{})
		require.NoError(t, err)
		require.Nil(t, p.last.Body)
	})
	t.Run("a body that cannot be read is not sent", func(t *testing.T) {
		p := &provider{answers: []answer{{status: 200}}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, io.MultiReader(strings.NewReader("{"), torn{}))
		require.NoError(t, err)
		_, err = transport.New(transport.Options{System: "directory", Base: p}).RoundTrip(req)
		requireCode(t, err, access.Invalid)
		require.Empty(t, p.times)
	})
	t.Run("the caller's request is left as it was", func(t *testing.T) {
		p := &provider{answers: []answer{{status: 200}}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		resp, err := transport.New(transport.Options{Base: p}).RoundTrip(req)
		require.NoError(t, err)
		require.Same(t, req, resp.Request)
		require.NotSame(t, req, p.last)
	})
}

// torn cannot be read.
type torn struct{}

func (torn) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestLinks(t *testing.T) {
	for _, c := range []struct {
		name      string
		sent, got []string
	}{
		{"links that a proxy has folded get a line each",
			[]string{`<https://x/users?limit=2>; rel="self", <https://x/users?after=a>; rel="next"`},
			[]string{`<https://x/users?limit=2>; rel="self"`, `<https://x/users?after=a>; rel="next"`}},
		{"links on lines of their own stay so",
			[]string{`<https://x/a>; rel="self"`, `<https://x/b>; rel="next"`}, []string{`<https://x/a>; rel="self"`, `<https://x/b>; rel="next"`}},
		{"a comma inside an address or a parameter splits nothing",
			[]string{`<https://x/users?ids=1,2>; title="a, b"; rel="next"`}, []string{`<https://x/users?ids=1,2>; title="a,b"; rel="next"`}},
		{"empty parts are no links", []string{``, `<https://x/a>; rel="self",`}, []string{`<https://x/a>; rel="self"`}},
		{"no link is none", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, err := send(t.Context(), t, &provider{answers: []answer{{status: 200, header: http.Header{"Link": c.sent}}}}, http.MethodGet, "", transport.Options{})
			require.NoError(t, err)
			require.Equal(t, c.got, resp.Header.Values("Link"))
		})
	}
}

func TestALinkThatCannotBeReadIsAnErrorAndNotTheLastPage(t *testing.T) {
	for _, link := range []string{`nonsense`, `<https://x/users?after=a; rel="next"`, `https://x/b; rel="next"`} {
		_, err := send(t.Context(), t, &provider{answers: []answer{{status: 200, header: header("Link", link)}}}, http.MethodGet, "", transport.Options{})
		require.Equal(t, access.Unavailable, access.CodeOf(err), link)
	}
}

func TestRecord(t *testing.T) {
	t.Run("every exchange is kept, without its query", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, recording := transport.Record(t.Context())
			p := &provider{answers: []answer{{status: 429, header: header("X-Request-Id", "req-1")}, {err: io.EOF}}}
			_, err := send(ctx, t, p, http.MethodPost, "{}", transport.Options{})
			requireCode(t, err, access.Unknown)
			seen := recording.Exchanges()
			for i := range seen {
				require.WithinDuration(t, p.times[i], seen[i].At, 0)
				seen[i].At = time.Time{}
			}
			require.Equal(t, []access.Exchange{
				{Method: http.MethodPost, Path: "/people/ada", Status: 429, RequestID: "req-1"},
				{Method: http.MethodPost, Path: "/people/ada"},
			}, seen)
		})
	})
	t.Run("without a recording nothing is kept", func(t *testing.T) {
		_, recording := transport.Record(t.Context())
		_, err := send(t.Context(), t, &provider{answers: []answer{{status: 200}}}, http.MethodGet, "", transport.Options{})
		require.NoError(t, err)
		require.Empty(t, recording.Exchanges())
	})
}
