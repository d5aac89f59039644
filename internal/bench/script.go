package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// script kills by a plain goroutine for each application: the same calls through
// the same connectors, without Temporal, guards or evidence. It is not told the
// slow one either.
func (b *bench) script(ctx context.Context) error {
	var wait sync.WaitGroup
	errs := make([]error, len(b.house.Systems))
	for i, system := range b.house.Systems {
		wait.Go(func() {
			if err := b.killOne(ctx, b.connectors[system.Name()]); err != nil {
				errs[i] = fmt.Errorf("script on %s: %w", system.Name(), err)
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func (b *bench) killOne(ctx context.Context, c connectors.Connector) error {
	accounts, err := c.Find(ctx, b.subject)
	if err != nil {
		return err
	}
	if len(accounts) != 1 {
		return fmt.Errorf("%d accounts", len(accounts))
	}
	ref := accounts[0].Ref
	if _, err := c.State(ctx, ref); err != nil {
		return err
	}
	if err := c.(connectors.Locker).Lock(ctx, ref); err != nil {
		return err
	}
	if err := locked(ctx, c, ref); err != nil {
		return err
	}
	if b.row.takes(access.Revoke) {
		if err := leave(ctx, c, ref); err != nil {
			return err
		}
	}
	if !b.row.takes(access.Verify) {
		return nil
	}
	time.Sleep(b.row.settle)
	if _, err := c.Find(ctx, b.subject); err != nil {
		return err
	}
	if err := locked(ctx, c, ref); err != nil || !b.row.takes(access.Revoke) {
		return err
	}
	return groupless(ctx, c, ref)
}

// leave removes the account from its groups.
func leave(ctx context.Context, c connectors.Connector, ref access.AccountRef) error {
	revoker := c.(connectors.RightRevoker)
	rights, err := revoker.Rights(ctx, ref, access.Grant, "")
	if err != nil {
		return err
	}
	if _, err := c.State(ctx, ref); err != nil { // the state before the revocation
		return err
	}
	for _, right := range rights.Items {
		if err := revoker.RevokeRight(ctx, ref, right); err != nil {
			return err
		}
	}
	return groupless(ctx, c, ref)
}

func locked(ctx context.Context, c connectors.Connector, ref access.AccountRef) error {
	state, err := c.State(ctx, ref)
	if err == nil && state.Status != access.Locked {
		return errors.New("a read after the lock does not show it")
	}
	return err
}

func groupless(ctx context.Context, c connectors.Connector, ref access.AccountRef) error {
	rights, err := c.(connectors.RightRevoker).Rights(ctx, ref, access.Grant, "")
	if err == nil && len(rights.Items) > 0 {
		return errors.New("a listing after the revocation is not empty")
	}
	return err
}
