package access

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Intent is what is about to be done to one account in one stage, with the state
// before. It is stored before the first write and never overwritten, so that
// after a crash the true state before is still known.
type Intent struct {
	Case    string       `json:"case"`
	Stage   Stage        `json:"stage"`
	Account AccountRef   `json:"account"`
	Name    string       `json:"name,omitempty"` // the login name at that time; personal data
	Acts    []string     `json:"acts"`
	Before  AccountState `json:"before"`
	Rights  []Right      `json:"rights,omitempty"` // what was listed before; for revoke and reclaim
	At      time.Time    `json:"at"`
}

// Key names the intent within its case. It holds no attempt number: a retry
// meets the intent of the first attempt. Rights found only later make an intent
// of their own, so they are part of the key.
func (i Intent) Key() string {
	h := sha256.New()
	h.Write([]byte(i.Account.ID))
	for _, r := range i.Rights {
		h.Write([]byte("\x00" + r.Type + "\x00" + r.ID))
	}
	return strings.Join([]string{string(i.Stage), i.Account.System, hex.EncodeToString(h.Sum(nil)[:12])}, "/")
}

// Act is one thing that was done.
type Act struct {
	What    string  `json:"what"`            // lock, end-sessions, revoke-right, reclaim-seat, delete, read
	Right   *Right  `json:"right,omitempty"` // for acts upon a right: as it was before
	After   *Right  `json:"after,omitempty"` // for seats: the pool afterwards
	Outcome Outcome `json:"outcome,omitempty"`
	Proof   Proof   `json:"proof,omitempty"`
	Error   *Error  `json:"error,omitempty"`
}

// Exchange is one request to a provider, as evidence: no bodies, no query, no headers.
type Exchange struct {
	Method    string        `json:"method"`
	Path      string        `json:"path"`
	Status    int           `json:"status,omitempty"` // 0: no answer
	RequestID string        `json:"request_id,omitempty"`
	At        time.Time     `json:"at"`
	Took      time.Duration `json:"took"`
}

// Receipt is what was done to one account in one stage, what it looked like
// before and after, and how we know. A receipt is written whatever the end was.
type Receipt struct {
	Case        string        `json:"case"`
	Stage       Stage         `json:"stage"`
	System      string        `json:"system"`
	Account     AccountRef    `json:"account,omitzero"` // zero: the system holds no account
	Name        string        `json:"name,omitempty"`
	MatchedBy   Correlator    `json:"matched_by,omitempty"`
	Disposition Disposition   `json:"disposition"`
	Outcome     Outcome       `json:"outcome,omitempty"`
	Proof       Proof         `json:"proof,omitempty"`
	Before      *AccountState `json:"before,omitempty"`
	After       *AccountState `json:"after,omitempty"`
	Sessions    *SessionState `json:"sessions,omitempty"`
	Acts        []Act         `json:"acts,omitempty"`
	Remaining   []Right       `json:"remaining,omitempty"` // rights that are still there
	Residual    *Residual     `json:"residual,omitempty"`
	Error       *Error        `json:"error,omitempty"`
	Exchanges   []Exchange    `json:"exchanges,omitempty"`
	DryRun      bool          `json:"dry_run,omitempty"`
	StartedAt   time.Time     `json:"started_at"`
	DoneAt      time.Time     `json:"done_at"`
}

// CompareReceipts orders receipts by the time they were done, then by system.
func CompareReceipts(a, b Receipt) int {
	return cmp.Or(a.DoneAt.Compare(b.DoneAt), cmp.Compare(a.System, b.System), cmp.Compare(a.Stage, b.Stage))
}
