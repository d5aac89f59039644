package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
)

// table is one reading of the roster.
type table struct {
	byKey     map[access.SubjectKey]access.Subject
	byAddress map[string][]access.SubjectKey // in small letters
}

func bad(line int, hint string) error {
	return &access.Error{Code: access.Invalid, Op: fmt.Sprintf("read roster, line %d", line), Hint: hint}
}

// parse reads a whole file. Every bad row is an error of its own.
func parse(content []byte) (table, error) {
	t := table{byKey: map[access.SubjectKey]access.Subject{}, byAddress: map[string][]access.SubjectKey{}}
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	header, err := reader.Read()
	if err != nil {
		return table{}, bad(1, "the first row names the columns, and it cannot be read")
	}
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(name))
	}
	if !slices.Contains(header, "key") {
		return table{}, bad(1, fmt.Sprintf("there is no column named key; found: %s", columns(header)))
	}
	if name, twice := repeated(header); twice {
		return table{}, bad(1, fmt.Sprintf("there are two columns named %s", name))
	}
	var faults []error
	lines := map[access.SubjectKey]int{}
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			faults = append(faults, unread(err, len(row), len(header)))
			if errors.Is(err, csv.ErrFieldCount) {
				continue
			}
			break // after a stray quote nothing can be trusted
		}
		line, _ := reader.FieldPos(0)
		subject, err := subjectOf(header, row, line)
		if err == nil && lines[subject.Key] > 0 {
			err = bad(line, fmt.Sprintf("the key stands on line %d as well", lines[subject.Key]))
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		lines[subject.Key] = line
		t.add(subject)
	}
	t.dropShared()
	return t, errors.Join(faults...)
}

// dropShared takes from everybody the keys that somebody else has as well: by such
// a key a system could only find the wrong person.
func (t table) dropShared() {
	holders := map[access.Identifier]int{}
	for _, s := range t.byKey {
		for _, key := range s.Identifiers("") {
			holders[folded(key)]++
		}
	}
	for key, s := range t.byKey {
		shared := func(by access.Correlator) func(string) bool {
			return func(value string) bool { return holders[folded(access.Identifier{By: by, Value: value})] > 1 }
		}
		s.Emails = slices.DeleteFunc(s.Emails, shared(access.ByEmail))
		s.UserNames = slices.DeleteFunc(s.UserNames, shared(access.ByUserName))
		if shared(access.ByEmployeeNumber)(s.EmployeeNumber) {
			s.EmployeeNumber = ""
		}
		t.byKey[key] = s
	}
}

func folded(key access.Identifier) access.Identifier {
	return access.Identifier{By: key.By, Value: strings.ToLower(key.Value)}
}

func (t table) add(s access.Subject) {
	t.byKey[s.Key] = s
	for _, address := range slices.Concat(s.Emails, s.UserNames) {
		name := strings.ToLower(address)
		if strings.Contains(name, "@") && !slices.Contains(t.byAddress[name], s.Key) {
			t.byAddress[name] = append(t.byAddress[name], s.Key)
		}
	}
}

// subjectOf reads one row.
func subjectOf(header, row []string, line int) (access.Subject, error) {
	cell := func(column string) string {
		if i := slices.Index(header, column); i >= 0 {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	key, err := access.ParseSubjectKey(cell("key"))
	if err != nil {
		return access.Subject{}, bad(line, access.AsError(err, "").Hint)
	}
	s := access.Subject{Key: key, Name: cell("name"), Emails: values(cell("emails"), "; ,\t\r\n"), UserNames: values(cell("user_names"), ";"),
		EmployeeNumber: cell("employee_number"), TimeZone: cell("time_zone")}
	if manager := cell("manager"); manager != "" {
		if s.Manager, err = access.ParseSubjectKey(manager); err != nil {
			return s, bad(line, "manager: "+access.AsError(err, "").Hint)
		}
	}
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "Local" {
		return s, bad(line, "time_zone is not an IANA time zone such as Europe/Berlin")
	}
	for _, email := range s.Emails {
		if !address.MatchString(email) {
			return s, bad(line, "emails holds something that is not an e-mail address")
		}
	}
	return s, nil
}

// address is the form of an e-mail address, as far as it matters here: one, and
// nothing beside it.
var address = regexp.MustCompile(`^[^\s@,;<>"]+@[^\s@,;<>"]+$`)

// values splits a cell at any of the separators. Login names may hold spaces and
// commas, addresses may not.
func values(cell, separators string) []string {
	var all []string
	for value := range strings.FieldsFuncSeq(cell, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if value = strings.TrimSpace(value); value != "" && !slices.Contains(all, value) {
			all = append(all, value)
		}
	}
	return all
}

func unread(err error, got, want int) error {
	line := 0
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		line = e.Line
	}
	if errors.Is(err, csv.ErrFieldCount) {
		return bad(line, fmt.Sprintf("the row has %d cells and the first row has %d; was the file cut off?", got, want))
	}
	return bad(line, "a quote is out of place; was the file cut off?")
}

// columns lists what the first row holds. A file without a first row of names
// would have a person there, so nothing that holds an address or a space is shown.
func columns(header []string) string {
	shown := slices.Clone(header)
	for i, name := range shown {
		if !plain(name) {
			shown[i] = "…"
		}
	}
	return strings.Join(shown, ", ")
}

func plain(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' })
}

func repeated(header []string) (string, bool) {
	for i, name := range header {
		if slices.Contains([]string{"key", "name", "emails", "user_names", "employee_number", "time_zone", "manager", "status"}, name) &&
			slices.Contains(header[:i], name) {
			return name, true
		}
	}
	return "", false
}
