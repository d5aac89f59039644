package report

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// SchemaID names the form of the JSON document. A change that readers would notice gets a new one.
const SchemaID = "killsignal/termination-report/v1"

// Report is the termination report. Its JSON form is described by [Schema]. Lists are never
// null; times are in UTC where nothing else is said.
type Report struct {
	Schema         string             `json:"schema"`
	Version        string             `json:"version"` // of Killsignal
	Kind           Kind               `json:"kind"`
	WrittenAt      time.Time          `json:"written_at"`
	Verdict        Verdict            `json:"verdict"`
	Contradictions []Contradiction    `json:"contradictions"`
	Case           string             `json:"case"` // the event that opened the case
	Person         Person             `json:"person"`
	Request        Request            `json:"request"`
	Times          Times              `json:"times"`
	Tasks          []Task             `json:"tasks"`        // open
	ClosedTasks    []access.Statement `json:"closed_tasks"` // how people closed tasks
	Systems        []System           `json:"systems"`      // those with open work first
	Residuals      []Residual         `json:"residuals"`
	Statements     []access.Statement `json:"statements"` // refused ones too
	Timeline       []access.Receipt   `json:"timeline"`   // every attempt, in the order of time
	NotCovered     []string           `json:"not_covered"`
	Evidence       Evidence           `json:"evidence"`
}

// Kind says whether more may come.
type Kind string

// The kinds.
const (
	Interim Kind = "interim"
	Final   Kind = "final"
)

// Verdict comes first.
type Verdict struct {
	Word     plan.Verdict `json:"word"`
	Headline string       `json:"headline"`
	Sentence string       `json:"sentence"`
	Open     int          `json:"open"` // systems with work left
}

// Contradiction is a claim of the case that the evidence does not bear out.
type Contradiction struct {
	System string       `json:"system,omitempty"`
	Stage  access.Stage `json:"stage,omitempty"`
	What   string       `json:"what"`
}

// Person is the leaver, as the roster knew the person at admission.
type Person struct {
	Key            access.SubjectKey `json:"key"`
	Name           string            `json:"name,omitempty"`
	EmployeeNumber string            `json:"employee_number,omitempty"`
	Emails         []string          `json:"emails"`
	UserNames      []string          `json:"user_names"`
	Manager        access.SubjectKey `json:"manager,omitempty"`
}

// Request is who asked for the termination, and why.
type Request struct {
	Event       string           `json:"event"`
	Strategy    access.Strategy  `json:"strategy"`
	Reason      string           `json:"reason,omitempty"`
	By          string           `json:"by"`
	Authority   access.Authority `json:"authority"` // how we know that it was said by that person
	RequestedAt time.Time        `json:"requested_at,omitzero"`
}

// Times are the instants of a case. One that has not come is left out.
type Times struct {
	Effective      time.Time `json:"effective"`
	EffectiveLocal string    `json:"effective_local"` // in the person's time zone, RFC 3339
	Zone           string    `json:"zone"`            // IANA
	AdmittedAt     time.Time `json:"admitted_at,omitzero"`
	ContainedAt    time.Time `json:"contained_at,omitzero"` // the last lock was verified
	SettledAt      time.Time `json:"settled_at,omitzero"`
	ClosedAt       time.Time `json:"closed_at,omitzero"`
	// Seconds from the effective time; null while that has not come.
	ToContain *float64 `json:"to_contain_seconds"`
	ToSettle  *float64 `json:"to_settle_seconds"`
}

// Task is an open manual task, with what it is about.
type Task struct {
	plan.Task
	Overdue  bool        `json:"overdue"`
	Accounts []Presence  `json:"accounts"`
	Rights   []Remaining `json:"rights"` // what the person will find there
}

// Presence names an account.
type Presence struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Residual is access that outlives the lock.
type Residual struct {
	access.Residual
	Over bool `json:"over"` // at the time of writing
}

// Evidence says what the report was made of.
type Evidence struct {
	Intents       int      `json:"intents"`
	Receipts      int      `json:"receipts"`
	Histories     []string `json:"histories"`
	ConfigDigest  string   `json:"config_digest,omitempty"`  // SHA-256, hex
	SystemsDigest string   `json:"systems_digest,omitempty"` // SHA-256, hex
	// Spooled is set when the case was admitted while the evidence store was down.
	Spooled bool `json:"spooled"`
}

// JSON writes the document, indented and stable: the same report gives the same bytes.
func (r Report) JSON() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return nil, &access.Error{Code: access.Invalid, Op: "write report", Cause: err}
	}
	return b.Bytes(), nil
}
