package simulator

import (
	"encoding/csv"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
)

// clock is a time that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC).Add(time.Duration(c.offset.Load()))
}

func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

func made(t *testing.T, o Options) *Company {
	t.Helper()
	c, err := New(o)
	require.NoError(t, err)
	return c
}

func TestTheSameSeedMakesTheSameCompany(t *testing.T) {
	at := new(clock).now
	one, again, other := made(t, Options{Seed: 7, Clock: at}), made(t, Options{Seed: 7, Clock: at}), made(t, Options{Seed: 8, Clock: at})
	require.Equal(t, one.Truth(), again.Truth())
	require.Equal(t, one.Canaries(), again.Canaries())
	require.NotEqual(t, one.AccountsOf(Leaver), other.AccountsOf(Leaver))
}

func TestEverybodyIsNearlyEverywhere(t *testing.T) {
	c := made(t, Options{})
	require.Len(t, c.Apps, DefaultApps)
	require.Len(t, c.people, 12)
	truth := c.Truth()

	t.Run("the leaver has no account in two of the applications", func(t *testing.T) {
		require.Len(t, c.AccountsOf(Leaver), 2+DefaultApps-2)
	})
	t.Run("the witness has an account in every system", func(t *testing.T) {
		require.Len(t, c.AccountsOf(Manager), 2+DefaultApps)
	})
	t.Run("the lookalike has one wherever the leaver has", func(t *testing.T) {
		for system := range c.AccountsOf(Leaver) {
			require.Contains(t, c.AccountsOf(Lookalike), system)
		}
	})
	t.Run("every account that a person was given is there", func(t *testing.T) {
		for _, key := range c.keys() {
			for system, id := range c.AccountsOf(key) {
				require.Contains(t, truth[system], id)
			}
		}
	})
	t.Run("applications differ in their habits", func(t *testing.T) {
		presets := map[string]bool{}
		for _, a := range c.Apps {
			presets[a.Preset.Name] = true
		}
		require.Greater(t, len(presets), 12)
	})
	t.Run("a fleet of any size has names of its own", func(t *testing.T) {
		names := map[string]bool{}
		for _, system := range made(t, Options{Apps: 120}).systems() {
			require.False(t, names[system])
			names[system] = true
		}
		require.Len(t, names, 122)
	})
	t.Run("there may be no applications at all", func(t *testing.T) {
		require.Empty(t, made(t, Options{Apps: -1}).Apps)
	})
}

func TestTheLeaverHasSomethingOfEveryKind(t *testing.T) {
	c := made(t, Options{})
	for system, kinds := range map[string][]string{
		OktaSystem:     {"account", "session", "refresh-token", "access-token", "grant"},
		EntraSystem:    {"account", "refresh-token", "access-token", "grant", "seat"},
		c.Apps[0].Name: {"account", "session", "key", "grant"},
	} {
		var seen []string
		for _, a := range c.Access(Leaver) {
			if a.System == system && !slices.Contains(seen, a.Kind) {
				seen = append(seen, a.Kind)
			}
		}
		require.ElementsMatch(t, kinds, seen, system)
	}
	require.NotContains(t, c.Canaries(), "")
	for _, line := range c.Alive(Leaver) {
		for _, canary := range c.Canaries() {
			require.NotContains(t, line, canary)
		}
	}
}

func TestTheRosterReadsAsCSV(t *testing.T) {
	c := made(t, Options{})
	rows, err := csv.NewReader(strings.NewReader(c.Roster())).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"key", "name", "emails", "user_names", "employee_number", "time_zone", "manager", "status"}, rows[0])
	require.Len(t, rows, 13)
	for _, row := range rows[1:] {
		_, err := access.ParseSubjectKey(row[0])
		require.NoError(t, err)
		_, err = time.LoadLocation(row[5])
		require.NoError(t, err)
		for _, email := range strings.Fields(row[2]) {
			require.True(t, strings.HasSuffix(email, "@example.com"))
		}
		if row[6] != "" {
			_, ok := c.person(access.SubjectKey(row[6]))
			require.True(t, ok, "every manager is in the roster")
		}
	}
}
