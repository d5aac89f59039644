package evidence

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/plan"
)

var _ connectors.Ledger = (*Store)(nil)

func TestOpen(t *testing.T) {
	for name, o := range map[string]Options{
		"a store that is not built in is refused": {URL: "s3://bucket"},
		"no URL is refused":                       {},
		"a relative path is refused":              {URL: "file://evidence"},
		"a URL that cannot be read is refused":    {URL: "file://%zz"},
		"a spool inside its store is refused":     {URL: "file:///tmp/killsignal-test", Spool: "/tmp/killsignal-test"},
	} {
		t.Run(name, func(t *testing.T) {
			if o.Spool != "" {
				o.Spool = t.TempDir()
				o.URL = folderURL(o.Spool)
			}
			_, err := Open(t.Context(), o)
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.NotContains(t, err.Error(), "bucket")
		})
	}
	t.Run("a folder that cannot be made is unavailable without a spool", func(t *testing.T) {
		_, err := Open(t.Context(), Options{URL: folderURL("/dev/null/evidence")})
		require.Equal(t, access.Unavailable, access.CodeOf(err))
	})
}

func TestAdmit(t *testing.T) {
	everyStore(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		t.Run("the first case of an event is admitted", func(t *testing.T) {
			stored, admitted, err := s.Admit(ctx, ada("event-1", "run-1"))
			require.NoError(t, err)
			require.True(t, admitted)
			require.Equal(t, ada("event-1", "run-1"), stored)
		})
		t.Run("its own chain finds the case as it was admitted", func(t *testing.T) {
			again := ada("event-1", "run-1")
			again.AdmittedAt, again.Systems = noon.Add(time.Hour), nil
			stored, admitted, err := s.Admit(ctx, again)
			require.NoError(t, err)
			require.True(t, admitted)
			require.Equal(t, ada("event-1", "run-1"), stored)
		})
		t.Run("another chain is told who handled the event", func(t *testing.T) {
			stored, admitted, err := s.Admit(ctx, ada("event-1", "run-2"))
			require.NoError(t, err)
			require.False(t, admitted)
			require.Equal(t, "run-1", stored.FirstRun)
		})
		t.Run("an event that joined is handled by the case it joined", func(t *testing.T) {
			by, ok, err := s.Join(ctx, "event-2", "event-1", ada("event-2", "").Request, noon)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, "event-1", by)
			stored, admitted, err := s.Admit(ctx, ada("event-2", "run-3"))
			require.NoError(t, err)
			require.False(t, admitted)
			require.Equal(t, "event-1", stored.ID)
			require.Equal(t, "run-1", stored.FirstRun)
		})
		t.Run("joining again is the same as joining", func(t *testing.T) {
			_, ok, err := s.Join(ctx, "event-2", "event-1", ada("event-2", "").Request, noon.Add(time.Hour))
			require.NoError(t, err)
			require.True(t, ok)
		})
		t.Run("an event cannot join a second case", func(t *testing.T) {
			by, ok, err := s.Join(ctx, "event-2", "event-9", ada("event-2", "").Request, noon)
			require.NoError(t, err)
			require.False(t, ok)
			require.Equal(t, "event-1", by)
		})
		t.Run("the event that opened a case belongs to it", func(t *testing.T) {
			by, ok, err := s.Join(ctx, "event-1", "event-1", ada("event-2", "").Request, noon)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, "event-1", by)
		})
		t.Run("an event that joined a case unknown here is handled all the same", func(t *testing.T) {
			_, _, err := s.Join(ctx, "event-3", "event-far", ada("event-2", "").Request, noon)
			require.NoError(t, err)
			stored, admitted, err := s.Admit(ctx, ada("event-3", "run-4"))
			require.NoError(t, err)
			require.False(t, admitted)
			require.Equal(t, Case{ID: "event-far"}, stored)
		})
		t.Run("a person's cases come newest last, joined events left out", func(t *testing.T) {
			later := ada("event-0", "run-5")
			later.AdmittedAt = noon.Add(time.Minute)
			_, _, err := s.Admit(ctx, later)
			require.NoError(t, err)
			cases, err := s.Cases(ctx, "E-1")
			require.NoError(t, err)
			require.Equal(t, []Case{ada("event-1", "run-1"), later}, cases)
			none, err := s.Cases(ctx, "E-2")
			require.NoError(t, err)
			require.Empty(t, none)
		})
		t.Run("a case that is not there is not found", func(t *testing.T) {
			_, err := s.Case(ctx, "event-2")
			require.Equal(t, access.NotFound, access.CodeOf(err), "a joined event is no case")
			_, err = s.Case(ctx, "../../event-1")
			require.Equal(t, access.NotFound, access.CodeOf(err))
		})
		t.Run("a case without its keys is invalid", func(t *testing.T) {
			_, _, err := s.Admit(ctx, Case{ID: "event-7"})
			require.Equal(t, access.Invalid, access.CodeOf(err))
		})
	})
}

func TestLedger(t *testing.T) {
	everyStore(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		t.Run("a retry meets the intent of the first attempt", func(t *testing.T) {
			first, err := s.Intend(ctx, intent(access.Lock, "okta", "ACTIVE"))
			require.NoError(t, err)
			again, err := s.Intend(ctx, intent(access.Lock, "okta", "SUSPENDED"))
			require.NoError(t, err)
			require.Equal(t, first, again)
			require.Equal(t, "ACTIVE", again.Before.Word)
		})
		t.Run("intents are listed by system and altogether", func(t *testing.T) {
			later := intent(access.Revoke, "okta", "ACTIVE")
			later.At = noon.Add(-time.Second)
			_, err := s.Intend(ctx, later)
			require.NoError(t, err)
			_, err = s.Intend(ctx, intent(access.Lock, "okta-eu", "ACTIVE"))
			require.NoError(t, err)
			okta, err := s.Intents(ctx, "event-1", "okta")
			require.NoError(t, err)
			require.Len(t, okta, 2)
			require.Equal(t, access.Revoke, okta[0].Stage, "the oldest first")
			every, err := s.AllIntents(ctx, "event-1")
			require.NoError(t, err)
			require.Len(t, every, 3)
		})
		t.Run("every receipt is kept and comes in the order of time", func(t *testing.T) {
			require.NoError(t, s.Record(ctx, receipt(access.Lock, "scim", noon.Add(2*time.Second))))
			require.NoError(t, s.Record(ctx, receipt(access.Lock, "okta", noon.Add(time.Second))))
			other := receipt(access.Lock, "okta", noon.Add(time.Second))
			other.Disposition = access.Running
			require.NoError(t, s.Record(ctx, other), "another receipt of the same instant")
			require.NoError(t, s.Record(ctx, receipt(access.Lock, "okta", noon.Add(time.Second))), "the same receipt again")
			receipts, err := s.Receipts(ctx, "event-1")
			require.NoError(t, err)
			require.Len(t, receipts, 3)
			require.Equal(t, "scim", receipts[2].System)
		})
		t.Run("nothing is intended or recorded for nobody", func(t *testing.T) {
			_, err := s.Intend(ctx, access.Intent{Case: "event-1"})
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.Equal(t, access.Invalid, access.CodeOf(s.Record(ctx, access.Receipt{Case: "event-1"})))
		})
	})
}

func TestEndOfACase(t *testing.T) {
	everyStore(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		t.Run("a statement said again is stored once", func(t *testing.T) {
			require.NoError(t, s.State(ctx, access.Statement{Case: "event-1", ID: "signal/2", What: "skip", At: noon.Add(time.Second)}))
			require.NoError(t, s.State(ctx, access.Statement{Case: "event-1", ID: "signal/1", What: "attest", At: noon}))
			require.NoError(t, s.State(ctx, access.Statement{Case: "event-1", ID: "signal/1", What: "retry", At: noon}))
			statements, err := s.Statements(ctx, "event-1")
			require.NoError(t, err)
			require.Len(t, statements, 2)
			require.Equal(t, "attest", statements[0].What)
		})
		t.Run("a case has no conclusion until it has one, and the newest answers", func(t *testing.T) {
			_, err := s.Conclusion(ctx, "event-1")
			require.Equal(t, access.NotFound, access.CodeOf(err))
			for _, open := range []int{2, 2, 0} {
				require.NoError(t, s.Conclude(ctx, plan.Conclusion{Case: "event-1", Verdict: plan.Incomplete, Open: open}))
			}
			conclusion, err := s.Conclusion(ctx, "event-1")
			require.NoError(t, err)
			require.Equal(t, 0, conclusion.Open)
			names, err := s.list(ctx, "", conclusionsPrefix("event-1"), long)
			require.NoError(t, err)
			require.Len(t, names, 2, "the same conclusion again is no second one")
		})
		t.Run("every report is kept and the newest answers", func(t *testing.T) {
			_, err := s.LatestReport(ctx, "event-1")
			require.Equal(t, access.NotFound, access.CodeOf(err))
			interim, sum, err := s.PutReport(ctx, "event-1", "interim", []byte(`{}`), []byte("<p>1"))
			require.NoError(t, err)
			require.Equal(t, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", sum)
			final, _, err := s.PutReport(ctx, "event-1", "final", []byte(`{"final":true}`), []byte("<p>2"))
			require.NoError(t, err)
			latest, err := s.LatestReport(ctx, "event-1")
			require.NoError(t, err)
			require.Equal(t, final, latest)
			page, err := s.ReportHTML(ctx, interim)
			require.NoError(t, err)
			require.Equal(t, "<p>1", string(page))
			json, err := s.Report(ctx, final)
			require.NoError(t, err)
			require.Equal(t, `{"final":true}`, string(json))
		})
		t.Run("a key that nobody was given finds nothing", func(t *testing.T) {
			for _, key := range []string{"cases/event-1/reports/0009-final", "../../etc/passwd", "/etc/passwd", "", ".writing/x"} {
				_, err := s.Report(ctx, key)
				require.Contains(t, []access.Code{access.NotFound, access.Invalid}, access.CodeOf(err), key)
			}
		})
		t.Run("histories are kept by run", func(t *testing.T) {
			require.NoError(t, s.PutHistory(ctx, "event-1", "run-1", []byte("a")))
			require.NoError(t, s.PutHistory(ctx, "event-1", "run-1", []byte("a")))
			require.NoError(t, s.PutHistory(ctx, "event-1", "run-1", []byte("a longer one")))
			keys, err := s.Histories(ctx, "event-1")
			require.NoError(t, err)
			require.Len(t, keys, 2)
			history, err := s.History(ctx, keys[1])
			require.NoError(t, err)
			require.Equal(t, "a longer one", string(history))
		})
	})
}
