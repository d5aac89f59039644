package connectors_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

func TestCollect(t *testing.T) {
	// walk collects a listing whose page under each cursor holds that cursor.
	walk := func(t *testing.T, next func(cursor string) string) ([]string, error) {
		return connectors.Collect(t.Context(), func(_ context.Context, cursor string) (connectors.Page[string], error) {
			return connectors.Page[string]{Items: []string{cursor}, Next: next(cursor)}, nil
		})
	}
	after := func(follows map[string]string) func(string) string {
		return func(cursor string) string { return follows[cursor] }
	}

	t.Run("a listing is walked to its end, in order", func(t *testing.T) {
		all, err := walk(t, after(map[string]string{"": "2", "2": "3"}))
		require.NoError(t, err)
		require.Equal(t, []string{"", "2", "3"}, all)
	})
	for name, next := range map[string]func(string) string{
		"a page that names itself as the next":      after(map[string]string{"": "2", "2": "2"}),
		"a page that names an earlier one":          after(map[string]string{"": "2", "2": "3", "3": "2"}),
		"a listing that has more pages than it may": func(cursor string) string { n, _ := strconv.Atoi(cursor); return strconv.Itoa(n + 1) },
	} {
		t.Run(name+" proves nothing", func(t *testing.T) {
			all, err := walk(t, next)
			require.Equal(t, access.Unknown, access.CodeOf(err))
			require.Empty(t, all)
		})
	}
	t.Run("a page that fails fails the whole listing", func(t *testing.T) {
		broken := errors.New("broken")
		all, err := connectors.Collect(t.Context(), func(_ context.Context, cursor string) (connectors.Page[string], error) {
			if cursor == "2" {
				return connectors.Page[string]{}, broken
			}
			return connectors.Page[string]{Items: []string{"first"}, Next: "2"}, nil
		})
		require.ErrorIs(t, err, broken)
		require.Empty(t, all)
	})
}
