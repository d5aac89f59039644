package workflows

import (
	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// Names of the workflow, its messages and its query. Every message is both an
// update, which is validated and answered, and a signal, which the Temporal UI and
// old tools can send. Each takes exactly one JSON object.
const (
	TerminationName = "Termination"

	SubmitMessage = "submit" // takes access.Request, answers Acceptance
	AttestMessage = "attest" // takes Resolution, answers plan.Status
	RetryMessage  = "retry"
	SkipMessage   = "skip"

	StatusQuery = "status" // answers plan.Status
)

// Resolution closes a manual task, or asks to try again.
type Resolution struct {
	Task     string `json:"task"`               // id of the task, as status shows it
	By       string `json:"by"`                 // who says so
	Reason   string `json:"reason,omitempty"`   // why; skip needs one
	Artefact string `json:"artefact,omitempty"` // where the proof is: a ticket, a screenshot; attest needs one or a reason
}

// Acceptance answers a submit.
type Acceptance struct {
	Case          string            `json:"case"`
	Subject       access.SubjectKey `json:"subject"`
	Systems       int               `json:"systems"`
	Merged        bool              `json:"merged,omitempty"`         // a case of this person was running; this event joined it
	HandledBefore *plan.Conclusion  `json:"handled_before,omitempty"` // this event was handled by an earlier case; nothing was done
}
