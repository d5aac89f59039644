package e2e

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/evidence"
	"github.com/killsignal/killsignal/internal/console"
	"github.com/killsignal/killsignal/internal/door"
	"github.com/killsignal/killsignal/internal/simulator"
	"github.com/killsignal/killsignal/plan"
	"github.com/killsignal/killsignal/workflows"
)

// id is the workflow in which every case of these tests runs.
var id = workflows.TerminationID(simulator.Leaver)

// house is one company with its Temporal server and its worker. Nothing is shared
// between houses.
type house struct {
	t        *testing.T
	folder   string
	config   string // path of the configuration
	company  *simulator.Company
	before   world // as the company was before anybody acted
	requests atomic.Int64

	server, worker *process
	temporal       client.Client
}

// open opens a house. A worker runs, and has checked its systems.
func open(t *testing.T) *house {
	t.Helper()
	h := build(t)
	h.hire()
	return h
}

// build opens a house without a worker.
func build(t *testing.T) *house {
	t.Helper()
	company, err := simulator.New(simulator.Options{Seed: 1, Apps: 6})
	require.NoError(t, err)
	require.NoError(t, company.Serve(t.Context()))
	h := &house{t: t, folder: t.TempDir(), company: company, before: look(company)}
	h.count(func(int64) {})
	h.serve("0")
	h.furnish()
	h.temporal = dial(t, h.address())
	return h
}

// count counts the requests that the company sees from now on, and calls at before
// it handles the nth.
func (h *house) count(at func(n int64)) {
	h.requests.Store(0)
	for system := range h.before.truth {
		h.company.Fault(system).OnRequest(func(int64, *http.Request) { at(h.requests.Add(1)) })
	}
}

// until waits for a condition, and says how the case stands when it does not come.
func (h *house) until(within time.Duration, what string, condition func() bool) {
	h.t.Helper()
	if !came(within, condition) {
		h.tell()
		require.Fail(h.t, "waited in vain", "%s: for %s", what, within)
	}
}

func (h *house) tell() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	status, err := door.Status(ctx, h.temporal, simulator.Leaver)
	h.t.Logf("%s\n%d requests, %v", console.Status(status, time.Now(), console.Style{}), h.requests.Load(), err)
	if described, err := h.temporal.DescribeWorkflowExecution(ctx, id, ""); err == nil {
		h.t.Logf("%s, pending: %v", described.GetWorkflowExecutionInfo().GetStatus(), described.GetPendingActivities())
	}
}

// serve starts the Temporal server on a port, with the database of this house.
func (h *house) serve(port string) {
	h.t.Helper()
	h.server = launch(h.t, h.folder, "demo", "server", "--database", filepath.Join(h.folder, "temporal.db"), "--temporal-port", port, "--ui-port", "-1")
	until(h.t, soon, "the Temporal server", func() bool { return strings.Contains(h.server.out.String(), "\nui") })
}

// address is where the Temporal server answers.
func (h *house) address() string {
	line, _, _ := strings.Cut(h.server.out.String(), "\n")
	return strings.TrimPrefix(line, "temporal ")
}

func (h *house) port() string {
	_, port, err := net.SplitHostPort(h.address())
	require.NoError(h.t, err)
	return port
}

// furnish writes the configuration, the roster and the secrets. Clocks of residual
// access run for a second, so that cases close.
func (h *house) furnish() {
	h.t.Helper()
	var err error
	h.config, err = h.company.WriteFiles(h.folder, simulator.Files{Temporal: h.address(), TokenLifetime: time.Second, Settle: time.Second})
	require.NoError(h.t, err)
}

// hire starts a worker and waits until it serves and has checked every system:
// from then on only cases make requests.
func (h *house) hire() {
	h.t.Helper()
	h.employ()
	h.until(soon, "the worker and its checks", func() bool {
		log := h.worker.err.String()
		return strings.Contains(log, `"serving"`) && strings.Count(log, `"system is `) == len(h.before.truth)
	})
}

// employ starts a worker.
func (h *house) employ() { h.worker = launch(h.t, h.folder, "worker", "--config", h.config) }

func dial(t *testing.T, address string) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: address, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// starter runs the command line with the configuration of this house.
func (h *house) starter(arguments ...string) said {
	h.t.Helper()
	return call(h.t, h.folder, "starter", append(arguments, "--config", h.config)...)
}

// request is an emergency for the leaver.
func request(event string) access.Request {
	now := time.Now().UTC()
	return access.Request{Event: event, Subject: simulator.Leaver, Strategy: access.Emergency, Effective: now, RequestedAt: now,
		Reason: "test", RequestedBy: access.Actor{Name: "tester", Authority: access.Claimed}}
}

// submit asks for the termination of the leaver.
func (h *house) submit(event string) door.Submitted {
	h.t.Helper()
	submitted, err := door.Submit(h.t.Context(), h.temporal, request(event))
	require.NoError(h.t, err)
	return submitted
}

// status asks how the case stands, and returns the last answer there was.
func (h *house) status() (plan.Status, bool) {
	status, err := door.Status(h.t.Context(), h.temporal, simulator.Leaver)
	return status, err == nil
}

// settled waits until nothing but people and clocks is waited for.
func (h *house) settled(within time.Duration) (status plan.Status) {
	h.t.Helper()
	h.until(within, "the case to settle", func() bool {
		s, ok := h.status()
		status = s
		return ok && (s.Phase == plan.Settled || s.Phase == plan.Closed)
	})
	return status
}

// ended waits until the newest run has ended.
func (h *house) ended(within time.Duration) *workflowservice.DescribeWorkflowExecutionResponse {
	h.t.Helper()
	var described *workflowservice.DescribeWorkflowExecutionResponse
	h.until(within, "the case to end", func() bool {
		ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Second)
		defer cancel()
		var err error
		described, err = h.temporal.DescribeWorkflowExecution(ctx, id, "")
		return err == nil && described.GetWorkflowExecutionInfo().GetCloseTime() != nil
	})
	return described
}

// closed waits until the case has ended, and returns its conclusion.
func (h *house) closed(within time.Duration) (conclusion plan.Conclusion) {
	h.t.Helper()
	h.ended(within)
	require.NoError(h.t, h.temporal.GetWorkflow(h.t.Context(), id, "").Get(h.t.Context(), &conclusion))
	return conclusion
}

// evidence opens the evidence of this house, to look.
func (h *house) evidence() *evidence.Store {
	h.t.Helper()
	store, err := evidence.Open(h.t.Context(), evidence.Options{URL: "file://" + filepath.Join(h.folder, "evidence")})
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = store.Close() })
	return store
}
