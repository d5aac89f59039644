package plan

import (
	"time"

	"github.com/killsignal/killsignal/access"
)

// Phase is where a case is on its way.
type Phase string

// The phases, in their order.
const (
	Admitting  Phase = "admitting"
	Containing Phase = "containing"
	Verifying  Phase = "verifying"
	Reclaiming Phase = "reclaiming"
	Settled    Phase = "settled" // nothing runs but stragglers past patience, people's tasks and residual clocks
	Closing    Phase = "closing" // the final report is being written
	Closed     Phase = "closed"
)

// Status is how a case stands. It holds keys, codes and our own words, never
// personal data.
type Status struct {
	Case          string            `json:"case"`
	Subject       access.SubjectKey `json:"subject"`
	Strategy      access.Strategy   `json:"strategy"`
	Phase         Phase             `json:"phase"`
	Verdict       Verdict           `json:"verdict"`
	Grid          Grid              `json:"grid"`
	Tasks         []Task            `json:"tasks,omitempty"`
	Cancelled     bool              `json:"cancelled,omitempty"`
	Effective     time.Time         `json:"effective"`
	AdmittedAt    time.Time         `json:"admitted_at,omitzero"`
	LockedAt      time.Time         `json:"locked_at,omitzero"`    // newest verified lock
	ContainedAt   time.Time         `json:"contained_at,omitzero"` // last lock verified, and none open
	SettledAt     time.Time         `json:"settled_at,omitzero"`
	ClosedAt      time.Time         `json:"closed_at,omitzero"`
	ResidualUntil time.Time         `json:"residual_until,omitzero"` // tokens that were open may work until then
	Report        string            `json:"report,omitempty"`        // key of the newest report in the evidence
	Ignored       int               `json:"ignored,omitempty"`       // signals of a wrong shape
}

// Conclusion is how a case ended.
type Conclusion struct {
	Case          string    `json:"case"`
	Verdict       Verdict   `json:"verdict"`
	HandledBefore bool      `json:"handled_before,omitempty"` // the event had been handled by an earlier case; this is its conclusion
	Open          int       `json:"open"`                     // manual tasks left
	Report        string    `json:"report,omitempty"`         // key of the final report in the evidence
	Digest        string    `json:"digest,omitempty"`         // SHA-256 of the report's JSON, hex
	ContainedAt   time.Time `json:"contained_at,omitzero"`
	SettledAt     time.Time `json:"settled_at,omitzero"`
	ClosedAt      time.Time `json:"closed_at,omitzero"`
}
