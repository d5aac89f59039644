package report

import (
	"slices"

	"github.com/killsignal/killsignal/access"
)

// systems tells how each system stands, those with open work first, then those that people
// vouch for, each in the order of the grid.
func systems(m Materials, contradictions []Contradiction) []System {
	names := slices.Clone(m.Status.Grid.Systems)
	for _, s := range m.Case.Systems {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	for _, receipt := range m.Receipts {
		if !slices.Contains(names, receipt.System) {
			names = append(names, receipt.System)
		}
	}
	all := []System{}
	for _, name := range names {
		all = append(all, system(m, name, filter(contradictions, func(c Contradiction) bool { return c.System == name })))
	}
	order := []Standing{StandsOpen, StandsExcepted, StandsDone}
	slices.SortStableFunc(all, func(a, b System) int {
		return slices.Index(order, a.Standing) - slices.Index(order, b.Standing)
	})
	return all
}

func system(m Materials, name string, contradictions []Contradiction) System {
	s := System{Name: name, Standing: StandsDone, Cells: []Cell{}, Accounts: []Account{}}
	for _, stage := range access.Stages() {
		d := m.Status.Grid.At(stage, name)
		if d == "" {
			continue
		}
		cell := Cell{Stage: stage, Disposition: d, Says: saysDisposition(d),
			Contradicted: slices.ContainsFunc(contradictions, func(c Contradiction) bool { return c.Stage == stage })}
		if cell.Contradicted {
			// What is claimed and not shown is not called so, here or anywhere.
			cell.Disposition, cell.Says = access.Pending, "claimed as "+string(d)+", and not borne out by the evidence"
		}
		s.Cells = append(s.Cells, cell)
		switch {
		case d.Open():
			s.Standing = StandsOpen
		case s.Standing == StandsDone && (d == access.Vouched || d == access.Excepted):
			s.Standing = StandsExcepted
		}
	}
	if len(contradictions) > 0 || len(s.Cells) == 0 {
		s.Standing = StandsOpen
	}
	for _, ref := range accountsOf(m, name) {
		s.Accounts = append(s.Accounts, account(m, ref))
	}
	s.vouch()
	s.search(m)
	return s
}

// vouch lets the word of a person stand where the receipts of an account end open.
func (s *System) vouch() {
	for _, cell := range s.Cells {
		if cell.Disposition != access.Vouched && cell.Disposition != access.Excepted {
			continue
		}
		for _, account := range s.Accounts {
			for i := range account.Stages {
				if stage := &account.Stages[i]; stage.Stage == cell.Stage && stage.Disposition.Open() {
					stage.Disposition, stage.Says = cell.Disposition, cell.Says
				}
			}
		}
	}
}

// search tells what look-ups gave, where they found no account.
func (s *System) search(m Materials) {
	for _, receipt := range slices.Backward(m.Receipts) {
		if receipt.System != s.Name || receipt.Account != (access.AccountRef{}) {
			continue
		}
		if receipt.Disposition == access.Gone && len(s.Accounts) == 0 {
			s.Absence = &Absence{Proof: receipt.Proof, Says: saysProof(receipt.Proof), At: receipt.DoneAt}
			return
		}
		if receipt.Error != nil {
			// A look-up that failed and was made good later is in the timeline only.
			if s.Standing != StandsDone {
				s.Trouble = &Trouble{Error: *receipt.Error, At: receipt.DoneAt}
			}
			return
		}
	}
}
