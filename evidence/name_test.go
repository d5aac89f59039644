package evidence

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEscape(t *testing.T) {
	for id, want := range map[string]string{
		"E-1001":     "E-1001",
		"hr:2026/44": "hr%3A2026%2F44",
		"..":         "%2E.",
		"":           "%",
		"ü":          "%C3%BC",
	} {
		require.Equal(t, want, escape(id))
	}
	t.Run("any id makes one plain component, and different ids different ones", func(t *testing.T) {
		ids := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-z0-9._:/%~-]{0,300}`), rapid.StringN(150, 400, -1))
		rapid.Check(t, func(t *rapid.T) {
			a, b := ids.Draw(t, "a"), ids.Draw(t, "b")
			name := escape(a)
			if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "/\\:") || strings.HasPrefix(name, ".") || len(name) > 200 {
				t.Fatalf("%q makes %q", a, name)
			}
			if a != b && name == escape(b) {
				t.Fatalf("%q and %q make the same %q", a, b, name)
			}
		})
	})
	t.Run("long ids that differ at their end differ", func(t *testing.T) {
		long := strings.Repeat("x", 200)
		require.NotEqual(t, escape(long+"a"), escape(long+"b"))
	})
}

func TestInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.Int64Range(0, 4e18)
		a, b := time.Unix(0, times.Draw(t, "a")), time.Unix(0, times.Draw(t, "b"))
		if (instant(a) < instant(b)) != a.Before(b) {
			t.Fatalf("%v and %v do not sort by time", a, b)
		}
	})
}
