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
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"encoding/json"

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
		if wait := t.pacer.take(bucket, time.Now()); wait > 0 {
			if err := t.wait(req, access.RateLimited, wait); err != nil {
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
	unfoldLinks(resp.Header)
	return resp, nil
}

// judge lets usable answers through and turns all others into errors.
func (t *Transport) judge(req *http.Request, resp *http.Response) (*http.Response, error) {
	status := resp.StatusCode
	switch {
	case t.options.Pass != nil && t.options.Pass(resp):
		return resp, nil
	case status >= 400:
		return nil, t.fail(req, t.refusal(resp, codeOf(req, status), 0))
	case status >= 300:
		if err := redirect(req, resp); err != nil {
			return nil, t.fail(req, err)
		}
		return resp, nil
	}
	content, err := peek(resp)
	if err != nil {
		return nil, t.fail(req, lost(req, err))
	}
	if len(bytes.TrimSpace(content)) > 0 && (!isJSON(resp.Header.Get("Content-Type")) || !json.Valid(content)) {
		return nil, t.fail(req, &access.Error{Code: unanswered(req), Status: status, RequestID: requestID(resp),
			Hint: "the answer is not JSON: a proxy or a sign-in page may have answered instead"})
	}
	return resp, nil
}

// refusal is the error for an answer with an error status.
func (t *Transport) refusal(resp *http.Response, code access.Code, after time.Duration) *access.Error {
	e := &access.Error{Code: code, Status: resp.StatusCode, RequestID: requestID(resp), RetryAfter: after}
	if content, err := peek(resp); err == nil && t.options.ProviderCode != nil {
		e.ProviderCode = access.SafeProviderCode(t.options.ProviderCode(content))
	}
	return e
}

// codeOf maps an HTTP status to a code. A failing server may have carried out a
// write all the same.
func codeOf(req *http.Request, status int) access.Code {
	switch status {
	case http.StatusUnauthorized:
		return access.Unauthenticated
	case http.StatusForbidden:
		return access.Denied
	case http.StatusNotFound, http.StatusGone:
		return access.NotFound
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return access.Unsupported
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked,
		http.StatusFailedDependency, http.StatusTooEarly:
		return access.NotConverged
	case http.StatusTooManyRequests:
		return access.RateLimited
	}
	if status >= 500 {
		return unanswered(req)
	}
	return access.Invalid
}

// lost is the error for a request to which no complete answer came.
func lost(req *http.Request, err error) *access.Error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return &access.Error{Code: access.Unavailable, Hint: "no connection", Cause: hidden{err}}
	}
	return &access.Error{Code: unanswered(req), Hint: "no answer", Cause: hidden{err}}
}

// hidden keeps the identity of a cancelled or expired context and hides every
// other cause. SDKs act on what they find in the chain: Okta's sends again, for
// ever, when it sees io.EOF.
type hidden struct{ err error }

func (h hidden) Error() string { return h.err.Error() }

func (h hidden) Is(target error) bool {
	return (target == context.Canceled || target == context.DeadlineExceeded) && errors.Is(h.err, target)
}

// unanswered is the code for a request whose effect cannot be told from the
// answer: harmless for a read, unknown for a write.
func unanswered(req *http.Request) access.Code {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return access.Unavailable
	}
	return access.Unknown
}

// redirect refuses to carry a request, and its credential, to another host, and
// to let a redirect turn a write into a read.
func redirect(req *http.Request, resp *http.Response) *access.Error {
	if resp.StatusCode == http.StatusNotModified {
		return nil
	}
	to, err := resp.Location()
	switch {
	case err != nil, to.Host != req.URL.Host, to.Scheme != req.URL.Scheme:
		return &access.Error{Code: unanswered(req), Status: resp.StatusCode, RequestID: requestID(resp),
			Hint: "the provider redirects to another host, which is not followed: check the configured address"}
	case req.Method != http.MethodGet && req.Method != http.MethodHead &&
		resp.StatusCode != http.StatusTemporaryRedirect && resp.StatusCode != http.StatusPermanentRedirect:
		return &access.Error{Code: access.Unknown, Status: resp.StatusCode, RequestID: requestID(resp),
			Hint: "the provider redirects a write in a way that would turn it into a read"}
	}
	return nil
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

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

// unfoldLinks gives each link a header line of its own, as SDKs expect. A proxy
// may fold them into one, which sends Okta's SDK round page 1 for ever.
func unfoldLinks(h http.Header) {
	var links []string
	for _, line := range h.Values("Link") {
		for part := range strings.SplitSeq(line, ",") {
			part = strings.TrimSpace(part)
			if len(links) > 0 && !strings.HasPrefix(part, "<") {
				links[len(links)-1] += "," + part // a comma inside a URL or a parameter
				continue
			}
			links = append(links, part)
		}
	}
	h.Del("Link")
	for _, link := range links {
		if strings.HasPrefix(link, "<") && strings.Contains(link, ">") {
			h.Add("Link", link)
		}
	}
}
