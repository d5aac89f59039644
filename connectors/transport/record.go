package transport

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/killsignal/killsignal/access"
)

type recordingKey struct{}

// Recording collects the exchanges made under a context. It is safe for
// concurrent use.
type Recording struct {
	mu        sync.Mutex
	exchanges []access.Exchange
}

// Record returns a context under which every exchange is collected.
func Record(ctx context.Context) (context.Context, *Recording) {
	r := &Recording{}
	return context.WithValue(ctx, recordingKey{}, r), r
}

// Exchanges returns what has been collected.
func (r *Recording) Exchanges() []access.Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.exchanges)
}

// Note collects one exchange of a connector that does not speak HTTP, when the
// context is one of [Record]; otherwise it does nothing. Method is the protocol's
// own verb, Path what it was applied to, in words that hold no name and no secret.
// Status is 200 for done, 400 for refused, 0 for no answer.
func Note(ctx context.Context, e access.Exchange) {
	r, ok := ctx.Value(recordingKey{}).(*Recording)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, e)
}

func record(ctx context.Context, req *http.Request, resp *http.Response, started time.Time) {
	e := access.Exchange{Method: req.Method, Path: req.URL.EscapedPath(), At: started.UTC(), Took: time.Since(started)}
	if resp != nil {
		e.Status, e.RequestID = resp.StatusCode, requestID(resp)
	}
	Note(ctx, e)
}

// requestID returns the id under which the provider can find the request.
func requestID(resp *http.Response) string {
	for _, name := range []string{"X-Okta-Request-Id", "Request-Id", "X-Request-Id", "X-Correlation-Id"} {
		if id := access.SafeProviderCode(resp.Header.Get(name)); id != "" {
			return id
		}
	}
	return ""
}
