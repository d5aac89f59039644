package connectortest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
)

// brokenUnderFaults are mutants that take a failure for something else.
func brokenUnderFaults() []broken {
	return slices.Concat(brokenDenials(), brokenCodes(), brokenCalls())
}

// unless returns nil in place of an error with the code.
func unless(code access.Code, err error) error {
	if access.CodeOf(err) == code {
		return nil
	}
	return err
}

func brokenDenials() []broken {
	return []broken{
		{how: "it finds nobody where it may not look", caught: "a look-up that is denied is no empty look-up",
			breaks: func(m *mutant) {
				m.find = func(ctx context.Context, s access.Subject) ([]access.Account, error) {
					found, err := m.Connector.Find(ctx, s)
					return found, unless(access.Denied, err)
				}
			}},
		{how: "it calls absent what it may not see", caught: "a look-up that is denied is no empty look-up",
			breaks: func(m *mutant) {
				m.state = func(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
					state, err := m.Connector.State(ctx, ref)
					if access.CodeOf(err) == access.Denied {
						state.Status = access.Absent
					}
					return state, unless(access.Denied, err)
				}
			}},
		{how: "it calls a denied lock done", caught: "a lock that is denied is open work",
			breaks: func(m *mutant) {
				m.lock = func(ctx context.Context, ref access.AccountRef) error {
					return unless(access.Denied, m.Connector.Lock(ctx, ref))
				}
			}},
		{how: "it calls denied sessions none", caught: "an end of sessions that is denied is open work",
			breaks: func(m *mutant) {
				m.end = func(ctx context.Context, ref access.AccountRef) error {
					return unless(access.Denied, m.Connector.EndSessions(ctx, ref))
				}
				m.sessions = func(ctx context.Context, ref access.AccountRef) (access.SessionState, error) {
					seen, err := m.Connector.Sessions(ctx, ref)
					return seen, unless(access.Denied, err)
				}
			}},
		{how: "it calls a denied revocation done", caught: "a revocation that is denied is open work",
			breaks: func(m *mutant) {
				m.revoke = func(ctx context.Context, ref access.AccountRef, right access.Right) error {
					return unless(access.Denied, m.Connector.RevokeRight(ctx, ref, right))
				}
			}},
		{how: "it calls a listing that it may not see empty", caught: "a revocation that is denied is open work", permission: reference.MaySee,
			breaks: func(m *mutant) {
				m.rights = func(ctx context.Context, ref access.AccountRef, kind access.RightKind, cursor string) (connectors.Page[access.Right], error) {
					page, err := m.Connector.Rights(ctx, ref, kind, cursor)
					return page, unless(access.Denied, err)
				}
			}},
		{how: "it lists nobody where it may not list", caught: "a listing that is denied is no empty listing",
			breaks: func(m *mutant) {
				m.accounts = func(ctx context.Context, cursor string) (connectors.Page[access.Account], error) {
					page, err := m.Connector.Accounts(ctx, cursor)
					return page, unless(access.Denied, err)
				}
			}},
	}
}

// misreads makes Find change its errors.
func misreads(change func(*access.Error) error) func(*mutant) {
	return func(m *mutant) {
		m.find = func(ctx context.Context, s access.Subject) ([]access.Account, error) {
			found, err := m.Connector.Find(ctx, s)
			if err != nil {
				e := *access.AsError(err, "")
				err = change(&e)
			}
			return found, err
		}
	}
}

// recodes makes Find take one code for another.
func recodes(from, to access.Code) func(*mutant) {
	return misreads(func(e *access.Error) error {
		if e.Code == from {
			e.Code = to
		}
		return e
	})
}

func brokenCodes() []broken {
	return []broken{
		{how: "it takes a refused credential for a missing permission", caught: "status 401 is unauthenticated", breaks: recodes(access.Unauthenticated, access.Denied)},
		{how: "it takes a missing permission for not found", caught: "status 403 is denied", breaks: recodes(access.Denied, access.NotFound)},
		{how: "it takes a conflict for done", caught: "status 409 is not_converged",
			breaks: func(m *mutant) {
				m.lock = func(ctx context.Context, ref access.AccountRef) error {
					return unless(access.NotConverged, m.Connector.Lock(ctx, ref))
				}
			}},
		{how: "it forgets how long to wait", caught: "status 429 with a long Retry-After is rate_limited",
			breaks: misreads(func(e *access.Error) error { e.RetryAfter = 0; return e })},
		{how: "it takes a failing server for an empty one", caught: "status 500 is unavailable for reads and unknown for writes",
			breaks: misreads(func(e *access.Error) error { return unless(access.Unavailable, e) })},
		{how: "it takes an outage for a rate limit", caught: "status 503 with a long Retry-After is unavailable", breaks: recodes(access.Unavailable, access.RateLimited)},
		{how: "it takes a lost answer for done", caught: "a cut connection is unavailable for reads and unknown for writes",
			breaks: func(m *mutant) {
				m.lock = func(ctx context.Context, ref access.AccountRef) error {
					return unless(access.Unknown, m.Connector.Lock(ctx, ref))
				}
			}},
		{how: "it returns another kind of error", caught: "a sign-in page with status 200 is unavailable for reads and unknown for writes",
			breaks: misreads(func(e *access.Error) error { return fmt.Errorf("find: %w", e) })},
		{how: "it takes a garbled answer for an empty one", caught: "a garbled answer is unavailable for reads and unknown for writes",
			breaks: func(m *mutant) {
				m.rights = func(ctx context.Context, ref access.AccountRef, kind access.RightKind, cursor string) (connectors.Page[access.Right], error) {
					page, err := m.Connector.Rights(ctx, ref, kind, cursor)
					return page, unless(access.Unavailable, err)
				}
			}},
		{how: "it does not wait by itself", caught: "a 429 or 503 without Retry-After heals by itself",
			breaks: func(m *mutant) { m.Client = &http.Client{Transport: impatient{}} }},
		{how: "it vouches for the witness without asking", caught: "a system that answers 404 to everything proves no absence",
			breaks: func(m *mutant) {
				m.find = func(ctx context.Context, s access.Subject) ([]access.Account, error) {
					if slices.Contains(s.UserNames, "ada.marshall") {
						return []access.Account{{Ref: access.AccountRef{System: m.System, ID: reference.OtherID}, Status: access.Active}}, nil
					}
					found, err := m.Connector.Find(ctx, s)
					return found, unless(access.NotFound, err)
				}
			}},
	}
}

// impatient is a transport that never waits.
type impatient struct{}

func (impatient) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil && (resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable) {
		resp.Body.Close()
		return nil, &access.Error{Code: access.RateLimited}
	}
	return resp, err
}

// waitsOn makes the read of the state deaf to its context.
func waitsOn(m *mutant) {
	m.state = func(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience+time.Second)
		defer cancel()
		return m.Connector.State(ctx, ref)
	}
}

func brokenCalls() []broken {
	return []broken{
		{how: "it sends although it is cancelled", caught: "a cancelled call sends nothing",
			breaks: func(m *mutant) {
				m.lock = func(ctx context.Context, ref access.AccountRef) error {
					if err := m.Connector.Lock(context.WithoutCancel(ctx), ref); err != nil {
						return err
					}
					if ctx.Err() != nil {
						return &access.Error{Code: access.Unavailable, Cause: ctx.Err()}
					}
					return nil
				}
			}},
		{how: "it waits on although it is cancelled", caught: "a call is given up when it is cancelled",
			breaks: waitsOn},
		{how: "it waits on although its deadline is over", caught: "a call that hangs ends with its deadline", breaks: waitsOn},
		{how: "its errors tell the credential", caught: "errors and receipts hold no secret",
			breaks: func(m *mutant) {
				m.lock = func(ctx context.Context, ref access.AccountRef) error {
					err := m.Connector.Lock(ctx, ref)
					if err != nil {
						return &access.Error{Code: access.CodeOf(err), Hint: "the system refused " + m.Token}
					}
					return nil
				}
			}},
		{how: "its errors tell the person's name", caught: "errors and receipts hold no secret",
			breaks: func(m *mutant) {
				m.revoke = func(ctx context.Context, ref access.AccountRef, right access.Right) error {
					err := m.Connector.RevokeRight(ctx, ref, right)
					if err != nil {
						return &access.Error{Code: access.CodeOf(err), Hint: "cannot revoke the rights of ada.marsh"}
					}
					return nil
				}
			}},
	}
}
