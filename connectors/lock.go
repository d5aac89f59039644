package connectors

import (
	"context"
	"time"

	"github.com/killsignal/killsignal/access"
)

// lock bars new sign-ins and ends what is open: disable, end sessions, read that
// it is locked, and end sessions again, because one may have been opened between.
func (s *System) lock(ctx context.Context, job Job, account access.Account, receipt *access.Receipt) error {
	before, err := s.state(ctx, account.Ref)
	if err != nil {
		return err
	}
	receipt.Before, receipt.After = &before, &before
	locker, canLock := s.options.Connector.(Locker)
	ender, canEnd := s.options.Connector.(SessionEnder)
	canLock, canEnd = canLock && s.Can(CanLock), canEnd && s.Can(CanEndSessions)
	acts := acts(before, canLock, canEnd)
	if job.DryRun {
		receipt.Disposition = access.Pending
		for _, act := range acts {
			receipt.Acts = append(receipt.Acts, access.Act{What: act})
		}
		return nil
	}
	if before.Status == access.Absent {
		// An intent is for ever: a stale "not found" must not become the state before.
		if err := s.absent(ctx, job, access.Intent{Account: account.Ref, Before: before}, receipt); err != nil {
			return err
		}
	}
	if before.Status == access.Active {
		if err := s.brake.pull(account.Ref.ID, s.now()); err != nil {
			return err
		}
	}
	intent, err := s.options.Ledger.Intend(ctx, access.Intent{Case: job.Case, Stage: access.Lock, Account: account.Ref,
		Name: account.Name, Acts: acts, Before: before, At: s.now()})
	if err != nil {
		return access.AsError(err, "store intent")
	}
	receipt.Before = &intent.Before

	if before.Status == access.Active && !canLock {
		return &access.Error{Code: access.Unsupported, System: s.Name(), Op: "lock", Hint: "this system cannot be locked from here; lock the account by hand"}
	}
	var lockErr error
	if before.Status == access.Active {
		lockErr = s.call("lock", func() error { return locker.Lock(ctx, account.Ref) })
	}
	began := s.now()
	var endErr error
	endSessions := func() {
		if canEnd {
			endErr = s.call("end sessions", func() error { return ender.EndSessions(ctx, account.Ref) })
		}
	}
	endSessions()
	after, err := s.settled(ctx, account.Ref, lockErr)
	receipt.After = &after
	receipt.Acts = append(receipt.Acts, act("lock", intent.Before.Status == access.Active, lockErr, access.StateReadBack))
	if err != nil {
		return err
	}
	if after.Status == access.Absent {
		return s.absent(ctx, job, intent, receipt)
	}
	if canEnd {
		endSessions()
		if err := s.sessions(ctx, ender, account, began, endErr, receipt); err != nil {
			return err
		}
	}
	receipt.Outcome = outcome(intent.Before.Status == access.Active)
	receipt.Disposition, receipt.Proof = access.Verified, access.StateReadBack
	if info := s.Info(); info.Outlives > 0 {
		receipt.Residual = &access.Residual{System: s.Name(), What: info.OutlivesWhat, Until: s.now().Add(info.Outlives)}
	}
	return nil
}

// acts names what a lock would do to an account in this state.
func acts(before access.AccountState, canLock, canEnd bool) []string {
	var acts []string
	if before.Status == access.Active && canLock {
		acts = append(acts, "lock")
	}
	if before.Status != access.Absent && canEnd {
		acts = append(acts, "end-sessions")
	}
	return acts
}

// settled reads the account until it is seen locked or gone, for as long as the
// system says that takes and the context allows. What the read shows decides, not
// what the lock answered: an answer may be lost after the lock took hold.
func (s *System) settled(ctx context.Context, ref access.AccountRef, lockErr error) (access.AccountState, error) {
	patience := s.now().Add(s.Info().Settle)
	for pause := 25 * time.Millisecond; ; pause *= 2 {
		after, err := s.state(ctx, ref)
		switch {
		case err != nil:
			return after, err
		case after.Status != access.Active:
			return after, nil
		case lockErr != nil && access.CodeOf(lockErr) != access.Unknown:
			return after, lockErr
		case s.now().After(patience):
			return after, &access.Error{Code: access.NotConverged, System: s.Name(), Op: "lock", Hint: "a fresh read still shows the account active", Cause: lockErr}
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return after, &access.Error{Code: access.NotConverged, System: s.Name(), Op: "lock", Cause: ctx.Err()}
		}
	}
}

// absent proves that an account which is not found under its id is gone: a
// look-up by the subject's other keys must not find it either.
func (s *System) absent(ctx context.Context, job Job, intent access.Intent, receipt *access.Receipt) error {
	found, err := s.find(ctx, job.Subject)
	if err != nil {
		return err
	}
	for _, account := range found {
		if account.Ref == intent.Account {
			return &access.Error{Code: access.NotConverged, System: s.Name(), Op: "prove absence",
				Hint: "the account is not found under its id and still found by another key"}
		}
	}
	receipt.Outcome = outcome(intent.Before.Status == access.Active)
	receipt.Disposition, receipt.Proof = access.Gone, access.NotFoundTwice
	return nil
}

// sessions reads what is left of sessions and tokens after they were ended.
func (s *System) sessions(ctx context.Context, ender SessionEnder, account access.Account, began time.Time, endErr error, receipt *access.Receipt) error {
	var seen access.SessionState
	readErr := s.call("read sessions", func() (err error) {
		seen, err = ender.Sessions(ctx, account.Ref)
		return err
	})
	ended := act("end-sessions", true, endErr, seen.Proof)
	receipt.Acts = append(receipt.Acts, ended)
	if readErr == nil {
		receipt.Sessions = &seen
	}
	switch {
	case endErr != nil:
		return endErr
	case readErr != nil:
		return readErr
	case seen.Open > 0:
		return &access.Error{Code: access.NotConverged, System: s.Name(), Op: "end sessions", Hint: "sessions or tokens are still open"}
	case seen.Proof == access.StateReadBack && seen.ValidFrom.Before(began.Add(-clockSkew)):
		return &access.Error{Code: access.NotConverged, System: s.Name(), Op: "end sessions", Hint: "a fresh read does not show that sessions were ended now"}
	}
	return nil
}

// clockSkew is how far a provider's clock may be from ours.
const clockSkew = 5 * time.Minute

func act(what string, applied bool, err error, proof access.Proof) access.Act {
	a := access.Act{What: what, Outcome: outcome(applied), Proof: proof, Error: access.AsError(err, what)}
	if err != nil {
		a.Outcome, a.Proof = "", ""
	}
	return a
}

func outcome(applied bool) access.Outcome {
	if applied {
		return access.Applied
	}
	return access.Unchanged
}

// detachedTime is how long work in hand may go on after its context has ended.
const detachedTime = 5 * time.Second

// detached returns a context that outlives the end of ctx, for a while.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), detachedTime)
}
