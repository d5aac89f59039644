package door

import (
	"context"
	"errors"
	"slices"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/killsignal/killsignal/access"
)

// explain turns what Temporal says into our error. Messages of our own workflows
// come through as hints; the server's own texts stay inside, since they name
// workflow ids and addresses.
func explain(op string, err error) error {
	if err == nil {
		return nil
	}
	e := &access.Error{Code: access.Unknown, Op: op, Cause: err}
	_, notFound := errors.AsType[*serviceerror.NotFound](err)
	_, noNamespace := errors.AsType[*serviceerror.NamespaceNotFound](err)
	_, denied := errors.AsType[*serviceerror.PermissionDenied](err)
	_, invalid := errors.AsType[*serviceerror.InvalidArgument](err)
	_, noWorker := errors.AsType[*serviceerror.QueryFailed](err)
	_, late := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err)
	said, ours := errors.AsType[*temporal.ApplicationError](err)
	switch {
	case ours && said.HasDetails() && said.Details(e) == nil:
		e.Cause = err // an activity failed, with an access.Error of its own
	case ours:
		e.Code, e.Hint = access.Invalid, said.Message()
		if code := access.Code(said.Type()); slices.Contains(access.Codes(), code) {
			e.Code = code
		}
	case noNamespace:
		e.Code, e.Hint = access.Invalid, "the Temporal server has no such namespace; set temporal.namespace or TEMPORAL_NAMESPACE, or make it"
	case notFound:
		e.Code, e.Hint = access.NotFound, "no case of this person is running or kept; see `starter status` for all"
	case denied:
		e.Code, e.Hint = access.Denied, "the Temporal server refuses our credentials"
	case invalid:
		e.Code, e.Hint = access.Invalid, "the Temporal server does not accept the request; are the search attributes of Killsignal registered in its namespace?"
	case late || noWorker || errors.Is(err, context.DeadlineExceeded) || timedOut(err):
		e.Code, e.Hint = access.Unavailable, "no worker answers; start one with `worker`, or look whether the Temporal server is up"
	case errors.Is(err, context.Canceled):
		e.Code, e.Hint = access.Unavailable, "interrupted; the case goes on"
	default:
		if _, down := errors.AsType[*serviceerror.Unavailable](err); down {
			e.Code, e.Hint = access.Unavailable, "the Temporal server does not answer"
		}
	}
	return e
}

func timedOut(err error) bool {
	_, deadline := errors.AsType[*serviceerror.DeadlineExceeded](err)
	_, cancelled := errors.AsType[*serviceerror.Canceled](err)
	return deadline || cancelled
}
