package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	"github.com/killsignal/killsignal/plan"
)

// TestRecord writes the histories that package workflows replays: run it with
// -record when a release changes what workflows do, and keep the old files too, as
// long as cases that began before may still be running.
func TestRecord(t *testing.T) {
	if flag.Lookup("record").Value.String() != "true" {
		t.Skip("histories are written with -record only")
	}
	t.Run("done", func(t *testing.T) {
		h := open(t)
		h.submit("hr-1")
		require.Equal(t, plan.Complete, h.closed(soon).Verdict)
		h.record("done")
	})
	t.Run("manual-task", func(t *testing.T) {
		h := open(t)
		task := h.denied()
		h.submit("hr-2") // joins, and has everything driven again
		h.says("retry", "P-1042", task, "--by", "sam")
		h.until(soon, "the retry to be refused", func() bool {
			status, ok := h.status()
			return ok && len(status.Tasks) == 1 && status.Grid.At(access.Lock, task) == access.Manual
		})
		h.says("attest", "P-1042", task, "--by", "sam", "--artefact", "ticket 7")
		require.Equal(t, plan.Excepted, h.closed(soon).Verdict)
		h.record("manual-task")
	})
	t.Run("cancelled", func(t *testing.T) {
		h := open(t)
		h.company.Fault("wiki").Add(fault.Rule{Effect: fault.Hang()})
		h.submit("hr-1")
		h.cancelMidway("wiki")
		h.record("cancelled")
	})
}

// machines are what in a history tells of the machine that it was recorded on.
var machines = regexp.MustCompile(`("identity": )"[^"]*"|("(?:name|normalName)": )"[^"]*:[0-9a-f-]{36}"`)

// record writes the history of the newest run.
func (h *house) record(name string) {
	h.t.Helper()
	var history historypb.History
	events := h.temporal.GetWorkflowHistory(h.t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(h.t, err)
		history.Events = append(history.Events, event)
	}
	content, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&history)
	require.NoError(h.t, err)
	content = machines.ReplaceAll(content, []byte(`${1}${2}"recorder"`))
	require.Empty(h.t, found(content, h.canaries()))
	folder := filepath.Join("..", "..", "workflows", "testdata", "replay")
	require.NoError(h.t, os.MkdirAll(folder, 0o755))
	require.NoError(h.t, os.WriteFile(filepath.Join(folder, name+".json"), append(content, '\n'), 0o644))
}
