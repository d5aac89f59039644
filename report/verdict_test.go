package report

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		name string
		tell func() *story
		want plan.Verdict
		open int
	}{
		{"everything verified is complete", complete, plan.Complete, 0},
		{"no account anywhere, and that proved, is complete", absent, plan.Complete, 0},
		{"an open task is incomplete", withTask, plan.Incomplete, 1},
		{"an attested task is an exception", attested, plan.Excepted, 0},
		{"a cancelled case is cancelled and counts what is open", cancelled, plan.Cancelled, 2},
		{"a grid that no receipt bears out is incomplete", contradicted, plan.Incomplete, 1},
		{"a case without systems is incomplete", func() *story {
			s := newStory()
			s.Case.Systems, s.Status.Grid = nil, plan.Grid{}
			return s
		}, plan.Incomplete, 0},
		{"a system that never answered is open", func() *story {
			s := newStory()
			s.okta()
			s.entra()
			return s
		}, plan.Incomplete, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Build(c.tell().Materials)
			require.Equal(t, c.want, r.Verdict.Word, r.Contradictions)
			require.Equal(t, c.open, r.Verdict.Open)
			require.NotEmpty(t, r.Verdict.Sentence)
		})
	}
}

func TestContradictions(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(*story)
	}{
		{"verified by what the provider only asserts", func(s *story) { s.last("wiki", access.Lock).Proof = access.Asserted }},
		{"verified by nothing", func(s *story) { s.last("wiki", access.Lock).Proof = access.Unprovable }},
		{"verified, and the last receipt failed", func(s *story) { s.last("wiki", access.Lock).Disposition = access.Running }},
		{"absent, and an account was locked", func(s *story) { s.Status.Grid.Set(access.Lock, "wiki", access.Gone) }},
		{"attested, and nobody said so", func(s *story) { s.Status.Grid.Set(access.Lock, "wiki", access.Vouched) }},
		{"excepted, and somebody only attested", func(s *story) {
			s.Status.Grid.Set(access.Lock, "wiki", access.Excepted)
			s.Statements = []access.Statement{{ID: "1", What: "attest", System: "wiki", Stages: []access.Stage{access.Lock}}}
		}},
		{"attested by a statement that was refused", func(s *story) {
			s.Status.Grid.Set(access.Lock, "wiki", access.Vouched)
			s.Statements = []access.Statement{{ID: "1", What: "attest", System: "wiki", Stages: []access.Stage{access.Lock}, Refused: "no"}}
		}},
		{"an account was found and never locked", func(s *story) {
			s.intend(access.Intent{Stage: access.Revoke, Account: ref("wiki", "another"), At: at(1)})
		}},
		{"a second account is not locked", func(s *story) {
			r := *s.last("wiki", access.Lock)
			r.Account, r.Disposition = ref("wiki", "another"), access.Manual
			s.Receipts = append(s.Receipts, r)
		}},
		{"a system is missing in the grid", func(s *story) { s.Case.Systems = append(s.Case.Systems, plan.System{Name: "wiki-2"}) }},
		{"only a dry run shows it", func(s *story) { s.last("wiki", access.Lock).DryRun = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := complete()
			c.bend(s)
			r := Build(s.Materials)
			require.NotEmpty(t, r.Contradictions)
			require.Equal(t, plan.Incomplete, r.Verdict.Word)
			require.Equal(t, StandsOpen, r.Systems[0].Standing, "it comes first")
			page, err := r.HTML()
			require.NoError(t, err)
			require.Contains(t, string(page), "The case and its evidence disagree")
			require.Contains(t, string(page), "INCOMPLETE")
		})
	}
	t.Run("an account found late and read dead in the end is no contradiction", func(t *testing.T) {
		s := complete()
		late := ref("okta-prod", "late")
		r := *s.last("okta-prod", access.Verify)
		r.Account = late
		s.Receipts = append(s.Receipts, r)
		require.Empty(t, Build(s.Materials).Contradictions)
	})
	t.Run("a look-up that failed before an account was found is no contradiction", func(t *testing.T) {
		s := complete()
		s.Receipts = append(s.Receipts, access.Receipt{Stage: access.Lock, System: "wiki", Disposition: access.Running, Proof: access.Unprovable,
			Error: &access.Error{Code: access.Unavailable}, DoneAt: at(0.1)})
		r := Build(s.Materials)
		require.Empty(t, r.Contradictions)
		require.Nil(t, r.Systems[2].Trouble)
	})
}

// last is the last receipt of a cell.
func (s *story) last(system string, stage access.Stage) *access.Receipt {
	for i := len(s.Receipts) - 1; i >= 0; i-- {
		if s.Receipts[i].System == system && s.Receipts[i].Stage == stage {
			return &s.Receipts[i]
		}
	}
	return nil
}
