package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
)

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
	if !unfoldLinks(resp.Header) {
		return nil, t.fail(req, &access.Error{Code: unanswered(req), Status: status, RequestID: requestID(resp),
			Hint: "the answer's links to further pages cannot be read"})
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

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}
