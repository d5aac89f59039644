// Package connectortest is the one conformance suite that every connector
// passes. It drives a connector directly, to see that it keeps the contract of
// package connectors, and behind a [connectors.System], to see that what a
// termination makes of it is true. What is true it learns by a side door, never
// from the connector.
package connectortest

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

// Harness is one fresh system with people in it, reached by a fresh connector.
// All harnesses of a connector hold the same people, so that their truths can be
// compared: ids are the same in each, and times are not compared.
type Harness struct {
	Connector connectors.Connector
	System    string // the name given to the connector

	// Subject is the leaver. It has exactly one account, active, with sessions
	// open where the system has sessions, and at least two removable rights of
	// each kind in Info().Rights. Every key of it is one that this system knows.
	Subject access.Subject
	// Nobody is someone without an account there.
	Nobody access.Subject
	// Witness is someone else who has one. Their names and addresses share a
	// prefix with the leaver's.
	Witness access.Subject
	Account string // the leaver's immutable id

	// Truth tells, by the side door, everything about each account as canonical
	// JSON, by account id: status, rights, sessions, tokens. It holds no versions
	// and no counters of changes.
	Truth func() map[string]string
	// Bystanders tells, as canonical JSON, all else that is shared and must not
	// change: the other members of groups, seats of others. Nil means that there
	// is nothing else.
	Bystanders func() string
	// Faults stands in front of the system.
	Faults *fault.Injector
	// Deny takes from our credential what a capability needs. From then on the
	// system answers as the real provider does.
	Deny func(connectors.Capability)
	// Harmless tells which requests change nothing although their method says
	// otherwise. GET, HEAD and requests for tokens are known to; nil adds none.
	Harmless func(method, path string) bool
	// Inapplicable names checks, by their sentences, that cannot be tried on this
	// system, and says why, such as a protocol that has no Retry-After. They are
	// skipped, and stand as skipped in the golden file.
	Inapplicable map[string]string
}

// T is what a check needs of a test. *testing.T has it, and so has the recorder
// that proves the suite by mutants.
type T interface {
	require.TestingT
	Helper()
	Context() context.Context
	Skip(args ...any)
}

// check is one sentence about connectors, and how to see whether it holds of one.
type check struct {
	group    string
	sentence string
	needs    []connectors.Capability
	holds    func(t T, fresh func() *Harness)
}

// Run runs the suite. make makes a fresh harness, and registers its clean-up; a
// check that tries one thing at many points makes one for each point.
//
// Which checks ran and which were skipped, and why, must be as it stands in
// testdata/conformance.golden of the package under test; -update rewrites it.
func Run(t *testing.T, make func(t *testing.T) *Harness) {
	verdicts := map[string]string{}
	byGroup := map[string][]check{}
	var groups []string
	for _, c := range checks() {
		if !slices.Contains(groups, c.group) {
			groups = append(groups, c.group)
		}
		byGroup[c.group] = append(byGroup[c.group], c)
	}
	for _, group := range groups {
		t.Run(group, func(t *testing.T) {
			for _, c := range byGroup[group] {
				t.Run(c.sentence, func(t *testing.T) {
					w := &witness{T: t}
					defer func() { verdicts[t.Name()] = w.verdict() }()
					c.run(w, func() *Harness { return make(t) })
				})
			}
		})
	}
	requireGolden(t, verdicts)
}

// checks lists every check of the suite.
func checks() []check {
	return slices.Concat(shapeChecks(), findChecks(), stateChecks(), actChecks(), rightChecks(), driveChecks(),
		repeatChecks(), deniedChecks(), faultChecks(), safetyChecks())
}

// run runs the check, unless the connector or its system lacks what it is about.
func (c check) run(t T, fresh func() *Harness) {
	t.Helper()
	h := fresh()
	if why := h.Inapplicable[c.sentence]; why != "" {
		t.Skip(why)
	}
	for sentence := range h.Inapplicable {
		require.True(t, slices.ContainsFunc(checks(), func(c check) bool { return c.sentence == sentence }), "no check is named %q", sentence)
	}
	has := connectors.Capabilities(h.Connector)
	for _, need := range c.needs {
		if !slices.Contains(has, need) {
			t.Skip("this connector has no capability " + string(need))
		}
	}
	c.holds(t, fresh)
}

// once makes a check of one harness out of a function.
func once(f func(t T, h *Harness)) func(T, func() *Harness) {
	return func(t T, fresh func() *Harness) { f(t, fresh()) }
}
