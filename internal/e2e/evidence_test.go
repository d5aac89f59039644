package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator"
	"github.com/killsignal/killsignal/report"
)

func TestWithoutTheEvidenceStoreLocksGoOnAndDestructionStops(t *testing.T) {
	t.Parallel()
	for _, loss := range []struct {
		name    string
		instead func(t *testing.T, evidence string) // what is in its place meanwhile
	}{
		{"the folder is gone", func(*testing.T, string) {}},
		{"an empty folder is in its place, as where a disk is not mounted", func(t *testing.T, evidence string) {
			require.NoError(t, os.Mkdir(evidence, 0o700))
		}},
	} {
		t.Run(loss.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			had := h.only("grant")
			store, away := filepath.Join(h.folder, "evidence"), filepath.Join(h.folder, "evidence-away")
			lost := make(chan struct{})
			h.count(func(n int64) {
				if n == 1 { // the case is admitted, and nothing is done yet
					_ = os.Rename(store, away)
					loss.instead(t, store)
					close(lost)
				}
			})
			h.submit("hr-1")
			<-lost
			h.until(soon, "every lock, and nothing but locks", func() bool {
				status, ok := h.status()
				return ok && status.Grid.Contained()
			})
			require.Empty(t, h.only("account"), "every account is locked")
			h.until(soon, "every system to have tried to go on", func() bool {
				return strings.Count(h.worker.err.String(), "read intents: unavailable") >= len(h.before.truth)
			})
			require.Subset(t, had, h.only("grant"))
			require.NotEmpty(t, h.only("grant"), "rights stay while nothing can be recorded")
			require.NotZero(t, h.spooled())
			require.Equal(t, h.before.pools, h.company.Entra.Pools())

			require.NoError(t, os.RemoveAll(store))
			require.NoError(t, os.Rename(away, store))
			h.complete(h.closed(afterAKill))
			h.until(soon, "the spool to be moved into the store", func() bool { return h.spooled() == 0 })
		})
	}
}

func TestAnEmergencyIsAdmittedWithoutTheEvidenceStoreAndTheReportSaysSo(t *testing.T) {
	t.Parallel()
	h := open(t)
	store, away := filepath.Join(h.folder, "evidence"), filepath.Join(h.folder, "evidence-away")
	require.NoError(t, os.Rename(store, away))
	h.submit("hr-1")
	h.until(soon, "every lock", func() bool {
		status, ok := h.status()
		return ok && status.Grid.Contained()
	})
	require.Empty(t, h.only("account"))
	require.NoError(t, os.Rename(away, store))
	r := h.complete(h.closed(afterAKill))
	require.True(t, r.Evidence.Spooled)
	require.Equal(t, report.Final, r.Kind)
	require.Equal(t, access.Emergency, r.Request.Strategy)
}

// spooled counts the records in the spool.
func (h *house) spooled() (records int) {
	_ = filepath.WalkDir(filepath.Join(h.folder, "spool"), func(path string, _ fs.DirEntry, _ error) error {
		if strings.HasSuffix(path, ".json") {
			records++
		}
		return nil
	})
	return records
}

// only lists what of one kind is still alive of the leaver.
func (h *house) only(kind string) (all []simulator.Access) {
	for _, left := range h.company.Access(simulator.Leaver) {
		if left.Kind == kind {
			all = append(all, left)
		}
	}
	return all
}
