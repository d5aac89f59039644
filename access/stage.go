package access

import (
	"slices"
	"time"
)

// Stage is a part of the termination sequence. A case is a grid of stage × system.
type Stage string

// The stages, in their order.
const (
	Lock    Stage = "lock"    // no new sign-in; sessions and refresh tokens ended
	Revoke  Stage = "revoke"  // rights removed one by one
	Verify  Stage = "verify"  // read again after the system's settle time
	Reclaim Stage = "reclaim" // paid seats back to the pool
)

// Stages lists the stages in their order.
func Stages() []Stage { return []Stage{Lock, Revoke, Verify, Reclaim} }

// Outcome is what one act changed. Both outcomes are success.
type Outcome string

// The outcomes.
const (
	Applied   Outcome = "applied"   // the state before was different
	Unchanged Outcome = "unchanged" // it was already so
)

// Proof is how we know.
type Proof string

// The proofs. Asserted and Unprovable never make a cell verified.
const (
	StateReadBack Proof = "state-read-back" // a fresh read of the account showed it
	ListingEmpty  Proof = "listing-empty"   // a fresh listing that we may see showed nothing
	SessionsZero  Proof = "sessions-zero"   // a fresh count of sessions showed none
	SignInRefused Proof = "sign-in-refused" // a negative probe
	NotFoundTwice Proof = "not-found"       // not found under the known id, confirmed by a second key
	NoRow         Proof = "no-row"          // no row under any key, from a look-up that finds a known account
	Attested      Proof = "attested"        // a named person states it
	Asserted      Proof = "asserted"        // the provider said so, and nothing can be read
	Unprovable    Proof = "unprovable"      // nobody can tell
)

// Disposition is how a cell of the grid stands.
type Disposition string

// The dispositions. The first two are open; Manual is open until a person closes it.
const (
	Pending  Disposition = "pending"  // not done yet
	Running  Disposition = "running"  // being done, or tried again
	Verified Disposition = "verified" // observed afterwards
	Gone     Disposition = "absent"   // there is no account, and that is proved
	Manual   Disposition = "manual"   // a person must do it
	Vouched  Disposition = "attested" // a named person states that it is done
	Excepted Disposition = "exception"
)

// Open tells whether work remains in the cell. A blank cell has none.
func (d Disposition) Open() bool {
	return d == Pending || d == Running || d == Manual
}

// Worst returns the worst of the dispositions, "" for none. Running is worse than
// Manual: while something can still be tried, it is; then a person is told.
func Worst(all ...Disposition) Disposition {
	var worst Disposition
	for _, d := range all {
		if d.rank() > worst.rank() {
			worst = d
		}
	}
	return worst
}

func (d Disposition) rank() int {
	return slices.Index([]Disposition{"", Gone, Verified, Vouched, Excepted, Pending, Manual, Running}, d)
}

// Residual is access known to outlive the lock.
type Residual struct {
	System string    `json:"system"`
	What   string    `json:"what"`
	Until  time.Time `json:"until"` // after this instant it is over
}
