package evidence

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// Case is what a case goes by, as it was admitted. It is the record of the event that opened
// the case.
type Case struct {
	ID         string         `json:"id"` // the event that opened it
	WorkflowID string         `json:"workflow_id"`
	FirstRun   string         `json:"first_run"` // first run of the chain that was admitted
	Subject    access.Subject `json:"subject"`
	Request    access.Request `json:"request"`
	Systems    plan.Systems   `json:"systems"`
	Policy     plan.Policy    `json:"policy"`
	Digests    Digests        `json:"digests"`
	AdmittedAt time.Time      `json:"admitted_at"`
	Spooled    bool           `json:"spooled,omitempty"` // admitted while the store was down
}

// Digests are SHA-256 sums, in hex, of what the case was decided by.
type Digests struct {
	Config  string `json:"config"`
	Systems string `json:"systems"`
}

// event is the record of an event: it opened a case or joined one.
type event struct {
	Opened *Case   `json:"opened,omitempty"`
	Joined *joined `json:"joined,omitempty"`
}

type joined struct {
	Event   string         `json:"event"`
	Case    string         `json:"case"`
	Request access.Request `json:"request"`
	At      time.Time      `json:"at"`
}

func (e event) handledBy() string {
	switch {
	case e.Opened != nil:
		return e.Opened.ID
	case e.Joined != nil:
		return e.Joined.Case
	}
	return ""
}

// about refuses an event that was used for another person: it must never pass for
// one that was handled, or the second person would keep all access.
func (e event) about(op string, subject access.SubjectKey) error {
	other := subject
	switch {
	case e.Opened != nil:
		other = e.Opened.Request.Subject
	case e.Joined != nil:
		other = e.Joined.Request.Subject
	}
	if other != subject {
		return invalid(op, "this event id was used for another person; every event has an id of its own")
	}
	return nil
}

// membership is the record that a person has had a case.
type membership struct {
	Case string `json:"case"`
}

// Admit admits a case unless its event has been handled. The first case of an event wins for
// ever; its own chain of runs, known by FirstRun, is admitted again and gets the case as it was
// admitted first. Otherwise admitted is false and stored is the case that handled the event; of
// a case that is not known here it has the id alone. With the store down, an emergency is
// admitted, marked Spooled, and kept in the spool.
func (s *Store) Admit(ctx context.Context, c Case) (stored Case, admitted bool, err error) {
	if c.ID == "" || c.FirstRun == "" || c.Subject.Key == "" || c.Request.Subject != c.Subject.Key {
		return c, false, invalid(opAdmit, "a case names its event, its first run and its subject")
	}
	c.Spooled = false
	member := subjectPrefix(string(c.Subject.Key)) + escape(c.ID) + ".json"
	// The index comes first: an entry without a case is passed over, a case without an entry
	// would be lost.
	_, err = establish(ctx, s, opAdmit, member, membership{c.ID}, brief)
	var record event
	if err == nil {
		record, err = establish(ctx, s, opAdmit, eventName(c.ID), event{Opened: &c}, brief)
	}
	if s.canSpool(ctx, err) && c.Request.Strategy == access.Emergency {
		c.Spooled = true
		if _, err = establishSpooled(ctx, s, opAdmit, member, membership{c.ID}); err == nil {
			record, err = establishSpooled(ctx, s, opAdmit, eventName(c.ID), event{Opened: &c})
		}
	}
	if err == nil {
		err = record.about(opAdmit, c.Subject.Key)
	}
	if err != nil {
		return c, false, err
	}
	if record.Opened != nil {
		return *record.Opened, record.Opened.FirstRun == c.FirstRun, nil
	}
	owner, err := s.Case(ctx, record.handledBy())
	if access.CodeOf(err) == access.NotFound {
		return Case{ID: record.handledBy()}, false, nil
	}
	return owner, false, err
}

// Join makes the event one of the named case, unless it has been handled. It returns the case
// that handles it, and whether that is the named one: also when it had joined, or opened, that
// case before. An event that was used for another person is Invalid.
func (s *Store) Join(ctx context.Context, id, caseID string, request access.Request, at time.Time) (handledBy string, ok bool, err error) {
	if id == "" || caseID == "" {
		return "", false, invalid(opJoin, "an event joins a case, and both have ids")
	}
	record, err := establish(ctx, s, opJoin, eventName(id), event{Joined: &joined{Event: id, Case: caseID, Request: request, At: at}}, long)
	if err == nil {
		err = record.about(opJoin, request.Subject)
	}
	if err != nil {
		return "", false, err
	}
	return record.handledBy(), record.handledBy() == caseID, nil
}

// Case returns a case as it was admitted. An event that joined another case is not_found.
func (s *Store) Case(ctx context.Context, id string) (Case, error) {
	record, err := fetch[event](ctx, s, opCase, eventName(id), long)
	if err != nil {
		return Case{}, err
	}
	if record.Opened == nil {
		return Case{}, notFound(opCase)
	}
	return *record.Opened, nil
}

// Cases returns the cases that a person has had, the newest last. None is no error.
func (s *Store) Cases(ctx context.Context, subject access.SubjectKey) ([]Case, error) {
	members, err := gather[membership](ctx, s, opCase, subjectPrefix(string(subject)), long)
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, member := range members {
		c, err := s.Case(ctx, member.Case)
		switch {
		case access.CodeOf(err) == access.NotFound:
			continue
		case err != nil:
			return nil, err
		case c.Subject.Key == subject:
			cases = append(cases, c)
		}
	}
	slices.SortStableFunc(cases, func(a, b Case) int {
		return cmp.Or(a.AdmittedAt.Compare(b.AdmittedAt), cmp.Compare(a.ID, b.ID))
	})
	return cases, nil
}
