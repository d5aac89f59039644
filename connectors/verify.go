package connectors

import (
	"context"

	"github.com/killsignal/killsignal/access"
)

// verify reads again, after the system's settle time, whether the account is
// still locked and still has no rights. When it is not, a sync, a password change
// or somebody else has undone it: it is locked and stripped again, and the cell
// stays open until a later read shows that it holds.
func (s *System) verify(ctx context.Context, job Job, account access.Account, receipt *access.Receipt) error {
	state, err := s.state(ctx, account.Ref)
	if err != nil {
		return err
	}
	receipt.Before, receipt.After = &state, &state
	if job.DryRun {
		receipt.Disposition = access.Pending
		return nil
	}
	if state.Status == access.Absent {
		return s.absent(ctx, job, access.Intent{Account: account.Ref, Before: state}, receipt)
	}
	var left []access.Right
	if s.takesPart(access.Revoke) {
		if left, err = s.rights(ctx, account.Ref, revocable); err != nil {
			return err
		}
	}
	undone, err := s.reopened(ctx, account.Ref)
	if err != nil {
		return err
	}
	undone = undone || state.Status == access.Active
	for _, right := range left {
		undone = undone || right.Removable()
	}
	if undone {
		return s.again(ctx, job, account, receipt)
	}
	receipt.Remaining = left
	receipt.Disposition, receipt.Proof, receipt.Outcome = access.Verified, access.StateReadBack, access.Unchanged
	return nil // what only a person can remove, the revoke stage has told
}

// reopened tells whether sessions or tokens are open on an account that was locked.
func (s *System) reopened(ctx context.Context, ref access.AccountRef) (bool, error) {
	ender, ok := s.options.Connector.(SessionEnder)
	if !ok || !s.Can(CanEndSessions) {
		return false, nil
	}
	var seen access.SessionState
	err := s.call("read sessions", func() (err error) {
		seen, err = ender.Sessions(ctx, ref)
		return err
	})
	return seen.Open > 0, err
}

// again locks and strips once more and asks to be called again after the settle
// time.
func (s *System) again(ctx context.Context, job Job, account access.Account, receipt *access.Receipt) error {
	err := s.lock(ctx, job, account, receipt)
	if err == nil && s.takesPart(access.Revoke) {
		err = s.strip(ctx, job, account, revocable, receipt)
	}
	receipt.Disposition, receipt.Proof = "", ""
	if err != nil {
		return err
	}
	return &access.Error{Code: access.NotConverged, System: s.Name(), Op: "verify", RetryAfter: s.Info().Settle,
		Hint: "the account had come back to life and was killed again"}
}
