package simulator

import (
	"encoding/csv"
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// person is somebody who works, or worked, at the company. All of them are made up.
type person struct {
	key         access.SubjectKey
	first, last string
	short       string // the user name without a domain
	alias       string // a second address, or ""
	employee    string
	department  string
	zone        string
	manager     access.SubjectKey
	status      string // in the roster
}

func (p person) name() string  { return p.first + " " + p.last }
func (p person) email() string { return p.short + "@example.com" }

func (p person) emails() []string {
	if p.alias == "" {
		return []string{p.email()}
	}
	return []string{p.email(), p.alias}
}

// people returns everybody. Names and addresses around the leaver's share a
// beginning with them on purpose.
func people() []person {
	return []person{
		{Administrator, "Iris", "Keeper", "iris.keeper", "", "1001", "IT", "Europe/Lisbon", "", "active"},
		{Manager, "Tomas", "Verne", "tomas.verne", "", "1002", "Platform", "Europe/Lisbon", Administrator, "active"},
		{Leaver, "Ada", "Marsh", "ada.marsh", "a.marsh@example.com", "1042", "Platform", "Europe/Lisbon", Manager, "active"},
		{Lookalike, "Ada", "Marshall", "ada.marshall", "a.marshall@example.com", "10421", "Platform", "Europe/Berlin", Manager, "active"},
		{"P-1044", "Adam", "Marsh", "adam.marsh", "", "1044", "Sales", "America/New_York", Manager, "active"},
		{"P-1045", "Bela", "Quill", "bela.quill", "", "1045", "Sales", "America/New_York", Manager, "active"},
		{"P-1046", "Cora", "Finch", "cora.finch", "", "1046", "Sales", "Asia/Tokyo", Manager, "active"},
		{"P-1047", "Dario", "Pell", "dario.pell", "", "1047", "Finance", "Asia/Kolkata", Administrator, "active"},
		{"P-1048", "Esme", "Rowan", "esme.rowan", "", "1048", "Finance", "Europe/Berlin", Administrator, "active"},
		{"P-1049", "Fynn", "Sable", "fynn.sable", "", "1049", "Support", "Australia/Sydney", Manager, "active"},
		{"P-1050", "Gita", "Thorne", "gita.thorne", "", "1050", "Support", "Asia/Kolkata", Manager, "active"},
		{"P-1051", "Hugo", "Umber", "hugo.umber", "", "1051", "Platform", "Europe/Lisbon", Manager, "active"},
	}
}

// person returns somebody by key.
func (c *Company) person(key access.SubjectKey) (person, bool) {
	i := slices.IndexFunc(c.people, func(p person) bool { return p.key == key })
	if i < 0 {
		return person{}, false
	}
	return c.people[i], true
}

// Subject returns a person as the roster has them, and whether there is one.
func (c *Company) Subject(key access.SubjectKey) (access.Subject, bool) {
	p, ok := c.person(key)
	if !ok {
		return access.Subject{}, false
	}
	return access.Subject{Key: p.key, Name: p.name(), Emails: p.emails(), UserNames: []string{p.email(), p.short},
		EmployeeNumber: p.employee, TimeZone: p.zone, Manager: p.manager}, true
}

// Roster returns the roster as CSV: addresses are separated by spaces, login names
// by semicolons.
func (c *Company) Roster() string {
	var text strings.Builder
	w := csv.NewWriter(&text)
	rows := [][]string{{"key", "name", "emails", "user_names", "employee_number", "time_zone", "manager", "status"}}
	for _, p := range c.people {
		rows = append(rows, []string{string(p.key), p.name(), strings.Join(p.emails(), " "), p.email() + ";" + p.short,
			p.employee, p.zone, string(p.manager), p.status})
	}
	_ = w.WriteAll(rows) // a strings.Builder takes everything
	return text.String()
}
