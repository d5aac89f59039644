package report

import (
	"fmt"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/evidence"
	"github.com/killsignal/killsignal/plan"
)

var start = time.Date(2026, 3, 2, 16, 30, 0, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

// story is a case that tests can bend before its report is written.
type story struct{ Materials }

func newStory(systems ...plan.System) *story {
	if systems == nil {
		systems = []plan.System{
			{Name: "okta-prod", IdentityProvider: true, Settle: time.Minute, Stages: []access.Stage{access.Lock, access.Revoke, access.Verify}},
			{Name: "entra", IdentityProvider: true, Settle: time.Minute, Stages: access.Stages()},
			{Name: "wiki"},
		}
	}
	return &story{Materials{
		Case: evidence.Case{ID: "hr:2026-0042", WorkflowID: "termination/E-1001", FirstRun: "run-1",
			Subject: access.Subject{Key: "E-1001", Name: "Ada Marsh", EmployeeNumber: "1001", Emails: []string{"ada.marsh@example.com"},
				UserNames: []string{"ada.marsh"}, TimeZone: "America/New_York", Manager: "E-0007"},
			Request: access.Request{Event: "hr:2026-0042", Subject: "E-1001", Strategy: access.Emergency, Effective: start,
				Reason: "dismissed for cause", RequestedBy: access.Actor{Name: "hr-desk", Authority: access.Claimed}, RequestedAt: start},
			Systems: systems, Policy: plan.DefaultPolicy(), AdmittedAt: at(0.4),
			Digests: evidence.Digests{Config: "9f2c41d0c0ffee", Systems: "51a7b2e0c0ffee"}},
		Status: plan.Status{Case: "hr:2026-0042", Subject: "E-1001", Strategy: access.Emergency, Phase: plan.Closed, Grid: plan.NewGrid(systems),
			Effective: start, AdmittedAt: at(0.4), ContainedAt: at(1.9), SettledAt: at(75), ClosedAt: at(90)},
		Histories: []string{"cases/hr%3A2026-0042/histories/run-1/0001.json"},
		Final:     true, Now: at(4000), Version: "v0.1.0",
	}}
}

// sets the grid and adds a receipt that bears it out.
func (s *story) done(r access.Receipt) {
	r.Case = s.Case.ID
	if r.StartedAt.IsZero() {
		r.StartedAt = r.DoneAt.Add(-300 * time.Millisecond)
	}
	s.Receipts = append(s.Receipts, r)
	s.Status.Grid.Set(r.Stage, r.System, r.Disposition)
}

func (s *story) intend(i access.Intent) {
	i.Case = s.Case.ID
	s.Intents = append(s.Intents, i)
}

func ref(system, id string) access.AccountRef { return access.AccountRef{System: system, ID: id} }

func seen(account access.AccountRef, status access.Status, word string, when time.Time) *access.AccountState {
	return &access.AccountState{Ref: account, Status: status, Word: word, ObservedAt: when}
}

var (
	oktaAccount  = ref("okta-prod", "00u1ab2cd3EF4gh5I6j7")
	entraAccount = ref("entra", "6f1c9f2e-0d0b-4a53-9a5e-2f7a1c7e8b11")
	wikiAccount  = ref("wiki", "2819c223-7f76-453a-919d-413861904646")

	engineers = access.Right{Kind: access.Grant, Type: "group", ID: "00g1eng", Name: "Engineering"}
	everyone  = access.Right{Kind: access.Grant, Type: "group", ID: "00g0all", Name: "Everyone", Obstacle: access.Inherent}
	payroll   = access.Right{Kind: access.Grant, Type: "app-assignment", ID: "0oa1pay", Name: "Payroll"}
	licence   = access.Right{Kind: access.Seat, Type: "licence", ID: "05e9a617", Name: "Office E5", Pool: &access.Pool{Total: 50, Used: 50}}
)

// okta locks and strips the identity provider, after a first attempt that was cut off.
func (s *story) okta() {
	before := seen(oktaAccount, access.Active, "ACTIVE", at(0.6))
	before.Attributes = map[string]string{"status": "ACTIVE"}
	s.intend(access.Intent{Stage: access.Lock, Account: oktaAccount, Name: "ada.marsh@example.com", Acts: []string{"lock", "end-sessions"}, Before: *before, At: at(0.7)})
	s.done(access.Receipt{Stage: access.Lock, System: "okta-prod", Account: oktaAccount, Name: "ada.marsh@example.com", MatchedBy: access.ByUserName,
		Disposition: access.Running, Before: before, DoneAt: at(0.9),
		Error: &access.Error{Code: access.Unknown, Op: "lock", System: "okta-prod", Hint: "the connection ended before an answer came"}})
	s.done(access.Receipt{Stage: access.Lock, System: "okta-prod", Account: oktaAccount, Name: "ada.marsh@example.com", MatchedBy: access.ByUserName,
		Disposition: access.Verified, Outcome: access.Applied, Proof: access.StateReadBack,
		Before: seen(oktaAccount, access.Locked, "SUSPENDED", at(1.1)), After: seen(oktaAccount, access.Locked, "SUSPENDED", at(1.3)),
		Sessions: &access.SessionState{Proof: access.SessionsZero},
		Acts: []access.Act{{What: "lock", Outcome: access.Applied, Proof: access.StateReadBack},
			{What: "end-sessions", Outcome: access.Applied, Proof: access.SessionsZero}},
		Residual: &access.Residual{System: "okta-prod", What: "access tokens of applications that check them offline", Until: at(3601)},
		Exchanges: []access.Exchange{{Method: "GET", Path: "/api/v1/users/00u1ab2cd3EF4gh5I6j7", Status: 200, RequestID: "Zk-read-1", At: at(1.1), Took: 40 * time.Millisecond},
			{Method: "DELETE", Path: "/api/v1/users/00u1ab2cd3EF4gh5I6j7/sessions", Status: 204, RequestID: "Zk-sessions-2", At: at(1.2), Took: 50 * time.Millisecond}},
		DoneAt: at(1.4)})
	s.intend(access.Intent{Stage: access.Revoke, Account: oktaAccount, Name: "ada.marsh@example.com", Acts: []string{"revoke-right"}, Before: *before,
		Rights: []access.Right{engineers, everyone, payroll}, At: at(1.5)})
	s.done(access.Receipt{Stage: access.Revoke, System: "okta-prod", Account: oktaAccount, Name: "ada.marsh@example.com", Disposition: access.Verified,
		Outcome: access.Applied, Proof: access.ListingEmpty, Remaining: []access.Right{everyone},
		Acts: []access.Act{{What: "revoke-right", Right: &engineers, Outcome: access.Applied, Proof: access.ListingEmpty},
			{What: "revoke-right", Right: &payroll, Outcome: access.Applied, Proof: access.ListingEmpty}},
		Exchanges: []access.Exchange{{Method: "DELETE", Path: "/api/v1/groups/00g1eng/users/00u1ab2cd3EF4gh5I6j7", Status: 204, RequestID: "Zk-group-3", At: at(1.6), Took: 45 * time.Millisecond}},
		DoneAt:    at(1.8)})
	s.done(access.Receipt{Stage: access.Verify, System: "okta-prod", Account: oktaAccount, Name: "ada.marsh@example.com", Disposition: access.Verified,
		Outcome: access.Unchanged, Proof: access.StateReadBack, Remaining: []access.Right{everyone},
		Before: seen(oktaAccount, access.Locked, "SUSPENDED", at(62)), After: seen(oktaAccount, access.Locked, "SUSPENDED", at(62)), DoneAt: at(62.2)})
}

// entra does the same and gives a seat back.
func (s *story) entra() {
	before := seen(entraAccount, access.Active, "enabled", at(0.6))
	s.intend(access.Intent{Stage: access.Lock, Account: entraAccount, Name: "ada.marsh@example.com", Acts: []string{"lock", "end-sessions"}, Before: *before, At: at(0.7)})
	s.done(access.Receipt{Stage: access.Lock, System: "entra", Account: entraAccount, Name: "ada.marsh@example.com", MatchedBy: access.ByEmail,
		Disposition: access.Verified, Outcome: access.Applied, Proof: access.StateReadBack, Before: before,
		After:    seen(entraAccount, access.Locked, "disabled", at(1.7)),
		Sessions: &access.SessionState{Proof: access.StateReadBack, ValidFrom: at(1.6)},
		Acts: []access.Act{{What: "lock", Outcome: access.Applied, Proof: access.StateReadBack},
			{What: "end-sessions", Outcome: access.Applied, Proof: access.StateReadBack}}, DoneAt: at(1.9)})
	s.done(access.Receipt{Stage: access.Revoke, System: "entra", Account: entraAccount, Name: "ada.marsh@example.com", Disposition: access.Verified,
		Outcome: access.Unchanged, Proof: access.ListingEmpty, DoneAt: at(2.1)})
	s.done(access.Receipt{Stage: access.Verify, System: "entra", Account: entraAccount, Name: "ada.marsh@example.com", Disposition: access.Verified,
		Outcome: access.Unchanged, Proof: access.StateReadBack, After: seen(entraAccount, access.Locked, "disabled", at(63)), DoneAt: at(63.1)})
	after := licence
	after.Pool = &access.Pool{Total: 50, Used: 49}
	s.done(access.Receipt{Stage: access.Reclaim, System: "entra", Account: entraAccount, Name: "ada.marsh@example.com", Disposition: access.Verified,
		Outcome: access.Applied, Proof: access.ListingEmpty,
		Acts: []access.Act{{What: "reclaim-seat", Right: &licence, After: &after, Outcome: access.Applied, Proof: access.ListingEmpty}}, DoneAt: at(74)})
}

// wiki has an account whose sessions cannot be read.
func (s *story) wiki() {
	s.done(access.Receipt{Stage: access.Lock, System: "wiki", Account: wikiAccount, Name: "ada.marsh", MatchedBy: access.ByUserName,
		Disposition: access.Verified, Outcome: access.Applied, Proof: access.StateReadBack, Before: seen(wikiAccount, access.Active, "active", at(0.8)),
		After: seen(wikiAccount, access.Locked, "inactive", at(1.2)), Sessions: &access.SessionState{Proof: access.Asserted},
		Acts: []access.Act{{What: "lock", Outcome: access.Applied, Proof: access.StateReadBack}, {What: "end-sessions", Outcome: access.Applied, Proof: access.Asserted}}, DoneAt: at(1.3)})
	s.done(access.Receipt{Stage: access.Revoke, System: "wiki", Account: wikiAccount, Name: "ada.marsh", Disposition: access.Verified,
		Outcome: access.Unchanged, Proof: access.ListingEmpty, DoneAt: at(1.5)})
}

func complete() *story {
	s := newStory()
	s.okta()
	s.entra()
	s.wiki()
	return s
}

// withTask is a case in which a permission is missing in the wiki, and a person has vouched for
// nothing yet.
func withTask() *story {
	s := newStory()
	s.okta()
	s.entra()
	rule := access.Right{Kind: access.Grant, Type: "group", ID: "g-7", Name: "All staff", Obstacle: access.ByRule, Source: "rule department eq staff"}
	s.done(access.Receipt{Stage: access.Lock, System: "wiki", Account: wikiAccount, Name: "ada.marsh", MatchedBy: access.ByUserName,
		Disposition: access.Manual, Before: seen(wikiAccount, access.Active, "active", at(0.8)), Remaining: []access.Right{rule},
		Error: &access.Error{Code: access.Denied, Op: "lock", System: "wiki", Status: 403, RequestID: "req-77", Hint: "the token lacks the scope users:write"}, DoneAt: at(1.3)})
	s.done(access.Receipt{Stage: access.Revoke, System: "wiki", Account: wikiAccount, Name: "ada.marsh", Disposition: access.Manual, Remaining: []access.Right{rule},
		Error: &access.Error{Code: access.Unsupported, Op: "revoke", System: "wiki", Hint: "a group is given by a rule: exclude the person from the rule, see the report for its name"}, DoneAt: at(1.5)})
	s.Status.Tasks = []plan.Task{{ID: "wiki", System: "wiki", Stages: []access.Stage{access.Lock, access.Revoke}, Code: access.Denied, Status: 403, Request: "req-77",
		Hint: "the token lacks the scope users:write", Owner: "security", OpenedAt: at(2), Deadline: at(86400)}}
	s.Status.Phase, s.Status.ContainedAt, s.Status.ClosedAt = plan.Settled, time.Time{}, time.Time{}
	s.Statements = []access.Statement{
		{Case: s.Case.ID, ID: "u-1", What: "skip", Task: "wiki", System: "wiki", Stages: []access.Stage{access.Lock}, By: access.Actor{Name: "sam", Authority: access.Claimed},
			Refused: "skip needs a reason", At: at(100)}}
	s.Final, s.Now = false, at(120)
	return s
}

// attested is the same case after a person has done it by hand.
func attested() *story {
	s := withTask()
	s.Status.Tasks = nil
	for _, stage := range []access.Stage{access.Lock, access.Revoke} {
		s.Status.Grid.Set(stage, "wiki", access.Vouched)
	}
	s.Statements = append(s.Statements, access.Statement{Case: s.Case.ID, ID: "u-2", What: "attest", Task: "wiki", System: "wiki",
		Stages: []access.Stage{access.Lock, access.Revoke}, By: access.Actor{Name: "sam", Authority: access.Claimed}, Reason: "locked in the console", Artefact: "TICKET-4711", At: at(3000)})
	s.Final, s.Now = true, at(4000)
	return s
}

func cancelled() *story {
	s := newStory()
	s.okta()
	s.done(access.Receipt{Stage: access.Lock, System: "wiki", Disposition: access.Running, Proof: access.Unprovable,
		Error: &access.Error{Code: access.Unavailable, Op: "find accounts", System: "wiki", Status: 503}, DoneAt: at(1)})
	s.Status.Cancelled, s.Status.ContainedAt, s.Status.SettledAt = true, time.Time{}, time.Time{}
	s.Statements = []access.Statement{{Case: s.Case.ID, ID: "cancel", What: "cancel", By: access.Actor{Name: "temporal-ui", Authority: access.Claimed}, At: at(63)}}
	return s
}

func absent() *story {
	s := newStory(plan.System{Name: "wiki"}, plan.System{Name: "chat"})
	for _, system := range []string{"wiki", "chat"} {
		for _, stage := range []access.Stage{access.Lock, access.Revoke} {
			s.done(access.Receipt{Stage: stage, System: system, Disposition: access.Gone, Proof: access.NoRow, DoneAt: at(1.2)})
		}
	}
	return s
}

func spooled() *story {
	s := complete()
	s.Case.Spooled = true
	return s
}

// contradicted is a case whose grid claims what the receipts do not show.
func contradicted() *story {
	s := complete()
	s.Receipts = filter(s.Receipts, func(r access.Receipt) bool { return r.System != "wiki" })
	return s
}

// large is a case of three hundred systems, of which a few have trouble.
func large() *story {
	var systems []plan.System
	for i := range 300 {
		systems = append(systems, plan.System{Name: fmt.Sprintf("scim-%03d", i)})
	}
	s := newStory(systems...)
	s.Case.Subject.Name = "Ada <script>alert(1)</script> \u202eMarsh\u202c مارش"
	for i, system := range systems {
		account := ref(system.Name, fmt.Sprintf("id-%d", i))
		r := access.Receipt{Stage: access.Lock, System: system.Name, Account: account, Name: "ada.marsh", MatchedBy: access.ByUserName, Disposition: access.Verified,
			Outcome: access.Applied, Proof: access.StateReadBack, Before: seen(account, access.Active, "active", at(0.5)), After: seen(account, access.Locked, "inactive", at(0.9)), DoneAt: at(1 + float64(i)/1000)}
		if i%100 == 50 {
			r.Disposition, r.Outcome, r.Proof, r.After = access.Running, "", "", r.Before
			r.Error = &access.Error{Code: access.Unavailable, System: system.Name, Op: "lock", Status: 503}
		}
		s.done(r)
		r.Stage = access.Revoke
		if r.Error == nil {
			r.Proof, r.Before, r.After = access.ListingEmpty, nil, nil
			s.done(r)
		}
	}
	s.Status.ContainedAt = time.Time{}
	return s
}
