package console

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// Grid draws a grid, a system a row and a stage a column. With more systems than
// the style has rows it draws counts, and the systems that are not done, worst
// first.
func Grid(g plan.Grid, style Style) string {
	stages := drawn(g)
	if style.Rows == 0 || len(g.Systems) <= style.Rows {
		return rows(g, stages, g.Systems, style)
	}
	open := slices.DeleteFunc(slices.Clone(g.Systems), func(s string) bool { return len(g.Open(s)) == 0 })
	slices.SortStableFunc(open, func(a, b string) int { return cmp.Compare(urgency(g, b), urgency(g, a)) })
	picture := counts(g, stages, style)
	if len(open) == 0 {
		return picture
	}
	rest := max(0, len(open)-style.Rows)
	picture += "\n" + rows(g, stages, open[:len(open)-rest], style)
	if rest > 0 {
		picture += fmt.Sprintf("and %d more\n", rest)
	}
	return picture
}

// drawn returns the stages in which any system takes part.
func drawn(g plan.Grid) []access.Stage {
	return slices.DeleteFunc(access.Stages(), func(stage access.Stage) bool { return len(g.Count(stage)) == 0 })
}

// urgency puts manual work before what is being tried, and both before what waits.
func urgency(g plan.Grid, system string) int {
	most := 0
	for _, stage := range g.Open(system) {
		switch g.At(stage, system) {
		case access.Manual:
			most = max(most, 2)
		case access.Running:
			most = max(most, 1)
		}
	}
	return most
}

// cell is a word and what it means.
type cell struct {
	word string
	d    access.Disposition
}

func rows(g plan.Grid, stages []access.Stage, systems []string, style Style) string {
	table := [][]cell{head("", stages)}
	for _, system := range systems {
		row := []cell{{word: system}}
		for _, stage := range stages {
			d := g.At(stage, system)
			row = append(row, cell{cmp.Or(string(d), "-"), d})
		}
		table = append(table, row)
	}
	return draw(table, style)
}

// counts has a disposition a row, and a stage a column.
func counts(g plan.Grid, stages []access.Stage, style Style) string {
	table := [][]cell{head(fmt.Sprintf("%d systems", len(g.Systems)), stages)}
	for _, d := range []access.Disposition{access.Manual, access.Running, access.Pending, access.Excepted, access.Vouched, access.Verified, access.Gone} {
		row, any := []cell{{string(d), d}}, false
		for _, stage := range stages {
			n := g.Count(stage)[d]
			any = any || n > 0
			row = append(row, cell{fmt.Sprint(n), d})
		}
		if any {
			table = append(table, row)
		}
	}
	return draw(table, style)
}

func head(corner string, stages []access.Stage) []cell {
	row := []cell{{word: corner}}
	for _, stage := range stages {
		row = append(row, cell{word: string(stage)})
	}
	return row
}

// draw aligns the columns. Colour codes have no width, so a word is filled up
// before it is painted.
func draw(table [][]cell, style Style) string {
	widths := map[int]int{}
	for _, row := range table {
		for i, c := range row {
			widths[i] = max(widths[i], len(c.word))
		}
	}
	var b strings.Builder
	for _, row := range table {
		line := ""
		for i, c := range row {
			fill := strings.Repeat(" ", widths[i]-len(c.word))
			if i < len(row)-1 {
				fill += "  "
			} else {
				fill = ""
			}
			line += style.paint(c.word, c.d) + fill
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// Changes says in plain lines which cells stand otherwise than before, for places
// where nothing can be drawn over: "okta-prod  lock  verified".
func Changes(before, after plan.Grid) []string {
	var lines []string
	for _, system := range after.Systems {
		for _, stage := range access.Stages() {
			if d := after.At(stage, system); d != "" && d != before.At(stage, system) && d != access.Pending {
				lines = append(lines, fmt.Sprintf("%s  %s  %s", system, stage, d))
			}
		}
	}
	return lines
}
