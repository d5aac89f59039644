package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// small is a fleet without delays, behind its side door.
func small(t *testing.T) (options, *fleetClient) {
	o := defaults()
	o.apps, o.rounds, o.fast, o.slow, o.pause, o.settle, o.dir = 10, 1, 0, 0, 0, 20*time.Millisecond, t.TempDir()
	server := httptest.NewServer(newApplications(o))
	t.Cleanup(server.Close)
	return o, &fleetClient{address: server.Listener.Addr().String()}
}

func TestTheThreeWaysOnTenApplications(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds Temporal's server")
	}
	o, fleet := small(t)
	server, err := buildServer(t.Context(), o.dir)
	require.NoError(t, err)
	address, stop, err := startServer(t.Context(), server, o.dir, inMemory)
	require.NoError(t, err)
	t.Cleanup(stop)
	measured, err := measureRow(t.Context(), o, rows(o.settle)[2], inMemory, address, fleet)
	require.NoError(t, err, "every account is locked, nobody else touched, the same requests sent")
	require.Equal(t, 160, measured.exchanges)
	ours := measured.samples[byKillsignal][0]
	require.Positive(t, ours.firstLock)
	require.Less(t, ours.firstLock, ours.verified)
	require.Less(t, ours.verified, ours.ended)
	require.Less(t, ours.ended, ours.closed)
	require.Less(t, ours.toEnd.Events, ours.whole.Events)
	require.Greater(t, measured.samples[byPerSystem][0].whole.Billed, 2*o.apps)
}

func TestWhatIsNotAKill(t *testing.T) {
	o, fleet := small(t)
	before, err := fleet.state(t.Context())
	require.NoError(t, err)
	t.Run("an account that is still active", func(t *testing.T) {
		require.ErrorContains(t, killed(before, before, false), "app-010: the account is active")
	})
	remove := func(t *testing.T, app int, id string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, fleet.url(appName(app))+"/Users/"+id, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, http.StatusNoContent, resp.StatusCode)
	}
	t.Run("somebody else touched", func(t *testing.T) {
		for id := range before.Truth[3] {
			if id != before.Leavers[3] {
				remove(t, 3, id)
			}
		}
		after, err := fleet.state(t.Context())
		require.NoError(t, err)
		require.ErrorContains(t, killed(before, after, false), "app-004: somebody else was touched")
	})
	t.Run("starting anew puts everybody back under the same ids", func(t *testing.T) {
		require.NoError(t, fleet.anew(t.Context()))
		after, err := fleet.state(t.Context())
		require.NoError(t, err)
		require.Equal(t, before.Truth, after.Truth)
		require.Empty(t, after.Exchanges)
		require.Len(t, after.Leavers, o.apps)
	})
}

func TestWire(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	sent := []exchange{
		{App: 0, Method: "GET", Path: "/Users/1", Arrived: at(0), Answered: at(10)},
		{App: 0, Method: "PATCH", Path: "/Users/1", Arrived: at(11), Answered: at(20)},
		{App: 1, Method: "PATCH", Path: "/Users/7", Arrived: at(9), Answered: at(90)},
		{App: 0, Method: "GET", Path: "/Users/1", Arrived: at(21), Answered: at(30)},
		{App: 0, Method: "GET", Path: "/Users/1", Arrived: at(31), Answered: at(40)},
		{App: 1, Method: "GET", Path: "/Users/7", Arrived: at(91), Answered: at(170)},
	}
	w := wireOf(sent, 1)
	require.Equal(t, at(9), w.firstLock)
	require.Equal(t, at(30), w.fastVerified, "the first read after the lock, not the one before it or a later one")
	require.Equal(t, at(170), w.verified)
	require.Equal(t, 6, w.total())
	t.Run("ways that send the same are told equal in whatever order", func(t *testing.T) {
		sent[0], sent[5] = sent[5], sent[0]
		require.Empty(t, w.differs(wireOf(sent, 1)))
	})
	t.Run("a request less or more is told", func(t *testing.T) {
		require.Contains(t, w.differs(wireOf(sent[:5], 1)), "GET /Users/1: 2 times, not 3")
		require.Contains(t, wireOf(sent[:1], 1).differs(w), "not 0")
	})
}

func TestCost(t *testing.T) {
	r := runOf([]*historypb.HistoryEvent{
		{EventType: enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED},
		{EventType: enums.EVENT_TYPE_TIMER_STARTED},
		{EventId: 3, EventType: enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{}},
		{EventType: enums.EVENT_TYPE_ACTIVITY_TASK_STARTED, Attributes: &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
			ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{Attempt: 4}}},
		{EventType: enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED},
		{EventType: enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES},
	}, 1000)
	require.Equal(t, 1+1+4+1, r.whole.Billed, "start, timer, four attempts, update")
	require.Equal(t, 1, r.whole.Upserts)
	require.Equal(t, 1000, r.whole.Bytes)
}
