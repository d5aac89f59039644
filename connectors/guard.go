package connectors

import (
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/killsignal/killsignal/access"
)

// Limit caps how many different accounts of one system may be locked within a
// rolling window, so that a mistake or a stolen credential cannot empty a
// company. The zero value is no limit.
type Limit struct {
	Accounts int           `yaml:"accounts"`
	Window   time.Duration `yaml:"window"`
}

// brake counts the accounts acted upon within the window of a Limit.
type brake struct {
	limit Limit
	mu    sync.Mutex
	acted map[string]time.Time
}

func newBrake(limit Limit) *brake { return &brake{limit: limit, acted: map[string]time.Time{}} }

// pull lets the account through, or refuses it with Protected. An account that
// was let through within the window is let through again.
func (b *brake) pull(account string, now time.Time) error {
	if b.limit.Accounts <= 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, at := range b.acted {
		if now.Sub(at) >= b.limit.Window {
			delete(b.acted, id)
		}
	}
	if _, again := b.acted[account]; !again && len(b.acted) >= b.limit.Accounts {
		return &access.Error{Code: access.Protected, Op: "check limit",
			Hint: "the limit on accounts of this system within its rolling window is reached; raise limits or wait"}
	}
	b.acted[account] = now
	return nil
}

// protected tells whether an account must never be touched: break-glass accounts
// and our own. Patterns are compared with the id and the login name, without regard
// to case: to the letter, and with the wildcards of path.Match, of which * ends at
// a slash.
func protected(patterns, own []string, account access.Account) bool {
	if slices.Contains(own, account.Ref.ID) {
		return true
	}
	for _, pattern := range patterns {
		pattern = strings.ToLower(pattern)
		for _, value := range []string{account.Ref.ID, account.Name} {
			if value != "" && strings.EqualFold(pattern, value) {
				return true // a login name may hold what is a wildcard elsewhere
			}
			if ok, err := path.Match(pattern, strings.ToLower(value)); value != "" && (ok || err != nil) {
				return true // a pattern that cannot be read protects everything
			}
		}
	}
	return false
}
