package transport_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/transport"
)

// provider is a base transport that answers by a script, and remembers when and
// what it was asked. The last answer repeats.
type provider struct {
	answers []answer
	bodies  []string
	times   []time.Time
	last    *http.Request
}

// answer is one scripted answer.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
	hangs  bool
}

func (p *provider) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	p.bodies, p.times, p.last = append(p.bodies, string(body)), append(p.times, time.Now()), req
	a := p.answers[min(len(p.times), len(p.answers))-1]
	switch {
	case a.hangs:
		<-req.Context().Done()
		return nil, req.Context().Err()
	case a.err != nil:
		return nil, a.err
	}
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(strings.NewReader(a.body)), Request: req}, nil
}

// waited lists how long the provider was left alone before each request.
func (p *provider) waited(since time.Time) (all []time.Duration) {
	for _, at := range p.times {
		all, since = append(all, at.Sub(since)), at
	}
	return all
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

const address = "https://ada.marsh:canary-password@directory.example.com/people/ada?token=canary-query"

// send sends one request through a transport on the provider.
func send(ctx context.Context, t *testing.T, p *provider, method, body string, o transport.Options) (*http.Response, error) {
	t.Helper()
	o.System, o.Base = "directory", p
	return do(ctx, t, transport.New(o), method, body)
}

func do(ctx context.Context, t *testing.T, through http.RoundTripper, method, body string) (*http.Response, error) {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = bytes.NewReader([]byte(body))
	}
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	require.NoError(t, err)
	return through.RoundTrip(req)
}

// requireCode requires an *access.Error with the code, and a text that may be
// printed anywhere.
func requireCode(t *testing.T, err error, code access.Code) *access.Error {
	t.Helper()
	require.Error(t, err)
	e, ok := err.(*access.Error)
	require.True(t, ok, "an error of type %T", err)
	require.Equal(t, code, e.Code, "%v", e)
	require.Equal(t, "directory", e.System)
	for _, word := range []string{"canary", "ada", "example.com", "https", "?"} {
		require.NotContains(t, e.Error(), word)
	}
	return e
}

func content(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return string(body)
}
