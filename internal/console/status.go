package console

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// Status draws a whole case: how it stands in one line, the grid, and what is left
// to people.
func Status(s plan.Status, now time.Time, style Style) string {
	var b strings.Builder
	b.WriteString(Headline(s, now) + "\n")
	if len(s.Grid.Systems) > 0 {
		b.WriteString("\n" + Grid(s.Grid, style))
	}
	if len(s.Tasks) > 0 {
		b.WriteString("\ntasks\n")
		for _, task := range s.Tasks {
			b.WriteString("  " + Task(task, now, style) + "\n")
		}
	}
	if s.ResidualUntil.After(now) {
		fmt.Fprintf(&b, "\ntokens that were open may work until %s, for %s\n", s.ResidualUntil.Local().Format(time.DateTime), Duration(s.ResidualUntil.Sub(now)))
	}
	return b.String()
}

// Headline says in one line how a case stands, and how long it has taken.
func Headline(s plan.Status, now time.Time) string {
	line := fmt.Sprintf("%s: %s", s.Subject, s.Phase)
	switch {
	case s.Cancelled:
		line += ", cancelled; locks stay"
	case s.Phase == plan.Settled || s.Phase == plan.Closed:
		line += ", " + string(s.Verdict)
	}
	locks := s.Grid.Count(access.Lock)
	total := 0
	for _, n := range locks {
		total += n
	}
	if total > 0 {
		line += fmt.Sprintf(", %d of %d locked or without account", locks[access.Verified]+locks[access.Gone], total)
	}
	if n := len(s.Tasks); n > 0 {
		line += fmt.Sprintf(", %d %s open", n, plural(n, "task"))
	}
	if s.AdmittedAt.IsZero() {
		return line
	}
	contained := s.Grid.Contained() && !s.ContainedAt.IsZero()
	if contained {
		line += ", contained in " + Duration(s.ContainedAt.Sub(s.AdmittedAt))
	}
	switch {
	case s.SettledAt.IsZero():
		line += ", for " + Duration(now.Sub(s.AdmittedAt))
	case contained:
		line += ", settled in " + Duration(s.SettledAt.Sub(s.AdmittedAt))
	default:
		line += ", not contained, settled in " + Duration(s.SettledAt.Sub(s.AdmittedAt))
	}
	return line
}

// Task says in one line what somebody must do.
func Task(task plan.Task, now time.Time, style Style) string {
	var stages []string
	for _, stage := range task.Stages {
		stages = append(stages, string(stage))
	}
	line := fmt.Sprintf("%s (%s): %s", style.paint(task.ID, access.Manual), strings.Join(stages, ", "), task.Code)
	if task.Hint != "" {
		line += ": " + task.Hint
	}
	line += "; owner " + task.Owner
	if left := task.Deadline.Sub(now); left > 0 {
		line += ", due in " + Duration(left)
	} else {
		line += ", overdue by " + Duration(-left)
	}
	return line
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// Duration is how people write a duration: the two largest units that matter.
func Duration(d time.Duration) string {
	if d < 0 {
		return "-" + Duration(-max(d, -math.MaxInt64)) // the least of all has no opposite
	}
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	units := []unit{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	first := slices.IndexFunc(units, func(u unit) bool { return d >= u.size })
	text := fmt.Sprintf("%d %s", d/units[first].size, units[first].name)
	if rest := d % units[first].size / units[first+1].size; rest > 0 {
		text += fmt.Sprintf(" %d %s", rest, units[first+1].name)
	}
	return text
}

type unit struct {
	size time.Duration
	name string
}
