package access

import "time"

// Statement is what somebody said about a case: that a task is done, that it shall
// be tried again or left, that remaining steps shall stop. Statements are evidence,
// refused ones too.
type Statement struct {
	Case     string  `json:"case"`
	ID       string  `json:"id"`   // unique within the case, and the same when it is said again
	What     string  `json:"what"` // attest, retry, skip, submit, cancel, or the name of an ignored signal
	Task     string  `json:"task,omitempty"`
	System   string  `json:"system,omitempty"`
	Stages   []Stage `json:"stages,omitempty"`
	By       Actor   `json:"by"`
	Reason   string  `json:"reason,omitempty"`
	Artefact string  `json:"artefact,omitempty"`
	Event    string  `json:"event,omitempty"` // for submit: the event that joined the case
	// Accounts are named by a submit that joined the case.
	Accounts []AccountRef `json:"accounts,omitempty"`
	Refused  string       `json:"refused,omitempty"` // why nothing came of it
	At       time.Time    `json:"at"`
}
