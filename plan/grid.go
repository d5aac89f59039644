package plan

import (
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// Grid is how a case stands: stage × system. A row is one letter per system, so
// that a grid of hundreds of systems stays small in a workflow's history.
type Grid struct {
	Systems []string                `json:"systems"`
	Rows    map[access.Stage]string `json:"rows"`
}

// Letters of a row. A blank cell is one that the system takes no part in.
const (
	letterNone     = '.'
	letterPending  = 'p'
	letterRunning  = 'r'
	letterVerified = 'v'
	letterGone     = 'a'
	letterManual   = 'm'
	letterVouched  = 't'
	letterExcepted = 'x'
)

// Letter returns the letter of a disposition, and '.' for none.
func Letter(d access.Disposition) byte {
	switch d {
	case access.Pending:
		return letterPending
	case access.Running:
		return letterRunning
	case access.Verified:
		return letterVerified
	case access.Gone:
		return letterGone
	case access.Manual:
		return letterManual
	case access.Vouched:
		return letterVouched
	case access.Excepted:
		return letterExcepted
	}
	return letterNone
}

// DispositionOf returns the disposition of a letter, and "" for '.'.
func DispositionOf(letter byte) access.Disposition {
	switch letter {
	case letterPending:
		return access.Pending
	case letterRunning:
		return access.Running
	case letterVerified:
		return access.Verified
	case letterGone:
		return access.Gone
	case letterManual:
		return access.Manual
	case letterVouched:
		return access.Vouched
	case letterExcepted:
		return access.Excepted
	}
	return ""
}

// NewGrid makes the grid of a case in which nothing has been done.
func NewGrid(systems []System) Grid {
	g := Grid{Rows: map[access.Stage]string{}}
	for _, s := range systems {
		g.Systems = append(g.Systems, s.Name)
	}
	for _, stage := range access.Stages() {
		row := make([]byte, len(systems))
		for i, s := range systems {
			row[i] = letterNone
			if s.TakesPart(stage) {
				row[i] = letterPending
			}
		}
		g.Rows[stage] = string(row)
	}
	return g
}

// At returns the disposition of a cell, "" when the system takes no part in the
// stage or is not in the grid.
func (g Grid) At(stage access.Stage, system string) access.Disposition {
	i := slices.Index(g.Systems, system)
	if row := g.Rows[stage]; i >= 0 && i < len(row) {
		return DispositionOf(row[i])
	}
	return ""
}

// Set sets a cell. A cell that the system takes no part in stays blank.
func (g Grid) Set(stage access.Stage, system string, d access.Disposition) {
	i := slices.Index(g.Systems, system)
	row := []byte(g.Rows[stage])
	if i >= 0 && i < len(row) && row[i] != letterNone {
		row[i] = Letter(d)
		g.Rows[stage] = string(row)
	}
}

// Stop turns every running cell into a pending one: nothing is tried any longer.
func (g Grid) Stop() {
	for _, stage := range access.Stages() {
		g.Rows[stage] = strings.ReplaceAll(g.Rows[stage], string(letterRunning), string(letterPending))
	}
}

// Open returns the stages of a system that have work left, in their order.
func (g Grid) Open(system string) []access.Stage {
	return slices.DeleteFunc(access.Stages(), func(stage access.Stage) bool {
		d := g.At(stage, system)
		return d == "" || !d.Open()
	})
}

// Standing returns the systems whose cell of the stage stands as d.
func (g Grid) Standing(stage access.Stage, d access.Disposition) []string {
	return slices.DeleteFunc(slices.Clone(g.Systems), func(system string) bool { return g.At(stage, system) != d })
}

// Count counts the cells of a stage by disposition, blank ones left out.
func (g Grid) Count(stage access.Stage) map[access.Disposition]int {
	count := map[access.Disposition]int{}
	for _, letter := range []byte(g.Rows[stage]) {
		if d := DispositionOf(letter); d != "" {
			count[d]++
		}
	}
	return count
}

// Cells counts the cells of a stage, blank ones left out.
func (g Grid) Cells(stage access.Stage) int {
	return len(g.Rows[stage]) - strings.Count(g.Rows[stage], string(letterNone))
}

// Contained tells whether every lock is verified, or there is no account.
func (g Grid) Contained() bool {
	for _, letter := range []byte(g.Rows[access.Lock]) {
		if letter != letterVerified && letter != letterGone && letter != letterNone {
			return false
		}
	}
	return true
}

// Verdict is the one word for a grid.
type Verdict string

// The verdicts.
const (
	Complete   Verdict = "complete"   // every cell verified or absent
	Excepted   Verdict = "excepted"   // nothing open, and people vouch for some cells
	Incomplete Verdict = "incomplete" // work remains
	Cancelled  Verdict = "cancelled"  // stopped by somebody; locks stay
)

// Judge gives the verdict on a grid.
func (g Grid) Judge() Verdict {
	verdict := Complete
	for _, stage := range access.Stages() {
		for _, letter := range []byte(g.Rows[stage]) {
			switch d := DispositionOf(letter); {
			case d.Open():
				return Incomplete
			case d == access.Vouched, d == access.Excepted:
				verdict = Excepted
			}
		}
	}
	return verdict
}
