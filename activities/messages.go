package activities

import (
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// AdmitInput asks for admission of a case.
type AdmitInput struct {
	Request    access.Request `json:"request"`
	WorkflowID string         `json:"workflow_id"`
	FirstRun   string         `json:"first_run"` // of the chain of runs; only it may find its own record again
}

// Admission is what a case goes by, pinned when it is admitted.
type Admission struct {
	// HandledBefore is set when another case has handled the event. Nothing may be
	// done then.
	HandledBefore *plan.Conclusion `json:"handled_before,omitempty"`
	// Case is the case to go on with: the event's own, or the one of a run of this
	// person that was ended by force and will never conclude.
	Case string `json:"case"`
	// Accounts were named by requests that had joined a case which is gone on with.
	Accounts   []access.AccountRef `json:"accounts,omitempty"`
	Systems    plan.Systems        `json:"systems"`
	Policy     plan.Policy         `json:"policy"`
	AdmittedAt time.Time           `json:"admitted_at"`
}

// DriveInput asks to take a subject through stages on systems.
type DriveInput struct {
	Case    string            `json:"case"`
	Subject access.SubjectKey `json:"subject"`
	// Accounts are named for someone who is in no roster.
	Accounts []access.AccountRef `json:"accounts,omitempty"`
	Systems  []string            `json:"systems"`
	Stages   []access.Stage      `json:"stages"`
	Budget   time.Duration       `json:"budget,omitempty"` // for a wave
}

// DriveResult is how it ended, small enough for hundreds of systems. The receipts
// are in the evidence.
type DriveResult struct {
	// Rows has one letter for each system of the input, in its order, per stage.
	Rows map[access.Stage]string `json:"rows"`
	// Open says why, for each system that is not done.
	Open []access.Error `json:"open,omitempty"`
	// Outlives has an 'o' for each system in which access may outlive the lock.
	Outlives      string    `json:"outlives,omitempty"`
	ResidualUntil time.Time `json:"residual_until,omitzero"`
	// LockedAt is when the newest lock was verified.
	LockedAt time.Time `json:"locked_at,omitzero"`
}

// ReportInput asks for a report on how the case stands.
type ReportInput struct {
	Status plan.Status `json:"status"`
	Final  bool        `json:"final,omitempty"`
}

// ReportResult says where the report is.
type ReportResult struct {
	Key    string `json:"key"`
	Digest string `json:"digest"`
	// Verdict is the report's, which is stricter than the grid where the evidence
	// does not bear the grid out.
	Verdict plan.Verdict `json:"verdict"`
	// Contradicted are the cells that the case holds for done and the evidence does not.
	Contradicted []plan.Doubt `json:"contradicted,omitempty"`
}

// CloseInput concludes a case and asks for its history to be kept.
type CloseInput struct {
	Conclusion plan.Conclusion `json:"conclusion"`
	WorkflowID string          `json:"workflow_id"`
	Run        string          `json:"run"`
}
