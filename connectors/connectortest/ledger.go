package connectortest

import (
	"context"
	"slices"
	"sync"

	"github.com/killsignal/killsignal/access"
)

// Ledger keeps intents and receipts in memory. It is safe for concurrent use.
type Ledger struct {
	mu       sync.Mutex
	keys     map[string]bool
	intents  []access.Intent
	receipts []access.Receipt
	dead     bool
	deadly   int // the receipt, counted from 1, that is never stored; 0 for none
}

// killed is what a dead ledger panics with.
type killed struct{}

// Intend stores the intent unless one with the same key is there, and returns the
// one that is.
func (l *Ledger) Intend(_ context.Context, intent access.Intent) (access.Intent, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mustLive()
	key := intent.Case + "/" + intent.Key()
	if l.keys[key] {
		return *l.stored(key), nil
	}
	if l.keys == nil {
		l.keys = map[string]bool{}
	}
	l.keys[key] = true
	l.intents = append(l.intents, intent)
	return intent, nil
}

func (l *Ledger) stored(key string) *access.Intent {
	return &l.intents[slices.IndexFunc(l.intents, func(i access.Intent) bool { return i.Case+"/"+i.Key() == key })]
}

// Intents returns the intents of a case on a system.
func (l *Ledger) Intents(_ context.Context, caseID, system string) ([]access.Intent, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mustLive()
	return slices.DeleteFunc(slices.Clone(l.intents), func(i access.Intent) bool {
		return i.Case != caseID || i.Account.System != system
	}), nil
}

// Record stores a receipt.
func (l *Ledger) Record(_ context.Context, receipt access.Receipt) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mustLive()
	if l.dead = len(l.receipts)+1 == l.deadly; l.dead {
		panic(killed{})
	}
	l.receipts = append(l.receipts, receipt)
	return nil
}

// Receipts returns the receipts in the order in which they were stored.
func (l *Ledger) Receipts() []access.Receipt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.receipts)
}

// die makes the process that uses the ledger die, as a kill would: it stores
// nothing more.
func (l *Ledger) die() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
}

// restart lets a new process use what the old one had stored.
func (l *Ledger) restart() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead, l.deadly = false, 0
}

// dieBeforeReceipt makes the process die when it stores its nth receipt.
func (l *Ledger) dieBeforeReceipt(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadly = n
}

func (l *Ledger) mustLive() {
	if l.dead {
		panic(killed{})
	}
}
