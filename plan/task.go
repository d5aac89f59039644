package plan

import (
	"slices"
	"time"

	"github.com/killsignal/killsignal/access"
)

// Task is work that no connector can do, handed to a person. It holds keys, codes
// and our own words only: the report names accounts and rights.
type Task struct {
	ID       string         `json:"id"` // the system it is about; a system has one task at a time
	System   string         `json:"system"`
	Stages   []access.Stage `json:"stages"` // the cells that it keeps open
	Code     access.Code    `json:"code"`
	Hint     string         `json:"hint,omitempty"` // what to do
	Status   int            `json:"status,omitempty"`
	Request  string         `json:"request_id,omitempty"` // the provider's, for a support case
	Owner    string         `json:"owner"`
	OpenedAt time.Time      `json:"opened_at"`
	Deadline time.Time      `json:"deadline"`
	// Retrying tells that we go on trying as well; success closes the task.
	Retrying bool `json:"retrying,omitempty"`
}

// NewTask makes the task for a system that err keeps from its end.
func NewTask(p Policy, system string, open []access.Stage, err access.Error, now time.Time) Task {
	return Task{ID: system, System: system, Stages: slices.Clone(open), Code: err.Code, Hint: hint(err), Status: err.Status,
		Request: err.RequestID, Owner: p.TaskOwner, OpenedAt: now, Deadline: now.Add(p.TaskDeadline), Retrying: err.Code.Transient()}
}

// hint says what is wrong, where the error does, and what to do about it.
func hint(err access.Error) string {
	if err.Hint == "" {
		return advice(err.Code)
	}
	return err.Hint + "; " + advice(err.Code)
}

func advice(code access.Code) string {
	switch code {
	case access.Denied:
		return "grant our credential the permission in this system and retry, or do it by hand and attest"
	case access.Unauthenticated:
		return "renew our credential for this system and retry, or do it by hand and attest"
	case access.Ambiguous:
		return "decide which account is the person's, do it by hand and attest"
	case access.Protected:
		return "decide, then do it by hand and attest, or skip with a reason"
	}
	if code.Transient() {
		return "the system does not answer as it should; we go on trying"
	}
	return "do it by hand and attest, or skip with a reason"
}
