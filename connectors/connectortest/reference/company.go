package reference

import (
	"net/http/httptest"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

// Company is a directory with people in it, served on loopback behind an
// injector of faults, and its connector.
type Company struct {
	*Directory
	*Connector
	Faults *fault.Injector
	Leaver access.Subject // Ada Marsh, whose id is LeaverID
	Other  access.Subject // Ada Marshall, a lookalike who stays, whose id is OtherID
	Nobody access.Subject // Ben Alder, who has no account

	server *httptest.Server
}

// The ids of the two people.
const (
	OtherID  = "p-0001"
	LeaverID = "p-0002"
)

// NewCompany opens a company. Close it.
func NewCompany() *Company {
	const token = "canary-directory-token"
	d := NewDirectory(token,
		[]Person{
			{ID: OtherID, UserName: "ada.marshall", Email: "ada.marsh@example.com.example.org", Number: "10071", Active: true, Sessions: []string{"s-1"}},
			{ID: LeaverID, UserName: "ada.marsh", Email: "ada.marsh@example.com", Number: "1007", Active: true, Sessions: []string{"s-2", "s-3"}},
		},
		[]Group{
			{ID: "everyone", Kind: access.Grant, Obstacle: access.Inherent, Members: []string{OtherID, LeaverID}},
			{ID: "engineering", Kind: access.Grant, Members: []string{OtherID, LeaverID}},
			{ID: "operations", Kind: access.Grant, Members: []string{LeaverID, OtherID}},
			{ID: "editor", Kind: access.Seat, Seats: 5, Members: []string{OtherID, LeaverID}},
			{ID: "designer", Kind: access.Seat, Seats: 2, Members: []string{LeaverID, OtherID}},
		})
	faults := fault.New()
	server := httptest.NewServer(faults.Wrap(d.Handler()))
	return &Company{Directory: d, Connector: New("directory", server.URL, token), Faults: faults, server: server,
		Leaver: access.Subject{Key: "P1007", Name: "Ada Marsh", UserNames: []string{"ada.marsh"}, Emails: []string{"ada.marsh@example.com"}, EmployeeNumber: "1007"},
		Other:  access.Subject{Key: "P10071", Name: "Ada Marshall", UserNames: []string{"ada.marshall"}},
		Nobody: access.Subject{Key: "P2001", Name: "Ben Alder", UserNames: []string{"ben.alder"}, Emails: []string{"ben.alder@example.com"}},
	}
}

// Close closes the company.
func (c *Company) Close() { c.server.Close() }
