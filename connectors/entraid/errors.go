package entraid

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"

	kiota "github.com/microsoft/kiota-abstractions-go"

	"github.com/killsignal/killsignal/access"
)

// Graph's own codes that we act upon.
// https://learn.microsoft.com/graph/errors
const (
	notFound          = "Request_ResourceNotFound"
	permissionMissing = "Authentication_MSGraphPermissionMissing"
	expiredPage       = "Directory_ExpiredPageToken"
	notPremium        = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
)

// providerCode takes the code out of an OData error, or out of an OAuth one (RFC
// 6749, 5.2), where the error is a string.
func providerCode(body []byte) string {
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	var odata struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(answer.Error, &odata) == nil && odata.Code != "" {
		return odata.Code
	}
	var oauth string
	_ = json.Unmarshal(answer.Error, &oauth)
	return oauth
}

// failed says in our words what was tried. For Denied it names the permissions of
// which one is needed. It returns nil for nil.
func (c *Connector) failed(op string, err error, permissions ...string) error {
	if err == nil {
		return nil
	}
	e := *asError(err)
	e.System, e.Op = c.system, op
	if e.Code == access.Denied && e.Hint == "" && len(permissions) > 0 {
		e.Hint = "the application needs " + strings.Join(permissions, ", ")
	}
	return &e
}

// asError reads whatever the SDK returns. An error of its own gets here only when
// it answered a challenge in vain, or could not read a success.
func asError(err error) *access.Error {
	if _, ours := errors.AsType[*access.Error](err); ours {
		e := *access.AsError(err, "")
		if e.ProviderCode == expiredPage {
			e.Code, e.Hint = access.NotConverged, "the listing changed while it was read: it must be read again"
		}
		return &e
	}
	if e, ok := errors.AsType[*kiota.ApiError](err); ok && e.ResponseStatusCode == http.StatusUnauthorized {
		return &access.Error{Code: access.Unauthenticated, Status: e.ResponseStatusCode}
	}
	return &access.Error{Code: access.CodeOf(err), Hint: "the answer cannot be read"}
}

// named puts the system's name into an error of ours.
func named(system string, err error) error {
	e := *access.AsError(err, "")
	e.System = system
	return &e
}

var (
	guidPattern       = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	assignmentPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
)

// isGUID tells whether s may stand in a path as an id. The SDK lets anything
// through: "" addresses the collection, ".." its parent, and "me-token-to-replace"
// somebody else.
func isGUID(s string) bool { return guidPattern.MatchString(strings.ToLower(s)) }

// id checks an id and returns it in the form that Graph uses.
func (c *Connector) id(op, id string) (string, error) {
	if !isGUID(id) {
		return "", &access.Error{Code: access.Invalid, System: c.system, Op: op, Hint: "the id is not a GUID"}
	}
	return strings.ToLower(id), nil
}

// read returns what a member holds, and nothing for one that is absent.
func read[T any](member *T) T {
	if member == nil {
		var nothing T
		return nothing
	}
	return *member
}
