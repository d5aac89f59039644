package access

import (
	"cmp"
	"time"
)

// AccountRef names an account for ever: the system, and the provider's immutable
// id in it. Names, addresses and DNs move; the id does not.
type AccountRef struct {
	System string `json:"system"`
	ID     string `json:"id"`
}

// Compare orders refs by system, then by id.
func (r AccountRef) Compare(other AccountRef) int {
	return cmp.Or(cmp.Compare(r.System, other.System), cmp.Compare(r.ID, other.ID))
}

// Account is a presence of a subject in a system. Name is personal data.
type Account struct {
	Ref       AccountRef `json:"ref"`
	Name      string     `json:"name,omitempty"` // the login name, for people to read
	MatchedBy Correlator `json:"matched_by,omitempty"`
	Status    Status     `json:"status"`
	LastUsed  *time.Time `json:"last_used,omitempty"` // nil: never, or not known to the system
}

// Status says whether somebody can sign in with an account.
type Status string

// The statuses of an account.
const (
	Active Status = "active" // sign-in is possible, or is not excluded
	Locked Status = "locked" // no new sign-in; reversible
	Absent Status = "absent" // proved not to exist
)

// AccountState is what a fresh read of an account showed.
type AccountState struct {
	Ref    AccountRef `json:"ref"`
	Status Status     `json:"status"`
	Word   string     `json:"word,omitempty"` // the provider's own word for the status, such as SUSPENDED
	// Attributes are what an Unlock needs in order to restore the account, and
	// what an auditor would want to compare. They never hold a secret.
	Attributes map[string]string `json:"attributes,omitempty"`
	// Managed is set when the account is mastered elsewhere, so that a change
	// here would be refused or undone: it names the source of authority.
	Managed    string    `json:"managed,omitempty"`
	ObservedAt time.Time `json:"observed_at"`
}

// SessionState is what can be read of the sessions and tokens of an account.
type SessionState struct {
	// Proof is SessionsZero when the system lets us count and there is none,
	// StateReadBack when it shows an instant before which every session is void,
	// and Asserted when nothing can be read.
	Proof Proof `json:"proof"`
	Open  int   `json:"open"`
	// ValidFrom is the instant before which sessions are void, where the system
	// shows one.
	ValidFrom time.Time `json:"valid_from,omitzero"`
}
