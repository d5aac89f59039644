package workflows

import (
	"fmt"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// listed is how many systems a line of the details names before it only counts.
const listed = 12

// details renders a case as Markdown, for an administrator who opens it in the
// Temporal UI without training.
func details(s plan.Status) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s · %s\n\n", strings.ToUpper(string(s.Verdict)), s.Phase)
	fmt.Fprintf(&b, "%s termination of **%s**, case `%s`.\n\n", s.Strategy, s.Subject, s.Case)
	if s.Cancelled {
		b.WriteString("**Cancelled: remaining steps are stopped, locks stay.**\n\n")
	}
	if len(s.Tasks) > 0 {
		b.WriteString("### What waits for a person\n\n| task | why | what to do | owner | until |\n|---|---|---|---|---|\n")
		for _, task := range s.Tasks {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", task.ID, task.Code, task.Hint, task.Owner, instant(task.Deadline))
		}
		b.WriteString("\nSend **attest**, **retry** or **skip** as an update, with `{\"task\":\"…\",\"by\":\"you\",\"reason\":\"…\"}`.\n\n")
	}
	b.WriteString("### Stages\n\n| stage | done | no account | open | vouched for |\n|---|---|---|---|---|\n")
	for _, stage := range access.Stages() {
		count, total := s.Grid.Count(stage), s.Grid.Cells(stage)
		if total == 0 {
			continue
		}
		fmt.Fprintf(&b, "| %s | %d of %d | %d | %d | %d |\n", stage, count[access.Verified], total, count[access.Gone],
			count[access.Pending]+count[access.Running]+count[access.Manual], count[access.Vouched]+count[access.Excepted])
	}
	for _, line := range []struct {
		title string
		d     access.Disposition
	}{{"Not locked yet", access.Running}, {"Not locked, waits for a person", access.Manual}} {
		if systems := s.Grid.Standing(access.Lock, line.d); len(systems) > 0 {
			fmt.Fprintf(&b, "\n**%s**: %s\n", line.title, several(systems))
		}
	}
	b.WriteString("\n### Times (UTC)\n\n")
	for _, line := range []struct {
		name string
		at   time.Time
	}{{"access must not exist from", s.Effective}, {"admitted", s.AdmittedAt}, {"last lock verified", s.ContainedAt},
		{"settled", s.SettledAt}, {"open tokens may work until", s.ResidualUntil}, {"closed", s.ClosedAt}} {
		if !line.at.IsZero() {
			fmt.Fprintf(&b, "- %s: %s\n", line.name, instant(line.at))
		}
	}
	if s.Report != "" {
		fmt.Fprintf(&b, "\nReport: `%s`\n", s.Report)
	}
	return b.String()
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func several(systems []string) string {
	if len(systems) <= listed {
		return strings.Join(systems, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(systems[:listed], ", "), len(systems)-listed)
}
