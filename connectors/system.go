package connectors

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/transport"
)

// Ledger stores intents and receipts. With its store down, it takes the intents
// and receipts of the lock stage all the same and keeps them for later, and
// refuses all others with Unavailable: the lock goes on, destruction stops.
type Ledger interface {
	// Intend stores the intent unless one with the same key is there. It returns
	// the one that is stored, which after a crash is that of the first attempt.
	Intend(ctx context.Context, intent access.Intent) (access.Intent, error)
	// Intents returns the intents of a case on one system.
	Intents(ctx context.Context, caseID, system string) ([]access.Intent, error)
	// Record stores a receipt.
	Record(ctx context.Context, receipt access.Receipt) error
}

// Options make a System.
type Options struct {
	Name      string
	Connector Connector
	Ledger    Ledger
	// Protected accounts are never touched: ids or login names, with wildcards.
	Protected []string
	Limit     Limit
	// Witness is somebody who certainly has an account in this system. Only a
	// look-up that finds the witness can prove that somebody else has none.
	Witness access.Subject
	// Stages that this system takes part in; empty means all that it can.
	Stages []access.Stage
	Clock  func() time.Time // nil means time.Now
}

// System is one configured system behind its guards: the only way in which the
// rest of Killsignal reaches a connector. It refuses protected accounts, applies
// limits, reads before, stores the intent, acts, reads after, stores the receipt,
// honours dry runs, and turns a panic inside a provider's SDK into an error. It
// is safe for concurrent use.
type System struct {
	options Options
	brake   *brake

	mu     sync.Mutex
	proved map[access.Correlator]bool // kinds of keys by which a look-up has found the witness
}

// NewSystem puts the guards around a connector.
func NewSystem(o Options) *System {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &System{options: o, brake: newBrake(o.Limit), proved: map[access.Correlator]bool{}}
}

// Name is the configured name of the system.
func (s *System) Name() string { return s.options.Name }

// Info is what the connector knows about its system.
func (s *System) Info() Info { return s.options.Connector.Info() }

// Can tells whether the system has a capability.
func (s *System) Can(c Capability) bool { return slices.Contains(Capabilities(s.options.Connector), c) }

// Stages lists the stages of a case in which the system has a cell, in their
// order. One that shows its changes at once is not read a second time.
func (s *System) Stages() []access.Stage {
	return slices.DeleteFunc(access.Stages(), func(stage access.Stage) bool {
		return !s.takesPart(stage) || stage == access.Verify && s.Info().Settle == 0
	})
}

func (s *System) takesPart(stage access.Stage) bool {
	if stage == access.Verify {
		return true // reading again is never configured away
	}
	if len(s.options.Stages) > 0 && !slices.Contains(s.options.Stages, stage) {
		return false
	}
	switch stage {
	case access.Lock:
		return true // a system that cannot lock makes a manual task of it
	case access.Revoke:
		return s.Can(CanRevoke) && slices.ContainsFunc(s.Info().Rights, func(k access.RightKind) bool { return k != access.Seat })
	case access.Reclaim:
		return s.Can(CanRevoke) && slices.Contains(s.Info().Rights, access.Seat)
	}
	return false
}

// Check proves that the credential works and, when a witness is configured, that
// look-ups find a known account. It changes nothing.
func (s *System) Check(ctx context.Context) error {
	if err := s.call("check", func() error { return s.options.Connector.Check(ctx) }); err != nil {
		return err
	}
	if len(s.options.Witness.Identifiers(s.Name())) == 0 {
		return nil
	}
	return s.trust(ctx, s.options.Witness)
}

// trust proves that an empty look-up of the subject means something. The witness,
// by the keys it is configured with, says by which keys this system knows people:
// it must be found by each of them alone, and the subject must have them all. A kind
// is proved once in the life of a System. An account that was named by its id proves
// nothing by its absence: the id may be mistyped.
func (s *System) trust(ctx context.Context, subject access.Subject) error {
	unproved := func(hint string) error {
		return &access.Error{Code: access.Unsupported, System: s.Name(), Op: "prove absence", Hint: hint}
	}
	if has(subject, s.Name(), access.ByID) {
		return unproved("the account that was named is not there: check its id, or confirm by hand that there is no account")
	}
	kinds := slices.DeleteFunc(slices.Clone(s.Info().Keys), func(by access.Correlator) bool { return !has(s.options.Witness, s.Name(), by) })
	if len(kinds) == 0 {
		return unproved("no witness is configured, so an empty look-up proves nothing: name somebody who has an account as witness, or confirm by hand that there is no account")
	}
	for _, by := range kinds {
		if !has(subject, s.Name(), by) {
			return unproved("this system knows people by a key of the kind " + string(by) + ", which the person does not have in the roster: confirm by hand that there is no account")
		}
		if s.isProved(by) {
			continue
		}
		found, err := s.find(ctx, only(s.options.Witness, by))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return unproved("the witness is not found by its " + string(by) + " alone, so an empty look-up proves nothing: configure only keys by which this system knows people")
		}
		s.mu.Lock()
		s.proved[by] = true
		s.mu.Unlock()
	}
	return nil
}

func (s *System) isProved(by access.Correlator) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proved[by]
}

// has tells whether the subject has a key of the kind.
func has(subject access.Subject, system string, by access.Correlator) bool {
	return slices.ContainsFunc(subject.Identifiers(system), func(key access.Identifier) bool { return key.By == by })
}

// only returns the subject with its keys of one kind and no other.
func only(subject access.Subject, by access.Correlator) access.Subject {
	one := access.Subject{Key: subject.Key}
	switch by {
	case access.ByUserName:
		one.UserNames = subject.UserNames
	case access.ByEmail:
		one.Emails = subject.Emails
	case access.ByEmployeeNumber:
		one.EmployeeNumber = subject.EmployeeNumber
	}
	return one
}

func (s *System) find(ctx context.Context, subject access.Subject) (found []access.Account, err error) {
	if len(subject.Identifiers(s.Name())) == 0 {
		return nil, &access.Error{Code: access.Invalid, System: s.Name(), Op: "find accounts", Hint: "the subject has no key by which to look"}
	}
	err = s.call("find accounts", func() (err error) {
		found, err = s.options.Connector.Find(ctx, subject)
		return err
	})
	return found, err
}

func (s *System) state(ctx context.Context, ref access.AccountRef) (state access.AccountState, err error) {
	if ref.System != s.Name() || ref.ID == "" {
		return state, &access.Error{Code: access.Invalid, System: s.Name(), Op: "read state", Hint: "the account belongs to another system"}
	}
	err = s.call("read state", func() (err error) {
		state, err = s.options.Connector.State(ctx, ref)
		return err
	})
	if err == nil {
		state.ObservedAt = s.now()
	}
	return state, err
}

// call runs one call to the connector. Whatever goes wrong in it, a panic too,
// comes back as an *access.Error of this system.
func (s *System) call(op string, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &access.Error{Code: access.Unknown, System: s.Name(), Op: op,
				Hint: "the connector panicked", Cause: fmt.Errorf("panic of type %T", p)}
		}
	}()
	err = do()
	if err == nil {
		return nil
	}
	e := *access.AsError(err, op)
	e.System, e.Op = s.Name(), op
	return &e
}

func (s *System) now() time.Time { return s.options.Clock().UTC() }

// recording collects the exchanges of one stage on one account.
func recording(ctx context.Context) (context.Context, *transport.Recording) {
	return transport.Record(ctx)
}
