package activities

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/killsignal/killsignal/access"
)

// retried is the one table from codes to what Temporal shall do: try again, after
// the time that the provider asks for or else by the back-off of the activity's
// options, or not.
var retried = map[access.Code]bool{
	access.RateLimited:     true,
	access.Unavailable:     true,
	access.NotConverged:    true,
	access.Unknown:         true,
	access.Unauthenticated: false,
	access.Denied:          false,
	access.Unsupported:     false,
	access.Protected:       false,
	access.NotFound:        false,
	access.Ambiguous:       false,
	access.Invalid:         false,
}

// temporalError turns an error into one that Temporal acts on: its type is the
// code, its text is ours, and its details are the access.Error, so that workflows
// act on codes too. The cause stays here: its text may hold anything. It returns
// nil for nil.
func temporalError(err error) error {
	if err == nil {
		return nil
	}
	e := access.AsError(err, "")
	return temporal.NewApplicationErrorWithOptions(e.Error(), string(e.Code), temporal.ApplicationErrorOptions{
		NonRetryable: !retried[e.Code], NextRetryDelay: e.RetryAfter, Details: []any{*e},
	})
}

// ErrorOf returns the access.Error that an activity failed with, as a workflow
// sees it. What is none, such as a time-out of Temporal's own, is Unavailable.
func ErrorOf(err error) access.Error {
	if failure, ok := errors.AsType[*temporal.ApplicationError](err); ok && failure.HasDetails() {
		var e access.Error
		if failure.Details(&e) == nil && e.Code != "" {
			return e
		}
	}
	return access.Error{Code: access.Unavailable, Op: "run activity", Hint: "the activity did not end as it should"}
}
