// Package roster reads the HR source of record: who works here and by which keys
// systems know them.
//
// Errors name lines and columns, never a name or an address.
package roster

import (
	"context"

	"github.com/killsignal/killsignal/access"
)

// Roster looks people up. Implementations are safe for concurrent use.
type Roster interface {
	// Subject returns the person with the HR key. Nobody is NotFound.
	Subject(ctx context.Context, key access.SubjectKey) (access.Subject, error)

	// Resolve returns the one person that the text means: an HR key, as it is
	// written, or an e-mail address or login name that has the form of one,
	// whatever the case. Nobody is NotFound, and more than one person Ambiguous.
	Resolve(ctx context.Context, text string) (access.Subject, error)
}

func notFound() error {
	return &access.Error{Code: access.NotFound, Op: "look up subject",
		Hint: "nobody in the roster has this key or address; name somebody who is in no roster by --account system=id"}
}

func ambiguous() error {
	return &access.Error{Code: access.Ambiguous, Op: "look up subject",
		Hint: "more than one person in the roster has this address; name the HR key"}
}
