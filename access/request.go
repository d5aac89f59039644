package access

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// Strategy lays the stages of a termination over time.
type Strategy string

// Emergency acts at once, everywhere.
const Emergency Strategy = "emergency"

// Authority is how we know who said something.
type Authority string

// Claimed means that the sender named itself. Nothing proves it.
const Claimed Authority = "claimed"

// Actor is who said something, and how we know.
type Actor struct {
	Name      string    `json:"name"`
	Authority Authority `json:"authority"`
}

// Request asks for a termination. It is the whole argument of the workflow, so
// it carries keys and ids, never a name or an address.
type Request struct {
	Event       string       `json:"event"` // id of the event that asks; never changes; the id of the case it opens
	Subject     SubjectKey   `json:"subject"`
	Strategy    Strategy     `json:"strategy"`
	Effective   time.Time    `json:"effective"` // from this instant access must not exist
	Reason      string       `json:"reason,omitempty"`
	RequestedBy Actor        `json:"requested_by"`
	RequestedAt time.Time    `json:"requested_at"`
	Accounts    []AccountRef `json:"accounts,omitempty"` // for someone who is in no roster
}

// Validate checks the shape of the request. The error has the code [Invalid].
func (r Request) Validate() error {
	invalid := func(hint string) error {
		return &Error{Code: Invalid, Op: "read request", Hint: hint}
	}
	if _, err := ParseSubjectKey(string(r.Subject)); err != nil {
		return err
	}
	switch {
	case !eventPattern.MatchString(r.Event):
		return invalid("an event id has 1 to 128 letters, digits, '.', '_', ':' or '-'")
	case r.Strategy != Emergency:
		return invalid("the strategy must be emergency")
	case r.RequestedBy.Name == "":
		return invalid("a request names who asks")
	case ContainsAddress(r.RequestedBy.Name) || len(r.RequestedBy.Name) > 100:
		return invalid("who asks is named by a user name of 100 characters at most, never by an e-mail address")
	case ContainsAddress(r.Reason):
		return invalid("a reason may not contain an e-mail address: histories carry no personal data")
	case slices.ContainsFunc(r.Accounts, func(ref AccountRef) bool { return ref.System == "" || ref.ID == "" || ContainsAddress(ref.ID) }):
		return invalid("an account is named by its system and the provider's id, never by an e-mail address")
	case len(r.Reason) > 500:
		return invalid("a reason has at most 500 characters")
	}
	return nil
}

// UnlistedKey is the key of someone who is in no roster: "unlisted-" and a digest
// of the first account, in the order of system and id, so that the same accounts
// always make the same key. It returns "" for no accounts.
func UnlistedKey(accounts []AccountRef) SubjectKey {
	if len(accounts) == 0 {
		return ""
	}
	first := slices.MinFunc(accounts, AccountRef.Compare)
	sum := sha256.Sum256([]byte(first.System + "\x00" + first.ID))
	return SubjectKey("unlisted-" + hex.EncodeToString(sum[:8]))
}
