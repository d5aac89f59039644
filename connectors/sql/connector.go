// Package sql ends access to databases: the logins of a PostgreSQL or MariaDB
// server itself, or the accounts that an application keeps in tables of its own,
// by statements from the configuration.
//
// A call is one connection, which is closed with it. A login that is locked keeps
// its open sessions in both servers, so ending them is an act of its own, which is
// proved by counting what is left.
package sql

import (
	"context"
	"slices"
	"sync"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Connector reaches one database server.
type Connector struct {
	system string
	config Config
	book   book

	mu  sync.Mutex
	own []string // the ids of our own accounts, known once Check has passed
}

var (
	_ connectors.Connector    = (*Connector)(nil)
	_ connectors.Locker       = (*Connector)(nil)
	_ connectors.SessionEnder = (*Connector)(nil)
	_ connectors.RightRevoker = (*Connector)(nil)
	_ connectors.Lister       = (*Connector)(nil)
)

// book is where accounts stand and how they are changed there. Ids that reach it
// are well-formed.
type book interface {
	info() connectors.Info
	// wellFormed tells whether an account can have the id.
	wellFormed(id string) bool
	// knows tells whether accounts can be looked up by the key.
	knows(by access.Correlator) bool
	// check proves what can be proved, and returns the ids of our own accounts.
	check(ctx context.Context, l link) (own []string, err error)
	lookup(ctx context.Context, l link, key access.Identifier) ([]access.Account, error)
	state(ctx context.Context, l link, id string) (access.AccountState, error)
	lock(ctx context.Context, l link, id string) error
	unlock(ctx context.Context, l link, before access.AccountState) error
	endSessions(ctx context.Context, l link, id string) error
	sessions(ctx context.Context, l link, id string) (open int, err error)
	rights(ctx context.Context, l link, id string, kind access.RightKind) ([]access.Right, error)
	revoke(ctx context.Context, l link, id string, right access.Right) error
	accounts(ctx context.Context, l link, after string) (connectors.Page[access.Account], error)
}

// New makes a connector. It does no I/O. A wrong configuration is Invalid.
func New(system string, config Config) (*Connector, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	c := &Connector{system: system, config: config}
	switch {
	case config.Tables != nil:
		c.book = tables{*config.Tables, config.Engine}
	case config.Engine == Postgres:
		c.book = roles{config: config, dial: c.dial}
	default:
		c.book = users{config: config}
	}
	return c, nil
}

// Info says what this instance can do. Our own accounts are among it once Check
// has passed.
func (c *Connector) Info() connectors.Info {
	info := c.book.info()
	info.Kind = "sql"
	for _, by := range []access.Correlator{access.ByUserName, access.ByEmail, access.ByEmployeeNumber} {
		if c.book.knows(by) {
			info.Keys = append(info.Keys, by)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	info.OwnAccounts = slices.Clone(c.own)
	return info
}

// Check signs in and proves the permissions that can be read.
func (c *Connector) Check(ctx context.Context) error {
	return c.call(ctx, "check", func(ctx context.Context, l link) error {
		own, err := c.book.check(ctx, l)
		if err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.own = own
		return nil
	})
}

// Find looks by every key of the subject that this system knows, strongest first. A
// key that two accounts have hides none that another key finds.
func (c *Connector) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	keys := slices.DeleteFunc(subject.Identifiers(c.system), func(key access.Identifier) bool {
		return key.By != access.ByID && !c.book.knows(key.By)
	})
	if len(keys) == 0 {
		return nil, c.fail("find accounts", &access.Error{Code: access.Invalid, Hint: "the subject has no key by which this system knows people"})
	}
	var found []access.Account
	err := c.call(ctx, "find accounts", func(ctx context.Context, l link) (doubt error) {
		for _, key := range keys {
			if key.By == access.ByID && !c.book.wellFormed(key.Value) {
				continue
			}
			accounts, err := c.book.lookup(ctx, l, key)
			if access.CodeOf(err) == access.Ambiguous {
				doubt = err
				continue
			}
			if err != nil {
				return err
			}
			for _, account := range accounts {
				account.Ref.System, account.MatchedBy = c.system, key.By
				if !slices.ContainsFunc(found, func(a access.Account) bool { return a.Ref == account.Ref }) {
					found = append(found, account)
				}
			}
		}
		return doubt
	})
	return found, err
}

// State reads the account. An id that no account can have is Absent.
func (c *Connector) State(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
	state := access.AccountState{Status: access.Absent}
	if c.book.wellFormed(ref.ID) {
		if err := c.call(ctx, "read state", func(ctx context.Context, l link) (err error) {
			state, err = c.book.state(ctx, l, ref.ID)
			return err
		}); err != nil {
			return access.AccountState{}, err
		}
	}
	state.Ref, state.ObservedAt = ref, now()
	return state, nil
}

// Lock bars new sign-ins. Our own login and the last administrator are Protected.
func (c *Connector) Lock(ctx context.Context, ref access.AccountRef) error {
	return c.act(ctx, "lock", ref.ID, c.book.lock)
}

// Unlock restores what Info names, as it is in before.
func (c *Connector) Unlock(ctx context.Context, before access.AccountState) error {
	if before.Status != access.Active {
		return nil
	}
	return c.act(ctx, "unlock", before.Ref.ID, func(ctx context.Context, l link, _ string) error { return c.book.unlock(ctx, l, before) })
}

// EndSessions ends every open session.
func (c *Connector) EndSessions(ctx context.Context, ref access.AccountRef) error {
	return c.act(ctx, "end sessions", ref.ID, c.book.endSessions)
}

// Sessions counts the open sessions.
func (c *Connector) Sessions(ctx context.Context, ref access.AccountRef) (access.SessionState, error) {
	var seen access.SessionState
	if !c.book.wellFormed(ref.ID) {
		return access.SessionState{Proof: access.SessionsZero}, nil
	}
	err := c.call(ctx, "read sessions", func(ctx context.Context, l link) (err error) {
		seen.Open, err = c.book.sessions(ctx, l, ref.ID)
		return err
	})
	if err == nil && seen.Open == 0 {
		seen.Proof = access.SessionsZero
	}
	return seen, err
}

// Rights lists the rights of a kind. There is one page.
func (c *Connector) Rights(ctx context.Context, ref access.AccountRef, kind access.RightKind, _ string) (connectors.Page[access.Right], error) {
	var page connectors.Page[access.Right]
	if !slices.Contains(c.Info().Rights, kind) {
		return page, c.fail("list rights", &access.Error{Code: access.Unsupported, Hint: "this system has no rights of that kind"})
	}
	if !c.book.wellFormed(ref.ID) {
		return page, nil
	}
	err := c.call(ctx, "list rights", func(ctx context.Context, l link) (err error) {
		page.Items, err = c.book.rights(ctx, l, ref.ID, kind)
		return err
	})
	return page, err
}

// RevokeRight removes one right.
func (c *Connector) RevokeRight(ctx context.Context, ref access.AccountRef, right access.Right) error {
	if !right.Removable() || !slices.Contains(c.Info().Rights, right.Kind) {
		return c.fail("revoke right", &access.Error{Code: access.Unsupported, Hint: "this right cannot be removed from the account"})
	}
	return c.act(ctx, "revoke right", ref.ID, func(ctx context.Context, l link, id string) error { return c.book.revoke(ctx, l, id, right) })
}

// Accounts lists every account.
func (c *Connector) Accounts(ctx context.Context, cursor string) (connectors.Page[access.Account], error) {
	var page connectors.Page[access.Account]
	err := c.call(ctx, "list accounts", func(ctx context.Context, l link) (err error) {
		page, err = c.book.accounts(ctx, l, cursor)
		return err
	})
	for i := range page.Items {
		page.Items[i].Ref.System = c.system
	}
	return page, err
}
