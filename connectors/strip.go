package connectors

import (
	"context"
	"slices"

	"github.com/killsignal/killsignal/access"
)

// revocable and seats say which kinds of rights the stages revoke and reclaim
// take away.
func revocable(kind access.RightKind) bool { return kind != access.Seat }
func seats(kind access.RightKind) bool     { return kind == access.Seat }

// strip removes, one by one, every right of the wanted kinds that can be removed,
// and lists again. What then remains and is not inherent in having an account
// becomes a person's work, named with the place where it must be removed.
func (s *System) strip(ctx context.Context, job Job, account access.Account, wanted func(access.RightKind) bool, receipt *access.Receipt) error {
	rights, err := s.rights(ctx, account.Ref, wanted)
	if access.CodeOf(err) == access.NotFound {
		return s.vanished(ctx, job, account, err, receipt)
	}
	if err != nil {
		return err
	}
	if job.DryRun {
		receipt.Disposition, receipt.Remaining = access.Pending, rights
		for _, right := range rights {
			if right.Removable() {
				receipt.Acts = append(receipt.Acts, access.Act{What: "revoke-right", Right: &right})
			}
		}
		return nil
	}
	known, err := s.intended(ctx, job, account, receipt.Stage, rights)
	if err != nil {
		return err
	}
	failed := map[string]error{}
	for _, right := range rights {
		if !right.Removable() {
			continue
		}
		err := s.call("revoke right", func() error {
			return s.options.Connector.(RightRevoker).RevokeRight(ctx, account.Ref, right)
		})
		if access.CodeOf(err) != access.NotFound { // gone by another hand is gone
			failed[identity(right)] = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	remaining, err := s.rights(ctx, account.Ref, wanted)
	if err != nil {
		return join(append(failures(rights, failed, receipt), err)...)
	}
	receipt.Remaining = remaining
	s.actsUpon(ctx, account, known, remaining, receipt)
	errs := failures(remaining, failed, receipt)
	if slices.ContainsFunc(remaining, func(r access.Right) bool { return r.Removable() && failed[identity(r)] == nil }) {
		errs = append(errs, &access.Error{Code: access.NotConverged, System: s.Name(), Op: "revoke right", Hint: "a fresh listing still shows rights that were revoked"})
	}
	if len(errs) > 0 {
		return join(errs...)
	}
	if err := s.obstacles(remaining); err != nil {
		return err
	}
	receipt.Disposition, receipt.Proof = access.Verified, access.ListingEmpty
	return nil
}

// failures puts on the receipt which of the rights could not be revoked. The error
// of a revocation that took hold all the same does not matter.
func failures(rights []access.Right, failed map[string]error, receipt *access.Receipt) (errs []error) {
	for _, right := range rights {
		if err := failed[identity(right)]; err != nil {
			errs = append(errs, err)
			receipt.Acts = append(receipt.Acts, access.Act{What: "revoke-right", Right: &right, Error: access.AsError(err, "revoke right")})
		}
	}
	return errs
}

// vanished settles the rights of an account that is not there any more: with it
// they are gone.
func (s *System) vanished(ctx context.Context, job Job, account access.Account, notFound error, receipt *access.Receipt) error {
	state, err := s.state(ctx, account.Ref)
	if err != nil {
		return err
	}
	if state.Status != access.Absent {
		return notFound
	}
	receipt.Before, receipt.After = &state, &state
	return s.absent(ctx, job, access.Intent{Account: account.Ref, Before: state}, receipt)
}

// intended stores the intent for what is listed, and returns every right that
// this case has listed on the account before or now.
func (s *System) intended(ctx context.Context, job Job, account access.Account, stage access.Stage, rights []access.Right) ([]access.Right, error) {
	var known []access.Right
	for _, intent := range job.intents {
		if intent.Stage == stage && intent.Account == account.Ref {
			known = append(known, intent.Rights...)
		}
	}
	fresh := slices.DeleteFunc(slices.Clone(rights), func(r access.Right) bool { return contains(known, r) })
	if len(fresh) == 0 {
		return known, nil
	}
	state, err := s.state(ctx, account.Ref)
	if err != nil {
		return nil, err
	}
	if _, err := s.options.Ledger.Intend(ctx, access.Intent{Case: job.Case, Stage: stage, Account: account.Ref, Name: account.Name,
		Acts: []string{"revoke-right"}, Before: state, Rights: fresh, At: s.now()}); err != nil {
		return nil, access.AsError(err, "store intent")
	}
	return append(known, fresh...), nil
}

// actsUpon writes an act for every right that was there before and is not there
// now, and the outcome of the whole.
func (s *System) actsUpon(ctx context.Context, account access.Account, known, remaining []access.Right, receipt *access.Receipt) {
	receipt.Outcome = access.Unchanged
	for _, right := range known {
		if contains(remaining, right) || !right.Removable() {
			continue
		}
		receipt.Outcome = access.Applied
		done := access.Act{What: "revoke-right", Right: &right, Outcome: access.Applied, Proof: access.ListingEmpty}
		if right.Kind == access.Seat {
			done.What, done.After = "reclaim-seat", s.pool(ctx, account, right)
		}
		receipt.Acts = append(receipt.Acts, done)
	}
}

// pool reads how full the pool of a reclaimed seat is now. It is nil when the
// connector does not tell, which does not make the seat any less reclaimed.
func (s *System) pool(ctx context.Context, account access.Account, seat access.Right) *access.Right {
	counter, ok := s.options.Connector.(PoolCounter)
	if !ok || seat.Pool == nil {
		return nil
	}
	after := seat
	err := s.call("count seats", func() error {
		pool, err := counter.Pool(ctx, seat)
		after.Pool = &pool
		return err
	})
	if err != nil {
		return nil
	}
	return &after
}

// rights lists every right of the wanted kinds that the system has.
func (s *System) rights(ctx context.Context, ref access.AccountRef, wanted func(access.RightKind) bool) ([]access.Right, error) {
	revoker, ok := s.options.Connector.(RightRevoker)
	if !ok {
		return nil, nil
	}
	var all []access.Right
	for _, kind := range s.Info().Rights {
		if !wanted(kind) {
			continue
		}
		err := s.call("list rights", func() error {
			rights, err := Collect(ctx, func(ctx context.Context, cursor string) (Page[access.Right], error) {
				return revoker.Rights(ctx, ref, kind, cursor)
			})
			all = append(all, rights...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// obstacles turns rights that nobody can remove from the account into a person's
// work, or into waiting when they end by themselves.
func (s *System) obstacles(remaining []access.Right) error {
	var errs []error
	for _, right := range remaining {
		e := &access.Error{System: s.Name(), Op: "revoke right", Code: access.Unsupported}
		switch right.Obstacle {
		case access.Inherent:
			continue
		case access.ByGroup:
			// It ends with the membership, which is gone or on the same list.
			e.Code, e.Hint = access.NotConverged, "a "+right.Type+" is inherited from a group and has not gone with it yet"
		case access.ByRule:
			e.Hint = "a " + right.Type + " is given by a rule: exclude the person from the rule, see the report for its name"
		case access.Synced:
			e.Hint = "a " + right.Type + " is mastered in another directory: remove it there, see the report for its name"
		case access.OtherTool:
			e.Hint = "a " + right.Type + " can only be removed with another tool or a higher role, see the report for its name"
		case access.Invisible:
			e.Hint = "the system does not show its " + right.Type + "s: confirm by hand that none is left"
		}
		errs = append(errs, e)
	}
	return join(errs...)
}

// contains tells whether the listing holds the right.
func contains(rights []access.Right, right access.Right) bool {
	return slices.ContainsFunc(rights, func(r access.Right) bool { return identity(r) == identity(right) })
}

// identity is what makes a right the same in two listings.
func identity(r access.Right) string { return string(r.Kind) + "\x00" + r.Type + "\x00" + r.ID }
