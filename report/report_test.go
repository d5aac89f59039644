package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/evidence"
	"github.com/killsignal/killsignal/plan"
)

func TestAccounts(t *testing.T) {
	find := func(r Report, name string) System {
		for _, s := range r.Systems {
			if s.Name == name {
				return s
			}
		}
		return System{}
	}
	t.Run("the state before is the one of the first intent, whatever a retry saw", func(t *testing.T) {
		account := find(Build(complete().Materials), "okta-prod").Accounts[0]
		require.Equal(t, "ACTIVE", account.Before.Word)
		require.Equal(t, "SUSPENDED", account.After.Word)
		require.Equal(t, 2, account.Stages[0].Attempts)
		require.Equal(t, at(1.4), account.Stages[0].VerifiedAt)
	})
	t.Run("what is only asserted is never called verified", func(t *testing.T) {
		s := complete()
		s.last("wiki", access.Lock).Proof = access.Asserted
		wiki := find(Build(s.Materials), "wiki")
		require.NotEqual(t, access.Verified, wiki.Cells[0].Disposition)
		require.NotEqual(t, access.Verified, wiki.Accounts[0].Stages[0].Disposition)
		require.True(t, wiki.Accounts[0].Stages[0].VerifiedAt.IsZero())
		require.Contains(t, wiki.Accounts[0].Sessions.Says, "nothing can be read")
	})
	t.Run("the word of a person stands where receipts end open, and is not called verified", func(t *testing.T) {
		wiki := find(Build(attested().Materials), "wiki")
		require.Equal(t, access.Vouched, wiki.Accounts[0].Stages[0].Disposition)
		require.True(t, wiki.Accounts[0].Stages[0].VerifiedAt.IsZero())
		require.Equal(t, StandsExcepted, wiki.Standing)
	})
	t.Run("rights are listed one by one, those that stay with the reason", func(t *testing.T) {
		account := find(Build(complete().Materials), "okta-prod").Accounts[0]
		require.Len(t, account.Removed, 2)
		require.Equal(t, "Engineering", account.Removed[0].Name)
		require.Len(t, account.Remaining, 1)
		require.Equal(t, access.Inherent, account.Remaining[0].Obstacle)
	})
	t.Run("a right that came back is not called removed", func(t *testing.T) {
		s := complete()
		s.last("okta-prod", access.Verify).Remaining = []access.Right{everyone, engineers}
		account := find(Build(s.Materials), "okta-prod").Accounts[0]
		require.Len(t, account.Removed, 1)
		require.Len(t, account.Remaining, 2)
	})
	t.Run("a right whose removal was cut off is said to be so", func(t *testing.T) {
		s := complete()
		s.Receipts = filter(s.Receipts, func(r access.Receipt) bool { return r.System != "okta-prod" || r.Stage == access.Lock })
		s.Status.Grid.Set(access.Revoke, "okta-prod", access.Running)
		account := find(Build(s.Materials), "okta-prod").Accounts[0]
		require.Empty(t, account.Removed)
		require.Len(t, account.Remaining, 2, "those that can be removed")
		require.Contains(t, account.Remaining[0].Why, "begun")
	})
	t.Run("a right that could not be removed is shown with the reason", func(t *testing.T) {
		s := complete()
		r := s.last("okta-prod", access.Revoke)
		r.Disposition, r.Proof, r.Outcome = access.Manual, "", ""
		r.Acts = []access.Act{{What: "revoke-right", Right: &engineers, Error: &access.Error{Code: access.Denied, Status: 403}}}
		r.Remaining = []access.Right{everyone, engineers}
		s.Status.Grid.Set(access.Revoke, "okta-prod", access.Manual)
		page, err := Build(s.Materials).HTML()
		require.NoError(t, err)
		require.Contains(t, string(page), "revoke right <bdi>Engineering</bdi>: <b>denied</b>")
	})
	t.Run("a seat is shown with its pool before and after", func(t *testing.T) {
		all := seats(Build(complete().Materials).Systems)
		require.Len(t, all, 1)
		require.Equal(t, 50, all[0].PoolBefore.Used)
		require.Equal(t, 49, all[0].PoolAfter.Used)
	})
	t.Run("a task names the rights that the person will find", func(t *testing.T) {
		task := Build(withTask().Materials).Tasks[0]
		require.Equal(t, "All staff", task.Rights[0].Name)
		require.Equal(t, wikiAccount.ID, task.Accounts[0].ID)
	})
}

func TestTimes(t *testing.T) {
	r := Build(complete().Materials)
	require.Equal(t, "2026-03-02T11:30:00-05:00", r.Times.EffectiveLocal)
	require.InDelta(t, 1.9, *r.Times.ToContain, 0.0001)
	t.Run("a zone that nobody knows is no reason to write no report", func(t *testing.T) {
		s := complete()
		s.Case.Subject.TimeZone = "Atlantis/Capital"
		require.Equal(t, "UTC", Build(s.Materials).Times.Zone)
	})
	t.Run("what has not come is not a time", func(t *testing.T) {
		require.Nil(t, Build(withTask().Materials).Times.ToContain)
	})
	t.Run("a span is written for people", func(t *testing.T) {
		for d, want := range map[time.Duration]string{12 * time.Millisecond: "12ms", 4200 * time.Millisecond: "4.2 s", 125 * time.Second: "2 min 5 s",
			3 * time.Hour: "3 h 0 min", 75 * time.Hour: "3 days 3 h", -time.Minute: "1 min 0 s before"} {
			require.Equal(t, want, writeSpan(d))
		}
	})
	t.Run("containment that the receipts do not show has no time", func(t *testing.T) {
		require.Nil(t, Build(contradicted().Materials).Times.ToContain)
	})
	t.Run("a residual is over when it is over", func(t *testing.T) {
		require.True(t, Build(complete().Materials).Residuals[0].Over)
		s := complete()
		s.Now = at(100)
		r := Build(s.Materials)
		require.False(t, r.Residuals[0].Over)
		require.Contains(t, r.Verdict.Sentence, "may work for a while")
	})
}

func TestPage(t *testing.T) {
	page, err := Build(large().Materials).HTML()
	require.NoError(t, err)
	html := string(page)
	t.Run("a name cannot become markup", func(t *testing.T) {
		require.NotContains(t, html, "<script")
		require.Contains(t, html, "&lt;script&gt;")
	})
	t.Run("a name cannot turn a line around", func(t *testing.T) {
		require.NotContains(t, html, "\u202e")
		require.Contains(t, html, "مارش")
	})
	t.Run("it fetches nothing", func(t *testing.T) {
		for _, forbidden := range []string{"http://", "https://", "src=", "url(", "@import", "<link", "<iframe", "<img"} {
			require.NotContains(t, html, forbidden)
		}
	})
	t.Run("problems come first", func(t *testing.T) {
		require.Contains(t, html, "INCOMPLETE: 3 systems open")
		table := html[strings.Index(html, "Every system"):]
		require.Less(t, strings.Index(table, "scim-250"), strings.Index(table, "scim-000"))
	})
	t.Run("every system is on it", func(t *testing.T) {
		for _, s := range large().Case.Systems {
			require.Contains(t, html, s.Name)
		}
	})
}

// TestLook writes the pages of all stories to a folder, for people to look at.
func TestLook(t *testing.T) {
	folder := os.Getenv("KILLSIGNAL_LOOK")
	if folder == "" {
		t.Skip("set KILLSIGNAL_LOOK to a folder to get a page of three hundred systems there")
	}
	page, err := Build(large().Materials).HTML()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "large.html"), page, 0o600))
}

func TestGather(t *testing.T) {
	dir := t.TempDir()
	store, err := evidence.Open(t.Context(), evidence.Options{URL: "file://" + filepath.Join(dir, "evidence"), Spool: filepath.Join(dir, "spool")})
	require.NoError(t, err)
	s := complete()
	s.Statements = []access.Statement{{Case: s.Case.ID, ID: "1", What: "retry", At: at(5)}}
	_, _, err = store.Admit(t.Context(), s.Case)
	require.NoError(t, err)
	for _, intent := range s.Intents {
		_, err := store.Intend(t.Context(), intent)
		require.NoError(t, err)
	}
	for _, receipt := range s.Receipts {
		require.NoError(t, store.Record(t.Context(), receipt))
	}
	require.NoError(t, store.State(t.Context(), s.Statements[0]))
	require.NoError(t, store.PutHistory(t.Context(), s.Case.ID, "run-1", []byte("{}")))

	m, err := Gather(t.Context(), store, s.Status, s.Final, s.Now)
	require.NoError(t, err)
	m.Version = s.Version
	want, err := Build(s.Materials).JSON()
	require.NoError(t, err)
	got, err := Build(m).JSON()
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "what was stored makes the same report as what was not")

	t.Run("a case that nobody admitted has no report", func(t *testing.T) {
		_, err := Gather(t.Context(), store, plan.Status{Case: "nobody"}, false, start)
		require.Equal(t, access.NotFound, access.CodeOf(err))
	})
}
