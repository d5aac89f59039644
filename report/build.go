package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/killsignal/killsignal/access"
)

// Build makes the report of the materials. It depends on nothing else.
func Build(m Materials) Report {
	receipts := slices.DeleteFunc(slices.Clone(m.Receipts), func(r access.Receipt) bool { return r.DryRun })
	slices.SortStableFunc(receipts, access.CompareReceipts)
	m.Receipts = receipts

	r := Report{Schema: SchemaID, Version: m.Version, Kind: Interim, WrittenAt: m.Now.UTC(), Case: m.Status.Case,
		Person: person(m.Case.Subject), Request: request(m), Times: times(m),
		Statements: list(m.Statements), Timeline: list(receipts),
		Evidence: Evidence{Intents: len(m.Intents), Receipts: len(receipts), Histories: list(m.Histories),
			ConfigDigest: m.Case.Digests.Config, SystemsDigest: m.Case.Digests.Systems, Spooled: m.Case.Spooled}}
	if m.Final {
		r.Kind = Final
	}
	r.Contradictions = list(contradictions(m))
	if slices.ContainsFunc(r.Contradictions, func(c Contradiction) bool { return c.Stage == access.Lock }) {
		r.Times.ContainedAt, r.Times.ToContain = time.Time{}, nil // claimed, and not shown
	}
	r.Systems = systems(m, r.Contradictions)
	r.Residuals = residuals(m)
	r.Tasks = tasks(m, r.Systems)
	r.ClosedTasks = list(filter(m.Statements, func(s access.Statement) bool {
		return s.Refused == "" && (s.What == attest || s.What == skip)
	}))
	r.NotCovered = limits(m, r.Systems)
	r.Verdict = verdict(m, r)
	return r
}

// What people say that closes a task, as statements call it.
const (
	attest = "attest"
	skip   = "skip"
)

func person(s access.Subject) Person {
	return Person{Key: s.Key, Name: s.Name, EmployeeNumber: s.EmployeeNumber, Emails: list(s.Emails), UserNames: list(s.UserNames), Manager: s.Manager}
}

func request(m Materials) Request {
	q := m.Case.Request
	return Request{Event: q.Event, Strategy: q.Strategy, Reason: q.Reason, By: q.RequestedBy.Name, Authority: q.RequestedBy.Authority, RequestedAt: q.RequestedAt.UTC()}
}

func times(m Materials) Times {
	effective := m.Status.Effective
	if effective.IsZero() {
		effective = m.Case.Request.Effective
	}
	if effective.IsZero() {
		effective = m.Case.Request.RequestedAt
	}
	// A zone that this machine does not know must not keep a report from being written.
	zone, err := time.LoadLocation(m.Case.Subject.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	since := func(t time.Time) *float64 {
		if t.IsZero() || effective.IsZero() {
			return nil
		}
		seconds := t.Sub(effective).Round(time.Millisecond).Seconds()
		return &seconds
	}
	return Times{Effective: effective.UTC(), EffectiveLocal: effective.In(zone).Format(time.RFC3339), Zone: zone.String(),
		AdmittedAt: m.Case.AdmittedAt.UTC(), ContainedAt: m.Status.ContainedAt.UTC(), SettledAt: m.Status.SettledAt.UTC(),
		ClosedAt: m.Status.ClosedAt.UTC(), ToContain: since(m.Status.ContainedAt), ToSettle: since(m.Status.SettledAt)}
}

// residuals lists what outlives the locks, what lasts longest first: the last word of each
// system, since a later lock starts the clock anew.
func residuals(m Materials) []Residual {
	last := map[string]access.Residual{}
	for _, receipt := range m.Receipts {
		if r := receipt.Residual; r != nil && !r.Until.Before(last[r.System].Until) {
			last[r.System] = *r
		}
	}
	all := []Residual{}
	for _, r := range last {
		r.Until = r.Until.UTC()
		all = append(all, Residual{Residual: r, Over: !m.Now.Before(r.Until)})
	}
	slices.SortFunc(all, func(a, b Residual) int {
		if c := b.Until.Compare(a.Until); c != 0 {
			return c
		}
		return cmp.Compare(a.System, b.System)
	})
	return all
}

// tasks joins the open tasks with what the person will find in the system.
func tasks(m Materials, systems []System) []Task {
	all := []Task{}
	for _, t := range m.Status.Tasks {
		task := Task{Task: t, Overdue: m.Now.After(t.Deadline), Accounts: []Presence{}, Rights: []Remaining{}}
		if i := slices.IndexFunc(systems, func(s System) bool { return s.Name == t.System }); i >= 0 {
			for _, account := range systems[i].Accounts {
				task.Accounts = append(task.Accounts, Presence{ID: account.ID, Name: account.Name})
				task.Rights = append(task.Rights, filter(account.Remaining, func(r Remaining) bool { return r.Obstacle != access.Inherent })...)
			}
		}
		all = append(all, task)
	}
	slices.SortStableFunc(all, func(a, b Task) int { return a.Deadline.Compare(b.Deadline) })
	return all
}

// limits says what this report does not cover.
func limits(m Materials, systems []System) []string {
	all := standardLimits()
	for _, s := range systems {
		for _, stage := range []access.Stage{access.Lock, access.Revoke} {
			if m.Status.Grid.At(stage, s.Name) == "" {
				all = append(all, s.Name+": takes no part in the stage "+string(stage)+".")
			}
		}
		for _, account := range s.Accounts {
			if account.Sessions != nil && !proves(account.Sessions.Proof) {
				all = append(all, s.Name+": open sessions cannot be read there; "+account.Sessions.Says+".")
			}
			if slices.ContainsFunc(account.Remaining, func(r Remaining) bool { return r.Obstacle == access.Invisible }) {
				all = append(all, s.Name+": does not show all rights, so that none is left is not proved.")
			}
		}
	}
	if m.Case.Spooled {
		all = append(all, "The case was admitted while the evidence store was down: whether the event had been handled before could not be looked up then.")
	}
	return slices.CompactFunc(all, func(a, b string) bool { return a == b })
}

// list is never nil, so that its JSON is never null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

func filter[T any](items []T, keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(items), func(item T) bool { return !keep(item) })
}
