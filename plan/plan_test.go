package plan_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

func TestWaves(t *testing.T) {
	company := func(n int) []plan.System {
		systems := []plan.System{{Name: "crm-slow", Slow: true}, {Name: "entra", IdentityProvider: true}}
		for i := range n {
			systems = append(systems, plan.System{Name: fmt.Sprintf("app-%03d", i)})
		}
		return append(systems, plan.System{Name: "okta", IdentityProvider: true})
	}
	t.Run("identity providers come first, each alone, then slow systems, then waves", func(t *testing.T) {
		waves := plan.Waves(company(20), access.Lock)
		require.Equal(t, [][]string{{"entra"}, {"okta"}, {"crm-slow"}}, [][]string{waves[0].Systems, waves[1].Systems, waves[2].Systems})
		require.Len(t, waves, 3+10)
		require.Len(t, waves[3].Systems, 2)
	})
	t.Run("three hundred systems make ten waves of thirty, and no wave is larger", func(t *testing.T) {
		waves := plan.Waves(company(300), access.Lock)
		require.Len(t, waves, 3+10)
		for _, wave := range plan.Waves(company(1000), access.Lock)[3:] {
			require.LessOrEqual(t, len(wave.Systems), plan.MaxWave)
		}
	})
	t.Run("to read again, waves are twice as large", func(t *testing.T) {
		systems := company(300)
		for i := range systems {
			systems[i].Stages = access.Stages()
		}
		require.Len(t, plan.Waves(systems, access.Verify), 3+5)
		require.Len(t, plan.Waves(systems, access.Lock, access.Verify), 3+10)
	})
	t.Run("a wave holds systems of one queue", func(t *testing.T) {
		systems := []plan.System{{Name: "a"}, {Name: "b", Queue: "dc1"}, {Name: "c"}, {Name: "d", Queue: "dc1"}}
		require.Equal(t, []plan.Wave{{Systems: []string{"a"}}, {Systems: []string{"c"}},
			{Queue: "dc1", Systems: []string{"b"}}, {Queue: "dc1", Systems: []string{"d"}}}, plan.Waves(systems, access.Lock))
	})
	t.Run("systems that take no part in the stages are left out", func(t *testing.T) {
		systems := []plan.System{{Name: "a"}, {Name: "b", Stages: []access.Stage{access.Lock, access.Reclaim}}}
		require.Equal(t, []plan.Wave{{Systems: []string{"b"}}}, plan.Waves(systems, access.Reclaim))
	})
}

func TestEverySystemIsInExactlyOneWave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var systems []plan.System
		for i := range rapid.IntRange(0, 400).Draw(t, "systems") {
			systems = append(systems, plan.System{Name: fmt.Sprint("s", i),
				Queue:            rapid.SampledFrom([]string{"", "", "dc1", "dc2"}).Draw(t, "queue"),
				IdentityProvider: rapid.IntRange(0, 20).Draw(t, "idp") == 0, Slow: rapid.IntRange(0, 20).Draw(t, "slow") == 0})
		}
		var driven []string
		for _, wave := range plan.Waves(systems, access.Lock) {
			driven = append(driven, wave.Systems...)
		}
		var all []string
		for _, s := range systems {
			all = append(all, s.Name)
		}
		slices.Sort(driven)
		slices.Sort(all)
		require.Equal(t, all, driven)
	})
}

func TestGrid(t *testing.T) {
	systems := []plan.System{{Name: "okta"}, {Name: "entra", Stages: access.Stages()}, {Name: "crm", Stages: []access.Stage{access.Lock}}}
	t.Run("a system has cells only for the stages it takes part in", func(t *testing.T) {
		g := plan.NewGrid(systems)
		require.Equal(t, map[access.Stage]string{access.Lock: "ppp", access.Revoke: "pp.", access.Verify: ".p.", access.Reclaim: ".p."}, g.Rows)
		g.Set(access.Reclaim, "okta", access.Verified)
		require.Equal(t, access.Disposition(""), g.At(access.Reclaim, "okta"))
		require.Equal(t, access.Disposition(""), g.At(access.Lock, "unheard-of"))
	})
	t.Run("the verdict is complete only when every cell is verified or absent", func(t *testing.T) {
		for _, row := range []struct {
			cell access.Disposition
			want plan.Verdict
		}{
			{access.Pending, plan.Incomplete}, {access.Running, plan.Incomplete}, {access.Manual, plan.Incomplete},
			{access.Verified, plan.Complete}, {access.Gone, plan.Complete},
			{access.Vouched, plan.Excepted}, {access.Excepted, plan.Excepted},
		} {
			g := plan.NewGrid(systems)
			for _, s := range systems {
				for _, stage := range access.Stages() {
					g.Set(stage, s.Name, access.Verified)
				}
			}
			g.Set(access.Revoke, "entra", row.cell)
			require.Equal(t, row.want, g.Judge(), "with a cell %s", row.cell)
		}
	})
	t.Run("contained means every lock verified or no account, and a word for it is not enough", func(t *testing.T) {
		g := plan.NewGrid(systems)
		g.Set(access.Lock, "okta", access.Verified)
		g.Set(access.Lock, "entra", access.Gone)
		require.False(t, g.Contained())
		g.Set(access.Lock, "crm", access.Vouched)
		require.False(t, g.Contained())
		g.Set(access.Lock, "crm", access.Verified)
		require.True(t, g.Contained())
	})
	t.Run("stopping leaves nothing running", func(t *testing.T) {
		g := plan.NewGrid(systems)
		g.Set(access.Lock, "okta", access.Running)
		g.Stop()
		require.Equal(t, access.Pending, g.At(access.Lock, "okta"))
	})
	t.Run("every disposition has a letter of its own", func(t *testing.T) {
		seen := map[byte]bool{}
		for _, d := range []access.Disposition{access.Pending, access.Running, access.Verified, access.Gone, access.Manual, access.Vouched, access.Excepted} {
			letter := plan.Letter(d)
			require.False(t, seen[letter])
			require.Equal(t, d, plan.DispositionOf(letter))
			seen[letter] = true
		}
	})
}

func TestNewTask(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	t.Run("it has an owner, a deadline, and says what to do for every code", func(t *testing.T) {
		for _, code := range access.Codes() {
			task := plan.NewTask(plan.DefaultPolicy(), "crm", []access.Stage{access.Lock}, access.Error{Code: code}, now)
			require.NotEmpty(t, task.Hint, "code %s", code)
			require.Equal(t, "security", task.Owner)
			require.Equal(t, now.Add(24*time.Hour), task.Deadline)
			require.Equal(t, code.Transient(), task.Retrying)
		}
	})
}
