package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/killsignal/killsignal/internal/door"
	"github.com/killsignal/killsignal/plan"
)

const events = 50

func TestFiftyEventsAtOnceMakeOneCase(t *testing.T) {
	t.Parallel()
	h := open(t)
	require.NoError(t, h.company.SwitchOn("denied")) // which keeps the case open until all have spoken
	answers := h.flood()
	status := h.settled(soon)
	require.Len(t, status.Tasks, 1)
	for i, answer := range answers {
		require.Equal(t, status.Case, answer.Case, "the answer to hr-%d", i)
		require.Equal(t, status.Case, h.handledBy(fmt.Sprintf("hr-%d", i)), "the record of hr-%d", i)
	}
	h.allow(status.Tasks[0].ID)
	h.says("retry", "P-1042", status.Tasks[0].ID, "--by", "sam")
	conclusion := h.closed(soon)
	require.Equal(t, status.Case, conclusion.Case)
	h.complete(conclusion)
	h.oneRun()
}

func TestFiftyEventsWhileACaseWaitsForAPersonJoinIt(t *testing.T) {
	t.Parallel()
	h := open(t)
	task := h.denied()
	for i, answer := range h.flood() {
		require.Equal(t, "hr-1", answer.Case, "the answer to hr-%d", i)
		require.Equal(t, "hr-1", h.handledBy(fmt.Sprintf("hr-%d", i)), "the record of hr-%d", i)
	}
	h.allow(task)
	h.says("retry", "P-1042", task, "--by", "sam")
	h.complete(h.closed(soon))
	h.oneRun()
}

// flood has fifty different events ask for the same person at once.
func (h *house) flood() []door.Submitted {
	h.t.Helper()
	answers, errs := make([]door.Submitted, events), make([]error, events)
	var wait sync.WaitGroup
	for i := range events {
		wait.Go(func() { answers[i], errs[i] = door.Submit(h.t.Context(), h.temporal, request(fmt.Sprintf("hr-%d", i))) })
	}
	wait.Wait()
	for _, err := range errs {
		require.NoError(h.t, err)
	}
	return answers
}

// oneRun holds that there was one run, so one case.
func (h *house) oneRun() {
	h.t.Helper()
	runs, err := h.temporal.ListWorkflow(h.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{})
	require.NoError(h.t, err)
	require.Len(h.t, runs.GetExecutions(), 1)
}

func TestAnEventThatWasHandledIsAnsweredAndNothingIsDone(t *testing.T) {
	t.Parallel()
	h := open(t)
	said := h.starter("terminate", "P-1042", "--strategy", "emergency", "--event", "hr-1", "--yes")
	require.Zero(t, said.code, said.err)
	conclusion := h.closed(soon)
	h.complete(conclusion)
	end := look(h.company)

	again := func(t *testing.T) {
		t.Helper()
		h.count(func(int64) {})
		said := h.starter("terminate", "P-1042", "--strategy", "emergency", "--event", "hr-1", "--yes", "--output", "json")
		require.Zero(t, said.code, said.err)
		var answer struct {
			Before plan.Conclusion `json:"handled_before"`
		}
		require.NoError(t, json.Unmarshal([]byte(said.out), &answer))
		require.Equal(t, "hr-1", answer.Before.Case)
		require.Equal(t, plan.Complete, answer.Before.Verdict)
		require.Equal(t, conclusion.Digest, answer.Before.Digest)
		require.True(t, h.closed(soon).HandledBefore)
		require.Zero(t, h.requests.Load(), "no request reached the company")
		require.Equal(t, end, look(h.company))
	}
	t.Run("while the history is there", again)
	t.Run("when Temporal has forgotten everything", func(t *testing.T) {
		h.worker.kill()
		h.server.kill()
		for _, file := range h.database() {
			require.NoError(t, os.Remove(file))
		}
		h.serve("0")
		h.furnish()
		h.temporal = dial(t, h.address())
		h.hire()
		again(t)
	})
}

// database lists the files of the Temporal server.
func (h *house) database() []string {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.folder, "temporal.db*"))
	require.NoError(h.t, err)
	require.NotEmpty(h.t, files)
	return files
}

// handledBy reads the record of an event: the case that it opened or joined.
func (h *house) handledBy(event string) string {
	h.t.Helper()
	content, err := os.ReadFile(filepath.Join(h.folder, "evidence", "events", event+".json"))
	require.NoError(h.t, err)
	var record struct {
		Opened struct{ ID string }
		Joined struct{ Case string }
	}
	require.NoError(h.t, json.Unmarshal(content, &record))
	return record.Opened.ID + record.Joined.Case
}
