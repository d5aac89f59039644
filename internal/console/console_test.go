package console_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/console"
	"github.com/killsignal/killsignal/plan"
)

func grid(n int) plan.Grid {
	var systems []plan.System
	for i := range n {
		systems = append(systems, plan.System{Name: fmt.Sprintf("app-%02d", i)})
	}
	g := plan.NewGrid(systems)
	for _, s := range systems {
		g.Set(access.Lock, s.Name, access.Verified)
	}
	g.Set(access.Lock, "app-01", access.Manual)
	return g
}

func TestGrid(t *testing.T) {
	t.Run("a small grid shows every system, and no stage that nobody takes part in", func(t *testing.T) {
		require.Equal(t, ""+
			"        lock      revoke\n"+
			"app-00  verified  pending\n"+
			"app-01  manual    pending\n", console.Grid(grid(2), console.Style{}))
	})
	t.Run("a large grid shows counts, and what is not done, worst first", func(t *testing.T) {
		g := grid(300)
		for _, name := range g.Systems[20:] {
			g.Set(access.Revoke, name, access.Verified)
		}
		require.Equal(t, ""+
			"300 systems  lock  revoke\n"+
			"manual       1     0\n"+
			"pending      0     20\n"+
			"verified     299   280\n"+
			"\n"+
			"        lock      revoke\n"+
			"app-01  manual    pending\n"+
			"app-00  verified  pending\n"+
			"app-02  verified  pending\n"+
			"and 17 more\n", console.Grid(g, console.Style{Rows: 3}))
	})
	t.Run("colours do not move the columns", func(t *testing.T) {
		plain, painted := console.Grid(grid(2), console.Style{}), console.Grid(grid(2), console.Style{Colours: true})
		require.NotEqual(t, plain, painted)
		require.Equal(t, plain, stripped(painted))
	})
	t.Run("changes are lines of what is new", func(t *testing.T) {
		before, after := grid(2), grid(2)
		after.Set(access.Revoke, "app-00", access.Verified)
		require.Equal(t, []string{"app-00  revoke  verified"}, console.Changes(before, after))
		require.Empty(t, console.Changes(after, after))
	})
}

func stripped(s string) string {
	for {
		before, rest, ok := strings.Cut(s, "\x1b[")
		if !ok {
			return s
		}
		_, after, _ := strings.Cut(rest, "m")
		s = before + after
	}
}

func TestStatus(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	status := plan.Status{Subject: "P-1042", Phase: plan.Settled, Verdict: plan.Incomplete, Grid: grid(2), AdmittedAt: now.Add(-90 * time.Second),
		SettledAt: now.Add(-86 * time.Second), Tasks: []plan.Task{{ID: "app-01", Stages: []access.Stage{access.Lock, access.Revoke}, Code: access.Denied,
			Hint: "grant it", Owner: "security", Deadline: now.Add(time.Hour)}}}
	picture := console.Status(status, now, console.Style{})
	require.Contains(t, picture, "P-1042: settled, incomplete, 1 of 2 locked or without account, 1 task open, not contained, settled in 4.0 s\n")
	require.Contains(t, picture, "app-01 (lock, revoke): denied: grant it; owner security, due in 1 h\n")
}

func TestDuration(t *testing.T) {
	for d, text := range map[time.Duration]string{
		0: "0 ms", 640 * time.Millisecond: "640 ms", 1340 * time.Millisecond: "1.3 s", 42 * time.Second: "42 s", time.Minute: "1 min",
		130 * time.Second: "2 min 10 s", 3*time.Hour + 5*time.Minute: "3 h 5 min", 50 * time.Hour: "2 d 2 h", -time.Second: "-1.0 s",
		math.MinInt64: "-106751 d 23 h",
	} {
		require.Equal(t, text, console.Duration(d))
	}
}

func TestScreen(t *testing.T) {
	t.Run("a second picture replaces the first", func(t *testing.T) {
		var out bytes.Buffer
		screen := console.NewScreen(&out)
		require.NoError(t, screen.Draw("a\nb\n"))
		require.NoError(t, screen.Draw("c\n"))
		require.Equal(t, "\x1b[?7la\nb\n\x1b[?7h\x1b[2A\r\x1b[J\x1b[?7lc\n\x1b[?7h", out.String())
	})
}
