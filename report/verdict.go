package report

import (
	"fmt"
	"slices"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// verdict judges the case by its grid, and by what the evidence says of the grid.
func verdict(m Materials, r Report) Verdict {
	v := Verdict{Word: m.Status.Grid.Judge()}
	for _, s := range r.Systems {
		if s.Standing == StandsOpen {
			v.Open++
		}
	}
	if m.Status.Cancelled {
		v.Word = plan.Cancelled
	}
	if len(r.Contradictions) > 0 {
		v.Word = plan.Incomplete
	}
	switch v.Word {
	case plan.Complete:
		v.Headline = "Complete"
		v.Sentence = "Every account found is locked or gone, every right that could be removed is removed, and reads afterwards showed it."
		if !slices.ContainsFunc(r.Systems, func(s System) bool { return len(s.Accounts) > 0 }) {
			v.Sentence = "No system holds an account of the person, and look-ups that find a known account showed it."
		}
	case plan.Excepted:
		v.Headline = "Complete with exceptions"
		v.Sentence = "Nothing is open. Some of it rests on the word of named persons, who are listed."
	case plan.Cancelled:
		v.Headline = "Cancelled, locks stay"
		v.Sentence = "The remaining steps were stopped. What had been locked stays locked." + still(v.Open)
	default:
		v.Headline = fmt.Sprintf("INCOMPLETE: %s open", count(v.Open, "system"))
		v.Sentence = "Access may exist where work is open."
		if n := len(r.Contradictions); n > 0 {
			v.Sentence = "The case claims what the evidence does not show, in " + count(n, "place") + ". " + v.Sentence
		}
		if n := len(r.Tasks); n > 0 {
			v.Sentence += " People have been given " + count(n, "task") + "."
		}
	}
	if slices.ContainsFunc(r.Residuals, func(x Residual) bool { return !x.Over }) {
		v.Sentence += " Tokens that were open may work for a while yet, as listed."
	}
	return v
}

func still(open int) string {
	if open == 0 {
		return ""
	}
	return " Work is open in " + count(open, "system") + "."
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// contradictions holds every claim of the grid against the receipts and statements.
func contradictions(m Materials) []Contradiction {
	var all []Contradiction
	grid := m.Status.Grid
	if len(grid.Systems) == 0 {
		all = append(all, Contradiction{What: "the case has no systems, so it ended no access"})
	}
	for _, s := range m.Case.Systems {
		if !slices.Contains(grid.Systems, s.Name) {
			all = append(all, Contradiction{System: s.Name, What: "the system was admitted with the case and is not in its grid"})
		}
	}
	for _, system := range grid.Systems {
		for _, stage := range access.Stages() {
			if what := contradicts(m, stage, system); what != "" {
				all = append(all, Contradiction{System: system, Stage: stage, What: what})
			}
		}
	}
	return all
}

// contradicts tells what speaks against a cell, or "".
func contradicts(m Materials, stage access.Stage, system string) string {
	claim := m.Status.Grid.At(stage, system)
	if claim == access.Vouched || claim == access.Excepted {
		if !stated(m.Statements, stage, system, claim) {
			return "the grid says " + string(claim) + ", and no statement of a person does"
		}
		return ""
	}
	if claim != access.Verified && claim != access.Gone {
		return ""
	}
	last := lastReceipts(m.Receipts, stage, system)
	if len(last) == 0 {
		return "the grid says " + string(claim) + ", and no receipt does"
	}
	for _, receipt := range last {
		switch {
		case receipt.Disposition != access.Verified && receipt.Disposition != access.Gone,
			claim == access.Gone && receipt.Disposition != access.Gone:
			return "the grid says " + string(claim) + ", and the last receipt of an account says " + saysLast(receipt)
		case !proves(receipt.Proof):
			return "the grid says " + string(claim) + ", and the proof is only: " + saysProof(receipt.Proof)
		}
	}
	if stage == access.Lock || stage == access.Revoke {
		for _, account := range accountsOf(m, system) {
			if !slices.ContainsFunc(last, func(r access.Receipt) bool { return r.Account == account }) && !verifiedLater(m.Receipts, account) {
				return "the grid says " + string(claim) + ", and an account that was found has no receipt of this stage"
			}
		}
	}
	return ""
}

func saysLast(receipt access.Receipt) string {
	if receipt.Error != nil {
		return string(receipt.Disposition) + " (" + string(receipt.Error.Code) + ")"
	}
	return string(receipt.Disposition)
}

// stated tells whether somebody has said what the cell claims.
func stated(statements []access.Statement, stage access.Stage, system string, claim access.Disposition) bool {
	what := attest
	if claim == access.Excepted {
		what = skip
	}
	return slices.ContainsFunc(statements, func(s access.Statement) bool {
		return s.What == what && s.Refused == "" && s.System == system && slices.Contains(s.Stages, stage)
	})
}

// lastReceipts returns the last receipt of each account of a cell. Those of look-ups count only
// where no account was found, since a later look-up may have found one.
func lastReceipts(receipts []access.Receipt, stage access.Stage, system string) []access.Receipt {
	var last []access.Receipt
	for _, receipt := range receipts {
		if receipt.System != system || receipt.Stage != stage {
			continue
		}
		i := slices.IndexFunc(last, func(r access.Receipt) bool { return r.Account == receipt.Account })
		if i < 0 {
			last = append(last, receipt)
			continue
		}
		last[i] = receipt
	}
	if len(last) > 1 {
		last = filter(last, func(r access.Receipt) bool { return r.Account != (access.AccountRef{}) })
	}
	return last
}

// accountsOf lists every account of a system that the case has met, in the order of their ids.
func accountsOf(m Materials, system string) []access.AccountRef {
	var refs []access.AccountRef
	for _, intent := range m.Intents {
		refs = append(refs, intent.Account)
	}
	for _, receipt := range m.Receipts {
		refs = append(refs, receipt.Account)
	}
	refs = filter(refs, func(r access.AccountRef) bool { return r.System == system && r.ID != "" })
	slices.SortFunc(refs, access.AccountRef.Compare)
	return slices.Compact(refs)
}

// verifiedLater tells whether an account that was found only in the end was read to be dead.
func verifiedLater(receipts []access.Receipt, account access.AccountRef) bool {
	return slices.ContainsFunc(receipts, func(r access.Receipt) bool {
		return r.Account == account && r.Stage == access.Verify && (r.Disposition == access.Verified || r.Disposition == access.Gone) && proves(r.Proof)
	})
}
