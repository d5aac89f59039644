package reference

import (
	"context"
	"net/http"
	"net/url"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Write sends a request about a person that changes something. A person or a
// right that is not there needs no change.
func (c *Connector) Write(ctx context.Context, method, id, rest string) error {
	path, err := c.Path(id, rest)
	if err != nil {
		return err
	}
	err = c.Do(ctx, method, path, nil)
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	return err
}

// Lock implements connectors.Locker.
func (c *Connector) Lock(ctx context.Context, ref access.AccountRef) error {
	return c.Write(ctx, http.MethodPost, ref.ID, "/lock")
}

// Unlock implements connectors.Locker.
func (c *Connector) Unlock(ctx context.Context, before access.AccountState) error {
	if before.Status != access.Active {
		return nil
	}
	return c.Write(ctx, http.MethodPost, before.Ref.ID, "/unlock")
}

// EndSessions implements connectors.SessionEnder.
func (c *Connector) EndSessions(ctx context.Context, ref access.AccountRef) error {
	return c.Write(ctx, http.MethodDelete, ref.ID, "/sessions")
}

// Sessions implements connectors.SessionEnder.
func (c *Connector) Sessions(ctx context.Context, ref access.AccountRef) (access.SessionState, error) {
	path, err := c.Path(ref.ID, "/sessions")
	if err != nil {
		return access.SessionState{}, err
	}
	var open []string
	err = c.Do(ctx, http.MethodGet, path, &open)
	return access.SessionState{Proof: access.SessionsZero, Open: len(open)}, err
}

// Rights implements connectors.RightRevoker.
func (c *Connector) Rights(ctx context.Context, ref access.AccountRef, kind access.RightKind, cursor string) (connectors.Page[access.Right], error) {
	var rights connectors.Page[access.Right]
	path, err := c.Path(ref.ID, "/rights/"+url.PathEscape(string(kind)))
	if err != nil {
		return rights, err
	}
	var p page[right]
	if err := c.Do(ctx, http.MethodGet, path+"?"+url.Values{"cursor": {cursor}}.Encode(), &p); err != nil {
		return rights, err
	}
	rights.Next = p.Next
	for _, r := range p.Items {
		rights.Items = append(rights.Items, access.Right{Kind: kind, Type: "membership", ID: r.ID, Obstacle: r.Obstacle, Pool: r.Pool})
	}
	return rights, nil
}

// RevokeRight implements connectors.RightRevoker.
func (c *Connector) RevokeRight(ctx context.Context, ref access.AccountRef, right access.Right) error {
	return c.Write(ctx, http.MethodDelete, ref.ID, "/rights/"+url.PathEscape(string(right.Kind))+"/"+url.PathEscape(right.ID))
}

// Pool implements connectors.PoolCounter.
func (c *Connector) Pool(ctx context.Context, seat access.Right) (access.Pool, error) {
	var pool access.Pool
	err := c.Do(ctx, http.MethodGet, "/groups/"+url.PathEscape(seat.ID)+"/pool", &pool)
	return pool, err
}
