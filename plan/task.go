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

// hint says what to do, by code where the error itself does not say.
func hint(err access.Error) string {
	if err.Hint != "" {
		return err.Hint
	}
	switch err.Code {
	case access.Denied:
		return "our credential lacks a permission in this system: grant it and retry, or do it by hand and attest"
	case access.Unauthenticated:
		return "our credential is refused by this system: renew it and retry, or do it by hand and attest"
	case access.Ambiguous:
		return "more than one account answers to the person's keys: decide which is theirs, do it by hand and attest"
	case access.Unsupported:
		return "this system cannot do it for us: do it by hand and attest"
	case access.Protected:
		return "a guard protects this account: decide, and do it by hand and attest, or skip with a reason"
	}
	if err.Code.Transient() {
		return "the system does not answer as it should; we go on trying"
	}
	return "do it by hand and attest, or skip with a reason"
}
