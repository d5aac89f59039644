package activities

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/killsignal/killsignal/access"
)

// maxDelay bounds how long one retry waits, whatever a provider asks for: a proxy
// that says "tomorrow" must not park a lock until then.
const maxDelay = 5 * time.Minute

// temporalError is the one place that says what Temporal shall do about an error:
// try again what may heal, after the time that the provider asks for or else by the
// back-off of the activity's options, and nothing else. The type is the code, the
// text is ours, and the details are the access.Error, so that workflows act on codes
// too. The cause stays here: its text may hold anything. It returns
// nil for nil.
func temporalError(err error) error {
	if err == nil {
		return nil
	}
	e := access.AsError(err, "")
	return temporal.NewApplicationErrorWithOptions(e.Error(), string(e.Code), temporal.ApplicationErrorOptions{
		NonRetryable: !e.Code.Transient(), NextRetryDelay: min(e.RetryAfter, maxDelay), Details: []any{*e},
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
