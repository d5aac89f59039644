package roster

import (
	"context"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/killsignal/killsignal/access"
)

// CSV is a roster in a CSV file (RFC 4180). The first row names the columns, in
// any order: key, name, emails, user_names, employee_number, time_zone, manager,
// status. Only key must be there, and columns of other names are passed over.
// Several values in one cell are separated by white space or ';'.
//
// A file that has changed is read again before the next answer. While the new
// file cannot be read, those who are known from the last good reading are still
// found, so that no lock waits for a typing error; everybody else is Unavailable,
// never NotFound.
type CSV struct {
	path string

	mu      sync.Mutex
	size    int64
	changed time.Time
	people  table
	trouble error // why the last reading failed
}

// OpenCSV reads the file. Everything that is wrong with it comes back as one
// error with the code Invalid, which names the lines.
func OpenCSV(path string) (*CSV, error) {
	c := &CSV{path: path}
	if c.refresh(); c.trouble != nil {
		return nil, c.trouble
	}
	return c, nil
}

// Subject returns the person with the key.
func (c *CSV) Subject(_ context.Context, key access.SubjectKey) (access.Subject, error) {
	people, trouble := c.current()
	if s, ok := people.byKey[key]; ok {
		return s, nil
	}
	return access.Subject{}, missing(trouble)
}

// Resolve returns the one person that the text means.
func (c *CSV) Resolve(_ context.Context, text string) (access.Subject, error) {
	people, trouble := c.current()
	text = strings.TrimSpace(text)
	if s, ok := people.byKey[access.SubjectKey(text)]; ok {
		return s, nil
	}
	switch keys := people.byAddress[strings.ToLower(text)]; len(keys) {
	case 0:
		return access.Subject{}, missing(trouble)
	case 1:
		return people.byKey[keys[0]], nil
	default:
		return access.Subject{}, ambiguous()
	}
}

// missing is the answer for somebody who is not found.
func missing(trouble error) error {
	if trouble == nil {
		return notFound()
	}
	return &access.Error{Code: access.Unavailable, Op: "look up subject",
		Hint: "the roster has changed and the new file cannot be read", Cause: trouble}
}

// current returns the newest good reading, and what keeps it from being up to date.
func (c *CSV) current() (table, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refresh()
	return c.people, c.trouble
}

// refresh reads the file when it is not the one that was read last.
func (c *CSV) refresh() {
	info, err := os.Stat(c.path)
	if err != nil {
		c.size, c.trouble = -1, unreadable(err)
		return
	}
	if info.Size() == c.size && info.ModTime().Equal(c.changed) {
		return
	}
	content, err := os.ReadFile(c.path)
	if err != nil {
		c.size, c.trouble = -1, unreadable(err)
		return
	}
	people, err := parse(content)
	if err == nil {
		c.people = people
	}
	c.size, c.changed, c.trouble = info.Size(), info.ModTime(), err
}

func unreadable(err error) error {
	return &access.Error{Code: access.Invalid, Op: "read roster", Hint: "the file named by roster.file in the configuration cannot be read", Cause: err}
}
