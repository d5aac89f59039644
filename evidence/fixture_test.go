package evidence

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func folderURL(root string) string { return (&url.URL{Scheme: "file", Path: root}).String() }

func open(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// everyStore runs a test on each kind of store.
func everyStore(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Run("in a folder", func(t *testing.T) {
		test(t, open(t, Options{URL: folderURL(filepath.Join(t.TempDir(), "evidence")), Spool: filepath.Join(t.TempDir(), "spool")}))
	})
	t.Run("in memory", func(t *testing.T) { test(t, open(t, Options{URL: "mem://"})) })
}

// outage is a store in a folder that can be taken away and brought back, like a disk.
type outage struct {
	*Store
	root, spool string
}

func newOutage(t *testing.T) outage {
	dir := t.TempDir()
	o := outage{root: filepath.Join(dir, "evidence"), spool: filepath.Join(dir, "spool")}
	o.Store = open(t, Options{URL: folderURL(o.root), Spool: o.spool})
	return o
}

// down takes the disk away and leaves its empty mount point.
func (o outage) down(t *testing.T) {
	require.NoError(t, os.Rename(o.root, o.root+"-away"))
	require.NoError(t, os.Mkdir(o.root, 0o700))
}

func (o outage) up(t *testing.T) {
	require.NoError(t, os.Remove(o.root), "something was written beneath the mount point")
	require.NoError(t, os.Rename(o.root+"-away", o.root))
}

func ada(event, firstRun string) Case {
	return Case{ID: event, WorkflowID: "termination/E-1", FirstRun: firstRun,
		Subject: access.Subject{Key: "E-1", Name: "Ada Marsh", Emails: []string{"ada.marsh@example.com"}},
		Request: access.Request{Event: event, Subject: "E-1", Strategy: access.Emergency,
			RequestedBy: access.Actor{Name: "soc", Authority: access.Claimed}, RequestedAt: noon},
		Systems: []plan.System{{Name: "okta"}}, Policy: plan.DefaultPolicy(), AdmittedAt: noon}
}

func intent(stage access.Stage, system, before string) access.Intent {
	return access.Intent{Case: "event-1", Stage: stage, Account: access.AccountRef{System: system, ID: "00u1"},
		Acts: []string{string(stage)}, Before: access.AccountState{Status: access.Active, Word: before}, At: noon}
}

func receipt(stage access.Stage, system string, at time.Time) access.Receipt {
	return access.Receipt{Case: "event-1", Stage: stage, System: system, Account: access.AccountRef{System: system, ID: "00u1"},
		Disposition: access.Verified, Proof: access.StateReadBack, DoneAt: at}
}
