// Package transport is the one http.RoundTripper beneath every HTTP connector,
// those on a provider's SDK too. It owns what no SDK does alike: a deadline on
// every request, pacing by the provider's own rate headers, 429 and 503,
// connections that close without an answer, redirects, a cap on the size of
// answers, and answers that are not what was asked for.
//
// Whatever is not a usable success comes back as an [access.Error], so that a
// connector reads one kind of error, whichever SDK it is built on, and no SDK
// ever sees a failure that it would retry, cache or crash on.
package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
)

// Options configure a Transport. The zero value is usable.
type Options struct {
	// System is the name to print in errors.
	System string
	// Base sends the requests; nil means a transport of its own with the
	// standard library's defaults.
	Base http.RoundTripper
	// Timeout bounds one request, waits for its turn excluded, when the caller's
	// context does not end earlier. Zero means 30 s.
	Timeout time.Duration
	// MaxWait bounds one wait for a rate limit or a Retry-After; a longer one is
	// returned as RateLimited or Unavailable with RetryAfter set. Zero means 10 s.
	MaxWait time.Duration
	// MaxBody caps the size of an answer. Zero means 10 MiB.
	MaxBody int64
	// Bucket sorts requests into the provider's rate-limit buckets. Nil means one
	// bucket for all.
	Bucket func(*http.Request) string
	// ProviderCode takes the provider's own error code out of an error body. It
	// may return anything; what does not look like a code is dropped.
	ProviderCode func(body []byte) string
	// Pass lets a response with an error status through to the SDK, which needs
	// to see it. Nil means none.
	Pass func(*http.Response) bool
}

// Transport is an http.RoundTripper. It is safe for concurrent use.
type Transport struct {
	options Options
	pacer   *pacer
}

// New makes a Transport.
func New(o Options) *Transport {
	if o.Base == nil {
		base := http.DefaultTransport.(*http.Transport).Clone()
		base.MaxIdleConnsPerHost = 16
		o.Base = base
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxWait == 0 {
		o.MaxWait = 10 * time.Second
	}
	if o.MaxBody == 0 {
		o.MaxBody = 10 << 20
	}
	if o.Bucket == nil {
		o.Bucket = func(*http.Request) string { return "" }
	}
	return &Transport{options: o, pacer: newPacer()}
}

// Client returns an http.Client on this transport, without a time-out of its
// own: the transport bounds every request.
func (t *Transport) Client() *http.Client { return &http.Client{Transport: t} }

// attempts bounds how often one request is sent when the provider says 429 or 503.
const attempts = 4

// RoundTrip sends the request when its bucket allows, waits out 429 and 503 as
// far as MaxWait and the context allow, and returns a response whose body is
// complete, or an *access.Error.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := buffer(req)
	if err != nil {
		return nil, t.fail(req, &access.Error{Code: access.Invalid, Cause: err})
	}
	bucket := t.options.Bucket(req)
	for attempt := 1; ; attempt++ {
		if wait, code := t.pacer.take(bucket, time.Now()); wait > 0 {
			if err := t.wait(req, code, wait); err != nil {
				return nil, err
			}
			continue
		}
		resp, err := t.send(req, body)
		if err != nil {
			return nil, t.fail(req, err)
		}
		after, told := t.pacer.learn(bucket, resp, time.Now())
		switch code := throttled(resp.StatusCode); {
		case code == "":
			return t.judge(req, resp)
		case attempt == attempts:
			return nil, t.fail(req, t.refusal(resp, code, after))
		default:
			if !told {
				after = time.Duration(attempt) * 500 * time.Millisecond
			}
			if err := t.wait(req, code, after); err != nil {
				return nil, err
			}
		}
	}
}

// throttled returns the code for a status that says "later", or "".
func throttled(status int) access.Code {
	switch status {
	case http.StatusTooManyRequests:
		return access.RateLimited
	case http.StatusServiceUnavailable:
		return access.Unavailable
	}
	return ""
}

// wait sleeps for d, or refuses at once when that is longer than we may wait.
func (t *Transport) wait(req *http.Request, code access.Code, d time.Duration) error {
	ctx := req.Context()
	if deadline, ok := ctx.Deadline(); d > t.options.MaxWait || ok && time.Until(deadline) < d {
		return t.fail(req, &access.Error{Code: code, RetryAfter: d, Hint: "the provider asks to wait"})
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return t.fail(req, &access.Error{Code: code, RetryAfter: d, Cause: ctx.Err()})
	}
}

// send sends the request once and reads the whole answer.
func (t *Transport) send(original *http.Request, body []byte) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(original.Context(), t.options.Timeout)
	defer cancel()
	req := original.Clone(ctx)
	if body != nil {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		req.TransferEncoding = nil
	}
	started := time.Now()
	resp, err := t.options.Base.RoundTrip(req)
	if err != nil {
		record(original.Context(), original, nil, started)
		return nil, lost(req, err)
	}
	defer resp.Body.Close()
	record(original.Context(), original, resp, started)
	content, err := io.ReadAll(io.LimitReader(resp.Body, t.options.MaxBody+1))
	if err != nil {
		return nil, lost(req, err)
	}
	if int64(len(content)) > t.options.MaxBody {
		return nil, &access.Error{Code: access.Unknown, Status: resp.StatusCode, RequestID: requestID(resp),
			Hint: fmt.Sprintf("the answer is larger than %d bytes", t.options.MaxBody)}
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(content)), int64(len(content))
	resp.Request = original
	return resp, nil
}

// fail completes the error with what the request says.
func (t *Transport) fail(req *http.Request, err error) error {
	e := access.AsError(err, "")
	e.System = t.options.System
	if e.Op == "" {
		e.Op = strings.ToLower(req.Method)
	}
	return e
}

// buffer reads the request's body, so that it can be sent again.
func buffer(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// peek returns the body and leaves it to be read.
func peek(resp *http.Response) ([]byte, error) {
	content, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(content))
	return content, err
}
