package evidence

import (
	"context"
	"slices"

	"github.com/killsignal/killsignal/access"
)

// Intend stores the intent unless the case has one with the same key, and returns the one that
// is stored. With the store down, intents of the lock stage go to the spool and all others are
// unavailable.
func (s *Store) Intend(ctx context.Context, intent access.Intent) (access.Intent, error) {
	if intent.Case == "" || intent.Account.System == "" || intent.Account.ID == "" {
		return intent, invalid(opIntend, "an intent names its case and its account")
	}
	name := intentName(intent)
	stored, err := establish(ctx, s, opIntend, name, intent, urgency(intent.Stage))
	if s.canSpool(ctx, err) && intent.Stage == access.Lock {
		return establishSpooled(ctx, s, opIntend, name, intent)
	}
	return stored, err
}

// Record stores a receipt. The same receipt again is no error and no second record. With the
// store down, receipts of the lock stage go to the spool and all others are unavailable.
func (s *Store) Record(ctx context.Context, receipt access.Receipt) error {
	if receipt.Case == "" || receipt.System == "" {
		return invalid(opRecord, "a receipt names its case and its system")
	}
	data, err := encode(opRecord, receipt)
	if err != nil {
		return err
	}
	name := receiptName(receipt, data)
	_, err = s.create(ctx, opRecord, name, data, urgency(receipt.Stage))
	if s.canSpool(ctx, err) && receipt.Stage == access.Lock {
		_, err = establishSpooled(ctx, s, opRecord, name, receipt)
	}
	return err
}

// Intents returns the intents of a case on one system, the oldest first. With the store down it
// returns those in the spool, and the error.
func (s *Store) Intents(ctx context.Context, caseID, system string) ([]access.Intent, error) {
	intents, err := gather[access.Intent](ctx, s, opIntents, systemIntentsPrefix(caseID, system), brief)
	slices.SortStableFunc(intents, compareIntents)
	return intents, err
}

// AllIntents returns the intents of a case on all systems, the oldest first.
func (s *Store) AllIntents(ctx context.Context, caseID string) ([]access.Intent, error) {
	intents, err := gather[access.Intent](ctx, s, opIntents, intentsPrefix(caseID), long)
	slices.SortStableFunc(intents, compareIntents)
	return intents, err
}

// Receipts returns the receipts of a case on all systems, the oldest first.
func (s *Store) Receipts(ctx context.Context, caseID string) ([]access.Receipt, error) {
	receipts, err := gather[access.Receipt](ctx, s, opReceipts, receiptsPrefix(caseID), long)
	slices.SortStableFunc(receipts, access.CompareReceipts)
	return receipts, err
}

func compareIntents(a, b access.Intent) int { return a.At.Compare(b.At) }

func urgency(stage access.Stage) patience {
	if stage == access.Lock {
		return brief
	}
	return long
}
