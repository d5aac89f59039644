package access

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
)

// SubjectKey is the HR key of a person. It never changes, it is a pseudonym, and
// it is safe to print, to log and to put into workflow ids.
type SubjectKey string

var subjectKeyPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// ParseSubjectKey accepts letters, digits, '.', '_' and '-', 64 at most. An
// e-mail address is refused, because keys appear where personal data may not.
// The error has the code [Invalid].
func ParseSubjectKey(s string) (SubjectKey, error) {
	if strings.Contains(s, "@") {
		return "", &Error{Code: Invalid, Op: "read subject key",
			Hint: "a subject key is the HR key of a person, never an e-mail address"}
	}
	if !subjectKeyPattern.MatchString(s) {
		return "", &Error{Code: Invalid, Op: "read subject key",
			Hint: "a subject key has 1 to 64 letters, digits, '.', '_' or '-'"}
	}
	return SubjectKey(s), nil
}

// Subject is a leaver. Everything but Key is personal data: a Subject is never
// logged, never put into a workflow history, and prints as its key.
type Subject struct {
	Key            SubjectKey   `json:"key"`
	Name           string       `json:"name,omitempty"`
	Emails         []string     `json:"emails,omitempty"`     // every address systems may know the person by
	UserNames      []string     `json:"user_names,omitempty"` // every login name
	EmployeeNumber string       `json:"employee_number,omitempty"`
	TimeZone       string       `json:"time_zone,omitempty"` // IANA
	Manager        SubjectKey   `json:"manager,omitempty"`
	Accounts       []AccountRef `json:"accounts,omitempty"` // accounts known outright, by the provider's id
}

// String returns the key alone.
func (s Subject) String() string { return string(s.Key) }

// Format prints the key alone, whatever the verb, so that no format string can
// leak a name.
func (s Subject) Format(f fmt.State, _ rune) { fmt.Fprint(f, string(s.Key)) }

// LogValue logs the key alone.
func (s Subject) LogValue() slog.Value { return slog.StringValue(string(s.Key)) }

// Correlator says by which key a system knows a person.
type Correlator string

// The correlators, strongest first.
const (
	ByID             Correlator = "id"
	ByUserName       Correlator = "user-name"
	ByEmail          Correlator = "e-mail"
	ByEmployeeNumber Correlator = "employee-number"
)

// Identifier is one key by which to look for a person.
type Identifier struct {
	By    Correlator
	Value string
}

// Identifiers lists every key by which to look for the subject in the named
// system, strongest first, without duplicates. A subject with no usable key
// yields none, and a connector must refuse it: no key never means "everyone".
func (s Subject) Identifiers(system string) []Identifier {
	var all []Identifier
	add := func(by Correlator, value string) {
		id := Identifier{By: by, Value: strings.TrimSpace(value)}
		if id.Value != "" && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	for _, ref := range s.Accounts {
		if ref.System == system {
			add(ByID, ref.ID)
		}
	}
	for _, name := range s.UserNames {
		add(ByUserName, name)
	}
	for _, email := range s.Emails {
		add(ByEmail, email)
	}
	add(ByEmployeeNumber, s.EmployeeNumber)
	return all
}
