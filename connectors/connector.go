// Package connectors holds the contract that every connector meets and the
// guarded [System] through which the rest of Killsignal uses one.
//
// A connector is the code for one kind of system. It observes; acting is
// optional, by the small interfaces in this package, which are found by type
// assertion. It never retries, never caches a read, never logs, and never
// returns an error other than [access.Error].
//
// HTTP connectors, those on a provider's SDK too, send everything through
// package transport, which owns deadlines, pacing, retries and the mapping of
// statuses to codes.
package connectors

import (
	"context"
	"slices"
	"time"

	"github.com/killsignal/killsignal/access"
)

// Connector reaches one system. Implementations are safe for concurrent use.
type Connector interface {
	// Info says what this instance can do and what is known of its system. It
	// does no I/O, and does not change once Check has passed.
	Info() Info

	// Check proves that the credential works and carries the permissions that
	// the capabilities of this instance need, as far as that can be read. It
	// changes nothing. A missing permission is Denied and is named in the hint.
	Check(ctx context.Context) error

	// Find returns the accounts that are this subject's and nobody else's,
	// locked ones included. None is an empty slice and no error. Every row that
	// a provider returns is compared with the key that was asked for, case-
	// insensitively where the system is so, since providers that ignore a filter
	// return everybody. More rows than one for a key that must be unique is
	// Ambiguous. A subject without a usable key is Invalid. A look-up that we may
	// not make is Denied, never "none". Accounts that come with an error are
	// certainly the subject's; the error is what keeps Find from being sure that
	// there are no others.
	Find(ctx context.Context, subject access.Subject) ([]access.Account, error)

	// State reads the account afresh, under its immutable id. An account that is
	// not there has the status Absent and no error; an answer that we may not see
	// is Denied.
	State(ctx context.Context, ref access.AccountRef) (access.AccountState, error)
}

// Info is what a connector knows about its instance and its system.
type Info struct {
	Kind string // okta, entraid, scim, …

	// IdentityProvider systems are locked first.
	IdentityProvider bool

	// Keys are the kinds of keys by which this instance looks people up, ByID left
	// out: an id that is not found proves nothing about anybody.
	Keys []access.Correlator

	// Rights are the kinds of rights that this instance lists and revokes, when
	// it is a RightRevoker.
	Rights []access.RightKind

	// Without narrows the capabilities that the type has to those that this
	// instance has. Nothing can widen them.
	Without []Capability

	// Settle is how long the system takes until a change is seen by every reader.
	// Zero means that a read after a write sees it.
	Settle time.Duration

	// Outlives is how long access that was open at the lock can go on, at the
	// longest, after the lock and the end of sessions: access tokens that cannot
	// be recalled. OutlivesWhat names it. Zero means that none does.
	Outlives     time.Duration
	OutlivesWhat string

	// Revives lists what an Unlock would bring back to life.
	Revives []string
	// Restores lists the attributes of AccountState that Unlock restores, and
	// Consumes what the lock destroys for good.
	Restores, Consumes []string

	// Permissions lists what the credential must be allowed, per capability.
	Permissions map[Capability][]string

	// OwnAccounts are the ids of the accounts that this connector itself uses.
	// System protects them.
	OwnAccounts []string
}

// Capability is one thing that a connector can do.
type Capability string

// The capabilities.
const (
	CanFind        Capability = "find"
	CanLock        Capability = "lock"
	CanEndSessions Capability = "end-sessions"
	CanRevoke      Capability = "revoke-rights"
	CanList        Capability = "list"
)

// Locker bars new sign-ins.
type Locker interface {
	// Lock bars new sign-ins. The connector owns the order inside, such as
	// scramble before disable. Locking what is locked or absent is no error and
	// changes nothing. An account mastered elsewhere is Unsupported, with the
	// source of authority in the hint.
	Lock(ctx context.Context, ref access.AccountRef) error
	// Unlock restores the attributes that Info().Restores names, as they are in
	// before. It is called by reinstatement and itemised undo only.
	Unlock(ctx context.Context, before access.AccountState) error
}

// SessionEnder ends sessions and recalls refresh tokens.
type SessionEnder interface {
	// EndSessions ends every session and recalls every token that can be
	// recalled. With none open, or no account, it is no error.
	EndSessions(ctx context.Context, ref access.AccountRef) error
	// Sessions reads what can be read of them, afresh.
	Sessions(ctx context.Context, ref access.AccountRef) (access.SessionState, error)
}

// RightRevoker lists and removes what hangs on an account.
type RightRevoker interface {
	// Rights lists one page of the rights of a kind. The cursor of the first page
	// is "". Rights that cannot be removed are listed with their Obstacle, never
	// left out. A listing that we may not see is Denied; one that the system does
	// not offer holds one right with the obstacle Invisible.
	Rights(ctx context.Context, ref access.AccountRef, kind access.RightKind, cursor string) (Page[access.Right], error)
	// RevokeRight removes one right. One that is gone already is no error.
	RevokeRight(ctx context.Context, ref access.AccountRef, right access.Right) error
}

// PoolCounter counts the seats of a licence afresh, for the count after a seat
// was reclaimed. The connector of a system with seats should have it.
type PoolCounter interface {
	Pool(ctx context.Context, seat access.Right) (access.Pool, error)
}

// Lister lists every account of the system, page by page, for scans.
type Lister interface {
	Accounts(ctx context.Context, cursor string) (Page[access.Account], error)
}

// Page is one page of a listing. Next is the cursor of the page after it, ""
// after the last one.
type Page[T any] struct {
	Items []T
	Next  string
}

// Capabilities derives what the connector can do from the interfaces it has,
// narrowed by its Info.
func Capabilities(c Connector) []Capability {
	has := []Capability{CanFind}
	if _, ok := c.(Locker); ok {
		has = append(has, CanLock)
	}
	if _, ok := c.(SessionEnder); ok {
		has = append(has, CanEndSessions)
	}
	if _, ok := c.(RightRevoker); ok {
		has = append(has, CanRevoke)
	}
	if _, ok := c.(Lister); ok {
		has = append(has, CanList)
	}
	without := c.Info().Without
	return slices.DeleteFunc(has, func(have Capability) bool { return slices.Contains(without, have) })
}

// MaxPages bounds every listing.
const MaxPages = 10_000

// Collect walks a listing to its end. A cursor that comes back a second time, or
// more than [MaxPages] pages, is Unknown: the listing proves nothing.
func Collect[T any](ctx context.Context, page func(ctx context.Context, cursor string) (Page[T], error)) ([]T, error) {
	var all []T
	seen := map[string]bool{}
	for cursor := ""; ; {
		p, err := page(ctx, cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if p.Next == "" {
			return all, nil
		}
		if seen[p.Next] || len(seen) >= MaxPages {
			return nil, &access.Error{Code: access.Unknown, Op: "walk listing",
				Hint: "the listing does not end: the provider repeats a page"}
		}
		seen[p.Next] = true
		cursor = p.Next
	}
}
