package connectortest

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
)

// brokenReaders are mutants that say or see what is not so.
func brokenReaders() []broken {
	return slices.Concat(brokenInfos(), brokenFinders(), brokenStates())
}

func about(change func(*connectors.Info)) func(*mutant) {
	return func(m *mutant) {
		m.info = func() connectors.Info {
			info := m.Connector.Info()
			info.Permissions = maps.Clone(info.Permissions)
			change(&info)
			return info
		}
	}
}

func brokenInfos() []broken {
	return []broken{
		{how: "it does not say its kind", caught: "it says what it is and can",
			breaks: about(func(i *connectors.Info) { i.Kind = "" })},
		{how: "it revokes rights of no kind", caught: "it says what it is and can",
			breaks: about(func(i *connectors.Info) { i.Rights = nil })},
		{how: "it does not name what outlives the lock", caught: "it says what it is and can",
			breaks: about(func(i *connectors.Info) { i.Outlives = 1 })},
		{how: "it does not name the permissions of its lock", caught: "it names the permissions that each capability needs",
			breaks: about(func(i *connectors.Info) { delete(i.Permissions, connectors.CanLock) })},
		{how: "it changes its mind", caught: "what it says of itself does not change once its check has passed",
			breaks: func(m *mutant) {
				asked := 0
				about(func(i *connectors.Info) { asked++; i.Consumes = make([]string, asked) })(m)
			}},
		{how: "its check writes", caught: "its check changes nothing",
			breaks: func(m *mutant) {
				m.check = func(ctx context.Context) error {
					return m.Connector.Unlock(ctx, access.AccountState{Ref: access.AccountRef{ID: reference.OtherID}, Status: access.Active})
				}
			}},
		{how: "it lists the first page of rights only", caught: "its system holds the leaver with everything that the suite needs",
			breaks: func(m *mutant) {
				m.rights = func(ctx context.Context, ref access.AccountRef, kind access.RightKind, cursor string) (connectors.Page[access.Right], error) {
					page, err := m.Connector.Rights(ctx, ref, kind, cursor)
					page.Next = ""
					return page, err
				}
			}},
	}
}

// finds breaks Find by what it does to each identifier.
func finds(each func(ctx context.Context, m *mutant, id access.Identifier) ([]access.Account, error)) func(*mutant) {
	return func(m *mutant) {
		m.find = func(ctx context.Context, s access.Subject) ([]access.Account, error) {
			identifiers := s.Identifiers(m.System)
			if len(identifiers) == 0 {
				return m.Connector.Find(ctx, s)
			}
			var found []access.Account
			for _, id := range identifiers {
				accounts, err := each(ctx, m, id)
				if err != nil {
					return nil, err
				}
				for _, a := range accounts {
					if !slices.Contains(ids(found), a.Ref.ID) {
						found = append(found, a)
					}
				}
			}
			return found, nil
		}
	}
}

// exactly finds what the reference connector finds by one key.
func exactly(ctx context.Context, m *mutant, id access.Identifier) ([]access.Account, error) {
	return m.Connector.Find(ctx, only(m.System, id))
}

// rows finds whatever the directory answers with.
func rows(ctx context.Context, m *mutant, id access.Identifier) ([]access.Account, error) {
	if id.By == access.ByID {
		return exactly(ctx, m, id)
	}
	people, err := m.Search(ctx, id)
	var found []access.Account
	for _, p := range people {
		found = append(found, access.Account{Ref: access.AccountRef{System: m.System, ID: p.ID}, MatchedBy: id.By, Status: access.Active})
	}
	return found, err
}

func brokenFinders() []broken {
	return []broken{
		{how: "it does not look by employee number", caught: "the leaver is found by every key alone",
			breaks: finds(func(ctx context.Context, m *mutant, id access.Identifier) ([]access.Account, error) {
				if id.By == access.ByEmployeeNumber {
					return nil, nil
				}
				return exactly(ctx, m, id)
			})},
		{how: "it takes the first row of an unfiltered answer", caught: "the leaver is found by every key alone",
			breaks: finds(func(ctx context.Context, m *mutant, id access.Identifier) ([]access.Account, error) {
				found, err := rows(ctx, m, id)
				return found[:min(len(found), 1)], err
			})},
		{how: "it finds an account once for each key", caught: "the leaver's account is found once, active, under its id",
			breaks: func(m *mutant) {
				m.find = func(ctx context.Context, s access.Subject) (all []access.Account, err error) {
					for _, id := range s.Identifiers(m.System) {
						found, err := exactly(ctx, m, id)
						if err != nil {
							return nil, err
						}
						all = append(all, found...)
					}
					return all, nil
				}
			}},
		{how: "it cuts keys off at nine characters", caught: "a lookalike finds only itself",
			breaks: finds(func(ctx context.Context, m *mutant, id access.Identifier) ([]access.Account, error) {
				id.Value = id.Value[:min(len(id.Value), 9)]
				return exactly(ctx, m, id)
			})},
		{how: "it matches by prefix", caught: "part of a key finds nobody", breaks: finds(rows)},
		{how: "it reads wildcards", caught: "a key with a filter's syntax in it finds nobody",
			breaks: finds(func(ctx context.Context, m *mutant, id access.Identifier) ([]access.Account, error) {
				id.Value = strings.TrimSuffix(id.Value, "*")
				if id.Value == "" {
					return rows(ctx, m, id)
				}
				return exactly(ctx, m, id)
			})},
		{how: "it calls nobody an error", caught: "somebody without an account has none",
			breaks: func(m *mutant) {
				m.find = func(ctx context.Context, s access.Subject) ([]access.Account, error) {
					found, err := m.Connector.Find(ctx, s)
					if err == nil && len(found) == 0 {
						err = &access.Error{Code: access.NotFound}
					}
					return found, err
				}
			}},
		{how: "it finds everybody when it is given no key", caught: "a subject without a usable key is refused",
			breaks: func(m *mutant) {
				m.find = func(ctx context.Context, s access.Subject) ([]access.Account, error) {
					if len(s.Identifiers(m.System)) == 0 {
						return connectors.Collect(ctx, m.Connector.Accounts)
					}
					return m.Connector.Find(ctx, s)
				}
			}},
		{how: "it does not find who is locked", caught: "a locked leaver is still found",
			breaks: func(m *mutant) {
				m.find = func(ctx context.Context, s access.Subject) ([]access.Account, error) {
					found, err := m.Connector.Find(ctx, s)
					return slices.DeleteFunc(found, func(a access.Account) bool { return a.Status == access.Locked }), err
				}
			}},
		{how: "it lists the first page of accounts only", caught: "a listing of all accounts holds each once",
			breaks: func(m *mutant) {
				m.accounts = func(ctx context.Context, cursor string) (connectors.Page[access.Account], error) {
					page, err := m.Connector.Accounts(ctx, cursor)
					page.Next = ""
					return page, err
				}
			}},
	}
}

func brokenStates() []broken {
	return []broken{
		{how: "it reads somebody else", caught: "an account is read under its id",
			breaks: func(m *mutant) {
				m.state = func(ctx context.Context, _ access.AccountRef) (access.AccountState, error) {
					return m.Connector.State(ctx, access.AccountRef{System: m.System, ID: reference.OtherID})
				}
			}},
		{how: "it caches what it has read", caught: "a read is fresh",
			breaks: func(m *mutant) {
				cache := map[access.AccountRef]access.AccountState{}
				m.state = func(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
					if state, ok := cache[ref]; ok {
						return state, nil
					}
					state, err := m.Connector.State(ctx, ref)
					cache[ref] = state
					return state, err
				}
			}},
		{how: "it calls absence an error", caught: "an unknown id is absent",
			breaks: func(m *mutant) {
				m.state = func(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
					state, err := m.Connector.State(ctx, ref)
					if err == nil && state.Status == access.Absent {
						err = &access.Error{Code: access.NotFound}
					}
					return state, err
				}
			}},
		{how: "it puts ids into paths as they are", caught: "a malformed id never reaches another resource",
			breaks: func(m *mutant) {
				m.state = func(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
					err := m.Do(ctx, http.MethodGet, "/people/"+ref.ID, nil)
					if access.CodeOf(err) == access.NotFound {
						err = nil
					}
					return access.AccountState{Ref: ref, Status: access.Absent}, err
				}
			}},
		{how: "it writes under malformed ids", caught: "a malformed id never reaches another resource",
			breaks: func(m *mutant) {
				m.lock = func(ctx context.Context, ref access.AccountRef) error {
					id, _, _ := strings.Cut(ref.ID, "/")
					return m.Connector.Lock(ctx, access.AccountRef{System: ref.System, ID: id})
				}
			}},
	}
}
