package connectortest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
)

// brokenActors are mutants that act otherwise than they should.
func brokenActors() []broken {
	return slices.Concat(brokenLocks(), brokenRights(), brokenDrives())
}

func brokenLocks() []broken {
	return []broken{
		{how: "its lock does nothing", caught: "a lock holds, in a fresh read and in truth",
			breaks: func(m *mutant) { m.lock = func(context.Context, access.AccountRef) error { return nil } }},
		{how: "its lock does nothing and its read says locked", caught: "a lock holds, in a fresh read and in truth",
			breaks: func(m *mutant) {
				m.lock = func(context.Context, access.AccountRef) error { return nil }
				m.state = func(_ context.Context, ref access.AccountRef) (access.AccountState, error) {
					return access.AccountState{Ref: ref, Status: access.Locked}, nil
				}
			}},
		{how: "its lock toggles", caught: "locking what is locked changes nothing",
			breaks: func(m *mutant) {
				m.lock = func(ctx context.Context, ref access.AccountRef) error {
					return m.Write(ctx, http.MethodPost, ref.ID, "/toggle")
				}
			}},
		{how: "its unlock does nothing", caught: "what is declared restorable is restored",
			breaks: func(m *mutant) { m.unlock = func(context.Context, access.AccountState) error { return nil } }},
		{how: "it ends no session and says that none is open", caught: "sessions are ended, in a fresh read and in truth",
			breaks: func(m *mutant) {
				m.end = func(context.Context, access.AccountRef) error { return nil }
				m.sessions = func(context.Context, access.AccountRef) (access.SessionState, error) {
					return access.SessionState{Proof: access.SessionsZero}, nil
				}
			}},
		{how: "it ends sessions and shows an instant of last year", caught: "sessions are ended, in a fresh read and in truth",
			breaks: func(m *mutant) {
				m.sessions = func(context.Context, access.AccountRef) (access.SessionState, error) {
					return access.SessionState{Proof: access.StateReadBack, ValidFrom: time.Now().AddDate(-1, 0, 0)}, nil
				}
			}},
		{how: "it believes one answer of not found, and looks people up by it", caught: "one answer of not found does not make an account gone",
			breaks: func(m *mutant) {
				gone := map[string]bool{}
				m.state = func(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
					state, err := m.Connector.State(ctx, ref)
					gone[ref.ID] = gone[ref.ID] || state.Status == access.Absent
					return state, err
				}
				m.find = func(ctx context.Context, s access.Subject) ([]access.Account, error) {
					found, err := m.Connector.Find(ctx, s)
					return slices.DeleteFunc(found, func(a access.Account) bool { return gone[a.Ref.ID] }), err
				}
			}},
		{how: "it refuses to end sessions when none is open", caught: "ending sessions twice is no error",
			breaks: func(m *mutant) {
				m.end = func(ctx context.Context, ref access.AccountRef) error {
					if seen, err := m.Connector.Sessions(ctx, ref); err == nil && seen.Open == 0 {
						return &access.Error{Code: access.Invalid}
					}
					return m.Connector.EndSessions(ctx, ref)
				}
			}},
	}
}

func brokenRights() []broken {
	return []broken{
		{how: "it lists rights twice", caught: "every right is listed once, with a type and an id",
			breaks: func(m *mutant) {
				m.rights = func(ctx context.Context, ref access.AccountRef, kind access.RightKind, cursor string) (connectors.Page[access.Right], error) {
					page, err := m.Connector.Rights(ctx, ref, kind, cursor)
					page.Items = append(page.Items, page.Items...)
					return page, err
				}
			}},
		{how: "it revokes every right for one", caught: "revoking one right takes that one away and no other",
			breaks: func(m *mutant) {
				m.revoke = func(ctx context.Context, ref access.AccountRef, right access.Right) error {
					for _, id := range []string{"engineering", "operations", "editor", "designer"} {
						right.ID = id
						if err := m.Connector.RevokeRight(ctx, ref, right); err != nil {
							return err
						}
					}
					return nil
				}
			}},
		{how: "it calls a right that is gone an error", caught: "revoking what is gone is no error and changes nothing",
			breaks: func(m *mutant) {
				m.revoke = func(ctx context.Context, ref access.AccountRef, right access.Right) error {
					return m.Do(ctx, http.MethodDelete, "/people/"+ref.ID+"/rights/"+string(right.Kind)+"/"+right.ID, nil)
				}
			}},
		{how: "it counts seats as they were", caught: "a reclaimed seat goes back to its pool",
			breaks: func(m *mutant) {
				m.pool = func(_ context.Context, seat access.Right) (access.Pool, error) { return *seat.Pool, nil }
			}},
	}
}

func brokenDrives() []broken {
	return []broken{
		{how: "it hides the rights that it has not revoked", caught: "it ends the leaver's access, in a fresh read and in truth",
			breaks: func(m *mutant) {
				hidden := map[string]bool{}
				m.revoke = func(ctx context.Context, ref access.AccountRef, right access.Right) error {
					hidden[key(right)] = true
					return nil
				}
				m.rights = func(ctx context.Context, ref access.AccountRef, kind access.RightKind, cursor string) (connectors.Page[access.Right], error) {
					page, err := m.Connector.Rights(ctx, ref, kind, cursor)
					page.Items = slices.DeleteFunc(page.Items, func(r access.Right) bool { return hidden[key(r)] })
					return page, err
				}
			}},
		{how: "it drops the context", caught: "receipts tell what was done, and the state before and after",
			breaks: func(m *mutant) {
				m.state = func(_ context.Context, ref access.AccountRef) (access.AccountState, error) {
					return m.Connector.State(context.Background(), ref)
				}
				m.lock = func(_ context.Context, ref access.AccountRef) error {
					return m.Connector.Lock(context.Background(), ref)
				}
				m.end = func(_ context.Context, ref access.AccountRef) error {
					return m.Connector.EndSessions(context.Background(), ref)
				}
				m.sessions = func(_ context.Context, ref access.AccountRef) (access.SessionState, error) {
					return m.Connector.Sessions(context.Background(), ref)
				}
			}},
		{how: "it says active until it has been asked to lock", caught: "a later case finds everything done and changes nothing",
			breaks: func(m *mutant) {
				asked := false
				m.find = func(ctx context.Context, s access.Subject) ([]access.Account, error) {
					asked = false
					return m.Connector.Find(ctx, s)
				}
				m.lock = func(ctx context.Context, ref access.AccountRef) error {
					asked = true
					return m.Connector.Lock(ctx, ref)
				}
				m.state = func(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
					state, err := m.Connector.State(ctx, ref)
					if !asked {
						state.Status = access.Active
					}
					return state, err
				}
			}},
		{how: "it gives up for good after a lost answer", caught: "a drive that loses any one answer converges when it is repeated",
			breaks: func(m *mutant) {
				trips(m, func(err error) bool { return access.CodeOf(err) == access.Unknown && !errors.Is(err, context.Canceled) })
			}},
		{how: "it gives up for good after a cancelled call", caught: "a drive that is killed after any one write converges, and tells the true state before",
			breaks: func(m *mutant) {
				trips(m, func(err error) bool { return errors.Is(err, context.Canceled) })
			}},
		{how: "it cannot be opened twice", caught: "a drive that is killed before any one receipt converges, and tells the true state before",
			breaks: func(m *mutant) {
				opened := 0
				m.check = func(ctx context.Context) error {
					if opened++; opened > 1 {
						return &access.Error{Code: access.Denied}
					}
					return nil
				}
			}},
		{how: "it takes a right from everybody", caught: "nobody else is touched, to the byte",
			breaks: func(m *mutant) {
				m.revoke = func(ctx context.Context, _ access.AccountRef, right access.Right) error {
					return m.Do(ctx, http.MethodDelete, "/groups/"+right.ID+"/members", nil)
				}
			}},
		{how: "it locks everybody whose name begins alike", caught: "nobody else is touched, to the byte",
			breaks: func(m *mutant) {
				m.lock = func(ctx context.Context, ref access.AccountRef) error {
					people, err := m.Search(ctx, access.Identifier{By: access.ByUserName, Value: "ada.marsh"})
					for _, p := range people {
						err = errors.Join(err, m.Connector.Lock(ctx, access.AccountRef{System: ref.System, ID: p.ID}))
					}
					return err
				}
			}},
		{how: "its look-up writes", caught: "a dry run sends no write and stores nothing",
			breaks: func(m *mutant) {
				m.find = func(ctx context.Context, s access.Subject) ([]access.Account, error) {
					if err := m.Connector.EndSessions(ctx, access.AccountRef{System: m.System, ID: reference.LeaverID}); err != nil {
						return nil, err
					}
					return m.Connector.Find(ctx, s)
				}
			}},
		{how: "it can be used by one caller at a time only", caught: "eight drives at once end as one does",
			breaks: func(m *mutant) {
				meet := make(chan struct{})
				m.lock = func(ctx context.Context, ref access.AccountRef) error {
					select { // two callers meet, whoever comes first; one alone waits in vain
					case meet <- struct{}{}:
						return &access.Error{Code: access.Invalid}
					case <-meet:
						return &access.Error{Code: access.Invalid}
					case <-time.After(100 * time.Millisecond):
						return m.Connector.Lock(ctx, ref)
					}
				}
			}},
	}
}

// trips makes the mutant refuse everything once an act has failed like this.
func trips(m *mutant, fatal func(error) bool) {
	tripped := false
	watch := func(err error) error {
		tripped = tripped || err != nil && fatal(err)
		return err
	}
	m.lock = func(ctx context.Context, ref access.AccountRef) error { return watch(m.Connector.Lock(ctx, ref)) }
	m.end = func(ctx context.Context, ref access.AccountRef) error {
		return watch(m.Connector.EndSessions(ctx, ref))
	}
	m.revoke = func(ctx context.Context, ref access.AccountRef, right access.Right) error {
		return watch(m.Connector.RevokeRight(ctx, ref, right))
	}
	m.find = func(ctx context.Context, s access.Subject) ([]access.Account, error) {
		if tripped {
			return nil, &access.Error{Code: access.Denied}
		}
		return m.Connector.Find(ctx, s)
	}
	m.state = func(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
		if tripped {
			return access.AccountState{}, &access.Error{Code: access.Denied}
		}
		return m.Connector.State(ctx, ref)
	}
}
