package main

import (
	"errors"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/console"
	"github.com/killsignal/killsignal/plan"
)

// The exit codes.
const (
	exitDone       = 0
	exitError      = 1
	exitUsage      = 2
	exitIncomplete = 3 // work remains
	exitRefused    = 4 // by a guard
)

// errIncomplete ends a command that has said what there is to say: work remains.
var errIncomplete = errors.New("work remains")

// usage is an error in how the command was called.
type usage struct {
	err  error
	hint string
}

func (u usage) Error() string { return u.err.Error() }

// Unwrap returns it as an *access.Error, with the hint.
func (u usage) Unwrap() error {
	return &access.Error{Code: access.Invalid, Op: "read command line", Hint: u.hint, Cause: u.err}
}

// exit says what went wrong and returns the exit code for it.
func (p *program) exit(err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errIncomplete) {
		return exitIncomplete
	}
	console.Complain(p.err, "starter", err)
	if _, ok := errors.AsType[usage](err); ok {
		return exitUsage
	}
	if access.CodeOf(err) == access.Protected {
		return exitRefused
	}
	return exitError
}

// remaining is the exit of a command that shows a case.
func remaining(verdict plan.Verdict) error {
	if verdict == plan.Complete || verdict == plan.Excepted {
		return nil
	}
	return errIncomplete
}
