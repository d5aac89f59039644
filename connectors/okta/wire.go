package okta

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// wire is between the SDK and the transport: it signs requests, and keeps from the
// SDK what it would mistake for an empty listing or crash on.
type wire struct {
	next       http.RoundTripper
	credential credential
}

// RoundTrip sends the request with our credential. When one that was kept is
// refused, it asks for another and sends once more.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	for {
		value, kept, err := w.credential.authorization(req.Context())
		if err != nil {
			return nil, err
		}
		signed := req.Clone(req.Context())
		signed.Header.Set("Authorization", value)
		resp, err := w.next.RoundTrip(signed)
		// Our requests have no bodies, so that they can be sent again as they are.
		if access.CodeOf(err) == access.Unauthenticated && kept && req.Body == nil {
			w.credential.forget(value)
			continue
		}
		if err != nil {
			return nil, err
		}
		resp.Request = req
		return usable(resp)
	}
}

// usable refuses a read without content, which the SDK returns as nil without an
// error, and links that its paging would crash on.
func usable(resp *http.Response) (*http.Response, error) {
	if resp.Request.Method != http.MethodGet || resp.StatusCode >= http.StatusMultipleChoices {
		return resp, nil
	}
	content, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(content))
	text := bytes.TrimSpace(content)
	if err != nil || resp.StatusCode != http.StatusOK || len(text) == 0 || bytes.Equal(text, []byte("null")) {
		return nil, &access.Error{Code: access.Unavailable, Op: "get", Status: resp.StatusCode, Hint: "the answer is empty"}
	}
	for _, line := range resp.Header.Values("Link") {
		target, _, _ := strings.Cut(line, ";")
		if _, err := url.Parse(strings.Trim(target, "<> ")); err != nil {
			return nil, &access.Error{Code: access.Unavailable, Op: "get", Status: resp.StatusCode, Hint: "the answer links to a next page that cannot be read"}
		}
	}
	return resp, nil
}

// providerCode takes Okta's code out of an error body, or OAuth's.
func providerCode(body []byte) string {
	var e struct {
		Code  string `json:"errorCode"`
		OAuth string `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	if e.Code != "" {
		return e.Code
	}
	return e.OAuth
}

// bucket sorts a request into Okta's published rate-limit buckets.
// https://developer.okta.com/docs/reference/rl-global-mgmt/
func bucket(req *http.Request) string {
	parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
	if parts[0] == "oauth2" {
		return "oauth2"
	}
	if len(parts) < 3 || parts[0] != "api" {
		return "other"
	}
	kind, depth := parts[2], len(parts)-3
	switch kind {
	case "users":
		switch {
		case depth == 0:
			return "users"
		case depth == 1 && req.Method == http.MethodGet:
			return "user"
		case depth == 1:
			return "user-write"
		}
		return "other"
	case "groups", "apps":
		// One object by its id has a bucket of its own; /groups/rules is no object.
		if depth == 1 && parts[3] != "rules" {
			return strings.TrimSuffix(kind, "s")
		}
		return kind
	case "logs", "devices", "sessions":
		return kind
	}
	return "other"
}
