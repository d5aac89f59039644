package activities

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
	"github.com/killsignal/killsignal/evidence"
	"github.com/killsignal/killsignal/plan"
)

// one is a roster of one person, or of nobody.
type one struct{ subject *access.Subject }

func (o one) Subject(context.Context, access.SubjectKey) (access.Subject, error) {
	if o.subject == nil {
		return access.Subject{}, &access.Error{Code: access.NotFound}
	}
	return *o.subject, nil
}

func newActivities(t *testing.T) (*Activities, *reference.Company) {
	company := reference.NewCompany()
	t.Cleanup(company.Close)
	store, err := evidence.Open(t.Context(), evidence.Options{URL: "mem://"})
	require.NoError(t, err)
	system := connectors.NewSystem(connectors.Options{Name: "directory", Connector: company.Connector, Ledger: store, Witness: company.Other})
	return &Activities{Systems: map[string]*connectors.System{"directory": system}, Planned: []plan.System{PlannedSystem(system, "", false)},
		Policy: plan.DefaultPolicy(), Roster: one{&company.Leaver}, Evidence: store, Clock: time.Now}, company
}

func admission(company *reference.Company, event, run string) AdmitInput {
	return AdmitInput{WorkflowID: "termination/" + string(company.Leaver.Key), FirstRun: run, Request: access.Request{Event: event,
		Subject: company.Leaver.Key, Strategy: access.Emergency, RequestedBy: access.Actor{Name: "sam", Authority: access.Claimed}}}
}

func TestTemporalError(t *testing.T) {
	for _, code := range access.Codes() {
		t.Run(fmt.Sprintf("%s is tried again: %t", code, code.Transient()), func(t *testing.T) {
			sent := &access.Error{Code: code, System: "crm", Op: "lock", RetryAfter: time.Second, Cause: errors.New("ada@example.com")}
			err := temporalError(fmt.Errorf("drive: %w", sent))
			var failure *temporal.ApplicationError
			require.True(t, errors.As(err, &failure))
			require.Equal(t, string(code), failure.Type())
			require.Equal(t, !code.Transient(), failure.NonRetryable())
			require.Equal(t, time.Second, failure.NextRetryDelay())
			require.NotContains(t, fmt.Sprintf("%+v", err), "ada@", "the cause stays here")
		})
	}
	t.Run("no provider parks a lock for longer than five minutes", func(t *testing.T) {
		var failure *temporal.ApplicationError
		require.True(t, errors.As(temporalError(&access.Error{Code: access.RateLimited, RetryAfter: 24 * time.Hour}), &failure))
		require.Equal(t, maxDelay, failure.NextRetryDelay())
	})
	t.Run("what is no error of ours is unavailable", func(t *testing.T) {
		require.Equal(t, access.Unavailable, ErrorOf(errors.New("timeout")).Code)
	})
}

func TestAdmit(t *testing.T) {
	t.Run("an event is admitted once, and the same chain of runs finds it again", func(t *testing.T) {
		a, company := newActivities(t)
		for range 2 {
			admitted, err := a.Admit(t.Context(), admission(company, "hr-1", "run-1"))
			require.NoError(t, err)
			require.Nil(t, admitted.HandledBefore)
			require.Equal(t, "hr-1", admitted.Case)
		}
	})
	t.Run("an event whose case is concluded is answered with the conclusion, also within its own chain", func(t *testing.T) {
		a, company := newActivities(t)
		_, err := a.Admit(t.Context(), admission(company, "hr-1", "run-1"))
		require.NoError(t, err)
		require.NoError(t, a.Evidence.Conclude(t.Context(), plan.Conclusion{Case: "hr-1", Verdict: plan.Complete}))
		for _, run := range []string{"run-1", "run-2"} {
			answered, err := a.Admit(t.Context(), admission(company, "hr-1", run))
			require.NoError(t, err)
			require.Equal(t, &plan.Conclusion{Case: "hr-1", Verdict: plan.Complete, HandledBefore: true}, answered.HandledBefore)
		}
	})
	t.Run("a case whose run was ended by force is gone on with, by its own event and by one that had joined", func(t *testing.T) {
		a, company := newActivities(t)
		_, err := a.Admit(t.Context(), admission(company, "hr-1", "run-1"))
		require.NoError(t, err)
		_, err = a.Join(t.Context(), "hr-1", admission(company, "hr-2", "").Request)
		require.NoError(t, err)
		named := []access.AccountRef{{System: "directory", ID: "p-0009"}}
		require.NoError(t, a.Evidence.State(t.Context(), access.Statement{Case: "hr-1", ID: "said", What: "submit", Accounts: named}))
		for event, run := range map[string]string{"hr-1": "run-2", "hr-2": "run-3"} {
			resumed, err := a.Admit(t.Context(), admission(company, event, run))
			require.NoError(t, err)
			require.Nil(t, resumed.HandledBefore)
			require.Equal(t, "hr-1", resumed.Case)
			require.Equal(t, named, resumed.Accounts, "what was named by whoever joined")
		}
		said, err := a.Evidence.Statements(t.Context(), "hr-1")
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"submit", "resume", "resume"}, []string{said[0].What, said[1].What, said[2].What})
	})
	t.Run("an event that had joined a case which was never admitted is not lost", func(t *testing.T) {
		a, company := newActivities(t)
		_, err := a.Join(t.Context(), "hr-2", admission(company, "hr-3", "").Request)
		require.NoError(t, err)
		admitted, err := a.Admit(t.Context(), admission(company, "hr-3", "run-1"))
		require.NoError(t, err)
		require.Nil(t, admitted.HandledBefore)
		require.Equal(t, "hr-2", admitted.Case)
	})
	t.Run("somebody whom nobody knows is not found, and one who is named by an account is taken", func(t *testing.T) {
		a, company := newActivities(t)
		a.Roster = one{}
		_, err := a.Admit(t.Context(), admission(company, "hr-1", "run-1"))
		require.Equal(t, access.NotFound, ErrorOf(err).Code)
		named := admission(company, "hr-1", "run-1")
		named.Request.Accounts = []access.AccountRef{{System: "directory", ID: reference.LeaverID}}
		_, err = a.Admit(t.Context(), named)
		require.NoError(t, err)
	})
}

func TestDriveWave(t *testing.T) {
	drive := func(t *testing.T, a *Activities, in DriveInput, details ...any) DriveResult {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestActivityEnvironment()
		env.RegisterActivity(a)
		if len(details) > 0 {
			env.SetHeartbeatDetails(details[0])
		}
		value, err := env.ExecuteActivity(a.DriveWave, in)
		require.NoError(t, err)
		var result DriveResult
		require.NoError(t, value.Get(&result))
		return result
	}
	input := func(company *reference.Company, systems ...string) DriveInput {
		return DriveInput{Case: "hr-1", Subject: company.Leaver.Key, Systems: systems, Stages: []access.Stage{access.Lock, access.Revoke}, Budget: 3 * time.Second}
	}
	t.Run("it answers a letter for each system and stage, in the order that was asked", func(t *testing.T) {
		a, company := newActivities(t)
		result := drive(t, a, input(company, "unheard-of", "directory"))
		require.Equal(t, map[access.Stage]string{access.Lock: "rv", access.Revoke: "rv"}, result.Rows)
		require.Equal(t, "unheard-of", result.Open[0].System)
		require.Equal(t, access.Unavailable, result.Open[0].Code)
		require.False(t, result.LockedAt.IsZero())
	})
	t.Run("a second attempt does not drive what the first had finished", func(t *testing.T) {
		a, company := newActivities(t)
		finished := map[string]line{"directory": {Letters: map[access.Stage]string{access.Lock: "v", access.Revoke: "m"},
			Error: &access.Error{Code: access.Unsupported}}}
		result := drive(t, a, input(company, "directory"), finished)
		require.Equal(t, "v", result.Rows[access.Lock])
		require.Equal(t, "m", result.Rows[access.Revoke])
		require.Empty(t, company.Faults.Requests())
	})
	t.Run("somebody who has left the roster is known from the evidence, with accounts that were named since", func(t *testing.T) {
		a, company := newActivities(t)
		_, err := a.Admit(t.Context(), admission(company, "hr-1", "run-1"))
		require.NoError(t, err)
		a.Roster = one{}
		in := input(company, "directory")
		in.Accounts = []access.AccountRef{{System: "directory", ID: reference.LeaverID}}
		subject, err := a.subject(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, company.Leaver.Emails, subject.Emails)
		require.Equal(t, in.Accounts, subject.Accounts)
	})
}

func TestFinishing(t *testing.T) {
	t.Run("after a cancel what is in hand goes on for a moment, and not longer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			life, cancel := context.WithCancel(t.Context())
			ctx, done := finishing(life, time.Minute)
			defer done()
			started := time.Now()
			cancel()
			require.NoError(t, ctx.Err())
			<-ctx.Done()
			require.Equal(t, finishingTime, time.Since(started))
		})
	})
	t.Run("the limit holds without a cancel", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, done := finishing(t.Context(), time.Second)
			defer done()
			started := time.Now()
			<-ctx.Done()
			require.Equal(t, time.Second, time.Since(started))
		})
	})
}
