package report

import (
	"time"

	"github.com/killsignal/killsignal/access"
)

// System is how one system stands.
type System struct {
	Name     string   `json:"name"`
	Standing Standing `json:"standing"`
	Cells    []Cell   `json:"cells"` // of the stages that it takes part in
	// Absence says how it is known that there is no account.
	Absence *Absence `json:"absence,omitempty"`
	// Trouble is the last error of a look-up, when the system could not be searched.
	Trouble  *Trouble  `json:"trouble,omitempty"`
	Accounts []Account `json:"accounts"`
}

// Standing sorts systems for the reader.
type Standing string

// The standings, the worst first.
const (
	StandsOpen     Standing = "open"
	StandsExcepted Standing = "excepted" // people vouch for it
	StandsDone     Standing = "done"
)

// Cell is one stage of a system.
type Cell struct {
	Stage       access.Stage       `json:"stage"`
	Disposition access.Disposition `json:"disposition"`
	Says        string             `json:"says"`
	// Contradicted is set when the evidence does not bear the disposition out.
	Contradicted bool `json:"contradicted,omitempty"`
}

// Absence is the proof that there is no account.
type Absence struct {
	Proof access.Proof `json:"proof"`
	Says  string       `json:"says"`
	At    time.Time    `json:"at"`
}

// Trouble is an error, in codes and our own words.
type Trouble struct {
	access.Error
	At time.Time `json:"at"`
}

// Account is what was done to one account.
type Account struct {
	ID        string            `json:"id"`
	Name      string            `json:"name,omitempty"` // the login name
	MatchedBy access.Correlator `json:"matched_by,omitempty"`
	// Before is the account before the first act of the case, After as it was read last.
	Before    *access.AccountState `json:"before,omitempty"`
	After     *access.AccountState `json:"after,omitempty"`
	Sessions  *Sessions            `json:"sessions,omitempty"`
	Stages    []Stage              `json:"stages"`
	Removed   []Removed            `json:"removed"`
	Remaining []Remaining          `json:"remaining"`
}

// Sessions is what is known of sessions and tokens after they were ended.
type Sessions struct {
	access.SessionState
	Says string `json:"says"`
}

// Stage is how one stage of one account ended, by its last receipt.
type Stage struct {
	Stage       access.Stage       `json:"stage"`
	Disposition access.Disposition `json:"disposition"`
	Outcome     access.Outcome     `json:"outcome,omitempty"`
	Proof       access.Proof       `json:"proof,omitempty"`
	Says        string             `json:"says"`
	VerifiedAt  time.Time          `json:"verified_at,omitzero"`
	Attempts    int                `json:"attempts"`
	Acts        []access.Act       `json:"acts"`
	Error       *access.Error      `json:"error,omitempty"`
	Requests    []access.Exchange  `json:"requests"` // to the provider, in the last attempt
}

// Removed is a right that was there and is gone.
type Removed struct {
	Kind       access.RightKind `json:"kind"`
	Type       string           `json:"type"`
	ID         string           `json:"id"`
	Name       string           `json:"name,omitempty"`
	Proof      access.Proof     `json:"proof"`
	Says       string           `json:"says"`
	At         time.Time        `json:"at"`
	PoolBefore *access.Pool     `json:"pool_before,omitempty"`
	PoolAfter  *access.Pool     `json:"pool_after,omitempty"`
}

// Remaining is a right that is still there, or may be.
type Remaining struct {
	Kind     access.RightKind `json:"kind"`
	Type     string           `json:"type"`
	ID       string           `json:"id"`
	Name     string           `json:"name,omitempty"`
	Obstacle access.Obstacle  `json:"obstacle,omitempty"`
	Source   string           `json:"source,omitempty"`
	Why      string           `json:"why"`
}
