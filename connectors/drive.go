package connectors

import (
	"context"
	"errors"
	"slices"

	"github.com/killsignal/killsignal/access"
)

// Job is what a System is asked to do for one case: to take the subject's
// accounts through stages.
type Job struct {
	Case    string
	Subject access.Subject
	Stages  []access.Stage
	// DryRun reads everything and changes nothing: receipts say what would be done.
	DryRun bool

	intents []access.Intent // of this case on this system, as they were when the drive began
}

// Cell is how one stage of one system ended, over all accounts of the subject.
type Cell struct {
	Stage       access.Stage
	Disposition access.Disposition
	Error       *access.Error // why it is not done; nil when it is
	Residual    *access.Residual
	Accounts    int
}

// Progress is what a drive did: a cell for every stage asked for that this system
// takes part in, and a receipt for every stage and account.
type Progress struct {
	Cells    []Cell
	Receipts []access.Receipt
}

// Err returns the first transient trouble, which trying again can heal, or nil.
func (p Progress) Err() error {
	for _, cell := range p.Cells {
		if cell.Disposition == access.Running {
			return cell.Error
		}
	}
	return nil
}

// Drive takes the accounts of the subject through the stages, in the order of the
// stages. It may be repeated at any time, also after it was cut off: what is done
// is read, found done, and not done again.
//
// A cell ends Verified or Gone when a fresh read shows it, Manual when only a
// person can go on, Running when trying again can, and Pending when the lock stands
// in its way: nothing else is done to an account that is not locked.
func (s *System) Drive(ctx context.Context, job Job) Progress {
	var progress Progress
	stages := slices.DeleteFunc(slices.Clone(job.Stages), func(stage access.Stage) bool { return !s.takesPart(stage) })
	accounts, err := s.takeStock(ctx, &job)
	if err == nil && len(accounts) == 0 {
		err = s.trust(ctx, job.Subject)
	}
	if err != nil || len(accounts) == 0 {
		s.unsure(ctx, job, stages, err, len(accounts) == 0, &progress)
	}
	for _, account := range accounts {
		blocked := false
		for _, stage := range stages {
			if blocked {
				progress.add(access.Receipt{Case: job.Case, Stage: stage, System: s.Name(), Account: account.Ref, Disposition: access.Pending})
				continue
			}
			receipt := s.file(ctx, job, s.stage(ctx, job, stage, account))
			progress.add(receipt)
			blocked = stage == access.Lock && receipt.Disposition.Open() && !job.DryRun
		}
	}
	return progress
}

// unsure writes down what is known beyond the accounts that were found: that there
// are none, or that, and why, there may be others. It counts for the first stage;
// later ones wait for it only when no account was found at all.
func (s *System) unsure(ctx context.Context, job Job, stages []access.Stage, err error, none bool, progress *Progress) {
	for i, stage := range stages {
		receipt := s.receipt(job, access.Account{}, stage)
		switch {
		case err == nil:
			receipt.Disposition, receipt.Proof = access.Gone, access.NoRow
		case i == 0:
			receipt.Disposition, receipt.Proof, receipt.Error = stuck(err), access.Unprovable, access.AsError(err, "find accounts")
		case none:
			receipt.Disposition = access.Pending
		default:
			return
		}
		progress.add(s.file(ctx, job, receipt))
	}
}

// takeStock returns the accounts that a look-up finds and those that this case
// has acted on before: names move, and some systems hide what they have locked.
// An error beside accounts is what keeps the look-up from being sure that there are
// no others.
func (s *System) takeStock(ctx context.Context, job *Job) ([]access.Account, error) {
	known, err := s.options.Ledger.Intents(ctx, job.Case, s.Name())
	if err != nil && !slices.Contains(job.Stages, access.Lock) {
		return nil, access.AsError(err, "read intents") // only a lock goes on without the evidence store
	}
	job.intents = known
	accounts, err := s.find(ctx, job.Subject)
	for _, intent := range known {
		if !slices.ContainsFunc(accounts, func(a access.Account) bool { return a.Ref == intent.Account }) {
			accounts = append(accounts, access.Account{Ref: intent.Account, Name: intent.Name, MatchedBy: access.ByID})
		}
	}
	slices.SortFunc(accounts, func(a, b access.Account) int { return a.Ref.Compare(b.Ref) })
	return accounts, err
}

// stage takes one account through one stage.
func (s *System) stage(ctx context.Context, job Job, stage access.Stage, account access.Account) access.Receipt {
	receipt := s.receipt(job, account, stage)
	ctx, exchanges := recording(ctx)
	var err error
	if protected(s.options.Protected, s.Info().OwnAccounts, account) {
		err = &access.Error{Code: access.Protected, System: s.Name(), Op: "check guards", Hint: "the account is protected and was not touched"}
	} else {
		switch stage {
		case access.Lock:
			err = s.lock(ctx, job, account, &receipt)
		case access.Revoke:
			err = s.strip(ctx, job, account, revocable, &receipt)
		case access.Reclaim:
			err = s.strip(ctx, job, account, seats, &receipt)
		case access.Verify:
			err = s.verify(ctx, job, account, &receipt)
		}
	}
	receipt.Exchanges = exchanges.Exchanges()
	if err != nil {
		receipt.Disposition, receipt.Error = stuck(err), access.AsError(err, string(stage))
	}
	return receipt
}

// stuck is the disposition of a cell that err keeps from its end.
func stuck(err error) access.Disposition {
	if access.CodeOf(err).Transient() {
		return access.Running
	}
	return access.Manual
}

func (s *System) receipt(job Job, account access.Account, stage access.Stage) access.Receipt {
	return access.Receipt{Case: job.Case, Stage: stage, System: s.Name(), Account: account.Ref, Name: account.Name,
		MatchedBy: account.MatchedBy, DryRun: job.DryRun, StartedAt: s.now()}
}

// file stores the receipt. One that cannot be stored is not done: the evidence
// is part of the job.
func (s *System) file(ctx context.Context, job Job, receipt access.Receipt) access.Receipt {
	receipt.DoneAt = s.now()
	if job.DryRun {
		return receipt
	}
	// A budget that ran out during the last call must not lose what was done.
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := s.options.Ledger.Record(ctx, receipt); err != nil && receipt.Error == nil {
		receipt.Disposition, receipt.Error = access.Running, access.AsError(err, "store receipt")
	}
	return receipt
}

// add folds a receipt into the cell of its stage: the cell stands as its worst
// account does.
func (p *Progress) add(receipt access.Receipt) {
	p.Receipts = append(p.Receipts, receipt)
	i := slices.IndexFunc(p.Cells, func(c Cell) bool { return c.Stage == receipt.Stage })
	if i < 0 {
		i = len(p.Cells)
		p.Cells = append(p.Cells, Cell{Stage: receipt.Stage, Disposition: access.Gone})
	}
	cell := &p.Cells[i]
	if receipt.Account != (access.AccountRef{}) {
		cell.Accounts++
	}
	if worst := access.Worst(cell.Disposition, receipt.Disposition); worst != cell.Disposition {
		cell.Disposition, cell.Error = receipt.Disposition, receipt.Error
	}
	if r := receipt.Residual; r != nil && (cell.Residual == nil || cell.Residual.Until.Before(r.Until)) {
		cell.Residual = r
	}
}

// join keeps every error and the code of the worst: what can be tried again
// hides what cannot only until it is healed.
func join(errs ...error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	slices.SortStableFunc(errs, func(a, b error) int {
		switch {
		case stuck(a) == stuck(b):
			return 0
		case access.Worst(stuck(a), stuck(b)) == stuck(a):
			return -1
		}
		return 1
	})
	return errors.Join(errs...)
}
