package door

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/killsignal/killsignal/access"
)

func TestExplain(t *testing.T) {
	refusal := temporal.NewNonRetryableApplicationError("there is no open task of that name", string(access.Invalid), nil)
	failed := temporal.NewApplicationErrorWithOptions("text", string(access.NotFound), temporal.ApplicationErrorOptions{
		Details: []any{access.Error{Code: access.NotFound, Op: "look up subject", Hint: "nobody has this key"}}})
	tests := []struct {
		name string
		err  error
		code access.Code
		hint string
	}{
		{"a refusal of the workflow comes through with its words", refusal, access.Invalid, "there is no open task of that name"},
		{"an error that is not of ours is invalid input", temporal.NewApplicationError("odd", "Odd"), access.Invalid, "odd"},
		{"a case that is not there", serviceerror.NewNotFound("workflow not found for ID: termination/P-1042"), access.NotFound, "no case"},
		{"a namespace that is not there", serviceerror.NewNamespaceNotFound("secret-ns"), access.Invalid, "no such namespace"},
		{"credentials that are refused", serviceerror.NewPermissionDenied("no", "because"), access.Denied, "refuses"},
		{"a request that the server does not understand", serviceerror.NewInvalidArgument("bad"), access.Invalid, "search attributes"},
		{"a server that is down", serviceerror.NewUnavailable("127.0.0.1:7233 refused"), access.Unavailable, "does not answer"},
		{"no worker for an update", client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded), access.Unavailable, "no worker"},
		{"no worker for a query", serviceerror.NewDeadlineExceeded("late"), access.Unavailable, "no worker"},
		{"an interruption", context.Canceled, access.Unavailable, "interrupted"},
		{"anything else", errors.New("ada.marsh@example.com"), access.Unknown, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := explain("ask", test.err)
			require.Equal(t, test.code, access.CodeOf(err))
			require.Contains(t, access.AsError(err, "").Hint, test.hint)
			require.NotRegexp(t, `P-1042|secret-ns|127\.0\.0\.1|example\.com`, err.Error())
		})
	}
	t.Run("no error stays none", func(t *testing.T) { require.NoError(t, explain("ask", nil)) })
	t.Run("the error that an activity failed with is restored", func(t *testing.T) {
		// Only an error that has crossed the server can be decoded.
		converter := temporal.GetDefaultFailureConverter()
		err := explain("ask", converter.FailureToError(converter.ErrorToFailure(failed)))
		require.Equal(t, "look up subject: not_found: nobody has this key", err.Error())
	})
}
