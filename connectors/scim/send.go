package scim

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/killsignal/killsignal/access"
)

// The endpoints (RFC 7644 section 3.2).
const (
	users  = "Users"
	groups = "Groups"
)

// What the token must be allowed, in our words: SCIM names no permissions.
const (
	readUsers   = "read users"
	writeUsers  = "write users"
	readGroups  = "read groups"
	writeGroups = "write groups"
)

// request is one request to the application.
type request struct {
	op, method string
	path       string // below the base URL, escaped
	query      url.Values
	body       any
	version    string // sent as If-Match, where there is one
}

// send sends a request and returns the resource in the answer, nil when the
// answer is empty. Every error is an *access.Error.
func (c *Connector) send(ctx context.Context, r request) (resource, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		e := access.AsError(err, r.op)
		e.Op = r.op
		if e.Code == access.Denied && e.Hint == "" {
			e.Hint = "the token may not " + permission(r)
		}
		return nil, e
	}
	defer resp.Body.Close()
	unusable := &access.Error{Code: access.Unknown, Op: r.op, System: c.system, Status: resp.StatusCode,
		Hint: "the answer is not a SCIM resource: check the configured address"}
	content, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		return nil, unusable
	}
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, nil
	}
	var answer resource
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if decoder.Decode(&answer) != nil || answer == nil {
		return nil, unusable
	}
	return answer, nil
}

func (c *Connector) build(ctx context.Context, r request) (*http.Request, error) {
	token, err := c.config.Token.Value()
	if err != nil {
		return nil, err
	}
	invalid := func(err error) error {
		return &access.Error{Code: access.Invalid, Op: r.op, System: c.system, Hint: "the request cannot be built", Cause: err}
	}
	var body io.Reader
	if r.body != nil {
		content, err := json.Marshal(r.body)
		if err != nil {
			return nil, invalid(err)
		}
		body = bytes.NewReader(content)
	}
	target := c.config.URL + "/" + r.path
	if len(r.query) > 0 {
		// Some applications read "+" as it stands and not as a space.
		target += "?" + strings.ReplaceAll(r.query.Encode(), "+", "%20")
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, invalid(err)
	}
	req.Header.Set("Accept", "application/scim+json, application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/scim+json")
	}
	if r.version != "" {
		req.Header.Set("If-Match", r.version)
	}
	for name, value := range c.config.Headers {
		req.Header.Set(name, value)
	}
	name, scheme := c.config.authHeader()
	req.Header.Set(name, strings.TrimSpace(scheme+" "+token))
	return req, nil
}

// permission names what a request needs.
func permission(r request) string {
	write := r.method != http.MethodGet
	switch endpoint, _, _ := strings.Cut(r.path, "/"); {
	case endpoint == groups && write:
		return writeGroups
	case endpoint == groups:
		return readGroups
	case write:
		return writeUsers
	}
	return readUsers
}

// at is the path of one resource. An id that could lead elsewhere is Invalid: to
// another path, or to an alias such as me, which is whoever asks.
func at(endpoint, id string) (string, error) {
	alias := id == "." || id == ".." || strings.HasPrefix(id, "$") || strings.EqualFold(id, "me")
	if id == "" || alias || strings.TrimSpace(id) != id || strings.ContainsAny(id, `/\?#%`) || strings.ContainsFunc(id, unicode.IsControl) {
		return "", &access.Error{Code: access.Invalid, Op: "check id", Hint: "the id is empty or cannot stand in a path"}
	}
	return endpoint + "/" + url.PathEscape(id), nil
}

// refused tells whether the application has answered that it does not do what
// was asked in this form, so that another form may be tried. A 500 is what some
// say instead, and needs a read before the next write.
func refused(err error) bool {
	if err == nil {
		return false
	}
	switch e := access.AsError(err, ""); e.Code {
	case access.Unsupported, access.NotFound:
		return true
	case access.Invalid:
		return e.Status != 0 // else it is ours
	case access.Unknown:
		return e.Status == http.StatusInternalServerError
	}
	return false
}

// scimType is the code in the body of an error (RFC 7644 3.12).
func scimType(body []byte) string {
	var e resource
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	return e.text("scimType")
}
