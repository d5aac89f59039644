package access

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Code says what went wrong. The set is closed: programs act on codes, never on
// text, and one file in activities maps every code to what Temporal shall do.
type Code string

// The codes.
const (
	RateLimited     Code = "rate_limited"    // try again when told
	Unavailable     Code = "unavailable"     // the system is down or does not answer
	NotConverged    Code = "not_converged"   // acted upon, and a fresh read does not show it yet
	Unauthenticated Code = "unauthenticated" // our credential is refused
	Denied          Code = "denied"          // our credential lacks a permission; never means absent
	Unsupported     Code = "unsupported"     // the system cannot do it; a person must
	Protected       Code = "protected"       // a guard refuses
	NotFound        Code = "not_found"       // nothing under that id
	Ambiguous       Code = "ambiguous"       // more than one where there must be one
	Invalid         Code = "invalid"         // the request is wrong: a defect or bad input
	Unknown         Code = "unknown"         // sent, and no usable answer: neither done nor failed
)

// Codes lists every code.
func Codes() []Code {
	return []Code{RateLimited, Unavailable, NotConverged, Unauthenticated, Denied, Unsupported,
		Protected, NotFound, Ambiguous, Invalid, Unknown}
}

// Transient tells whether trying again can heal it.
func (c Code) Transient() bool {
	switch c {
	case RateLimited, Unavailable, NotConverged, Unknown:
		return true
	}
	return false
}

// Error is the one kind of error that crosses from connectors to the rest. Its
// text is safe to log and to store anywhere: it holds our own words, codes and
// request ids, never a provider's message, a URL, a name or a secret. The cause
// is kept for errors.Is and errors.As only and is never printed.
type Error struct {
	Code         Code          `json:"code"`
	Op           string        `json:"op,omitempty"` // what was tried, in our words
	System       string        `json:"system,omitempty"`
	Hint         string        `json:"hint,omitempty"`          // what to do next, in our words
	Status       int           `json:"status,omitempty"`        // HTTP status, when there was an answer
	ProviderCode string        `json:"provider_code,omitempty"` // the provider's own code, such as E0000006
	RequestID    string        `json:"request_id,omitempty"`
	RetryAfter   time.Duration `json:"retry_after,omitempty"` // for RateLimited and Unavailable, when the provider said
	Cause        error         `json:"-"`
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.System != "" {
		fmt.Fprintf(&b, "%s: ", e.System)
	}
	if e.Op != "" {
		fmt.Fprintf(&b, "%s: ", e.Op)
	}
	b.WriteString(string(e.Code))
	if e.Status != 0 {
		fmt.Fprintf(&b, " (status %d)", e.Status)
	}
	if e.ProviderCode != "" {
		fmt.Fprintf(&b, " [%s]", e.ProviderCode)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, ": %s", e.Hint)
	}
	return b.String()
}

// Unwrap returns the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the code of the first [Error] in err's tree, [Unavailable] for
// a context that ended before anything else is known, and [Unknown] otherwise.
// It returns "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Unavailable
	}
	return Unknown
}

// AsError returns the first [Error] in err's tree, or wraps err in one whose
// text says nothing of it. It returns nil for nil.
func AsError(err error, op string) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: CodeOf(err), Op: op, Cause: err}
}

var (
	eventPattern        = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`)
	addressPattern      = regexp.MustCompile(`[^\s@]+@[^\s@]+`)
	providerCodePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

// ContainsAddress tells whether s holds something that looks like an e-mail address.
func ContainsAddress(s string) bool { return addressPattern.MatchString(s) }

// SafeProviderCode returns s when it has the form of an error code, else "".
// Some providers put whole sentences, with names in them, where a code belongs.
func SafeProviderCode(s string) string {
	if providerCodePattern.MatchString(s) {
		return s
	}
	return ""
}
