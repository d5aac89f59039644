package connectortest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func safetyChecks() []check {
	lock := []connectors.Capability{connectors.CanLock}
	return []check{
		{"safety", "nobody else is touched, to the byte", lock, once(touchesNobodyElse)},
		{"safety", "a dry run sends no write and stores nothing", nil, once(runsDry)},
		{"safety", "a cancelled call sends nothing", nil, once(sendsNothingCancelled)},
		{"safety", "a call is given up when it is cancelled", nil, givesUp},
		{"safety", "a call that hangs ends with its deadline", nil, once(keepsDeadlines)},
		{"safety", "eight drives at once end as one does", lock, drivesAtOnce},
		{"safety", "errors and receipts hold no secret", lock, keepsSecrets},
	}
}

// safe requires an *access.Error whose text may be printed anywhere.
func safe(t T, h *Harness, err error) *access.Error {
	t.Helper()
	e, ok := err.(*access.Error)
	require.True(t, ok, "a connector returns *access.Error and nothing else, not %T", err)
	require.Contains(t, access.Codes(), e.Code)
	fields, err := json.Marshal(e)
	require.NoError(t, err)
	private := append(slices.Concat(h.Subject.Emails, h.Subject.UserNames), h.Subject.Name, "canary-", "http://", "https://")
	for _, word := range private {
		if word != "" {
			require.False(t, strings.Contains(strings.ToLower(e.Error()+string(fields)), strings.ToLower(word)),
				"the error with code %s gives away personal data, a secret or a URL", e.Code)
		}
	}
	require.False(t, access.ContainsAddress(e.Error()), "the error with code %s holds an e-mail address", e.Code)
	return e
}

func touchesNobodyElse(t T, h *Harness) {
	unharmed := h.watch()
	h.settle(t, &Ledger{}, "case-1")
	unharmed(t)
	h.settle(t, &Ledger{}, "case-2")
	unharmed(t)
	h.drive(t, &Ledger{}, "case-3")
	if len(h.Connector.Info().Restores) > 0 {
		require.NoError(t, h.Connector.(connectors.Locker).Unlock(t.Context(), access.AccountState{Ref: h.ref(), Status: access.Active}))
		unharmed(t)
	}
}

func runsDry(t T, h *Harness) {
	ledger := &Ledger{}
	system := h.system(t, ledger)
	before, sent := h.Truth(), h.sent()
	job := h.job("case-1")
	job.Stages, job.DryRun = access.Stages(), true
	progress := system.Drive(t.Context(), job)
	require.Equal(t, sent, h.sent(), "write requests")
	require.Equal(t, before, h.Truth())
	require.Empty(t, ledger.Receipts())
	intents, err := ledger.Intents(t.Context(), "case-1", h.System)
	require.NoError(t, err)
	require.Empty(t, intents)
	require.NotEmpty(t, progress.Cells)
	for _, cell := range progress.Cells {
		require.True(t, cell.Disposition.Open(), "stage %s is %s", cell.Stage, cell.Disposition)
	}
}

// calls lists every call that goes to the system.
func (h *Harness) calls(t T) []act {
	t.Helper()
	return append([]act{
		{"find", func(ctx context.Context) error { _, err := h.Connector.Find(ctx, h.Subject); return err }},
		{"state", func(ctx context.Context) error { _, err := h.Connector.State(ctx, h.ref()); return err }},
	}, h.acts(t)...)
}

func sendsNothingCancelled(t T, h *Harness) {
	require.NoError(t, h.Connector.Check(t.Context()))
	calls, before := h.calls(t), h.Truth()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	seen := len(h.Faults.Requests())
	for _, call := range calls {
		err := call.do(ctx)
		require.Error(t, err, call.name)
		require.True(t, safe(t, h, err).Code.Transient(), "%s: a cancelled call can be tried again", call.name)
	}
	require.Len(t, h.Faults.Requests(), seen, "requests")
	require.Equal(t, before, h.Truth())
}

// patience is how long a call may go on after it was cancelled.
const patience = 5 * time.Second

func givesUp(t T, fresh func() *Harness) {
	h := fresh()
	require.NoError(t, h.Connector.Check(t.Context()))
	calls := h.calls(t)
	for i, call := range calls {
		ctx, cancel := context.WithCancel(t.Context())
		h.Faults.Add(fault.Rule{Match: func(r *http.Request) bool { return i < 2 && h.read(r) || i >= 2 && h.write(r) },
			Effect: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				cancel()
				fault.Hang()(w, r, next)
			}})
		done := make(chan error, 1)
		go func() { done <- call.do(ctx) }()
		select {
		case err := <-done:
			require.Error(t, err, call.name)
			e := safe(t, h, err)
			expected := access.Unavailable
			if i >= 2 {
				expected = access.Unknown
			}
			require.Equal(t, expected, e.Code, "%s: cancelled while it was under way", call.name)
		case <-time.After(patience):
			require.FailNow(t, call.name+" goes on after it was cancelled")
		}
		cancel()
		h.Faults.Clear()
	}
}

func keepsDeadlines(t T, h *Harness) {
	require.NoError(t, h.Connector.Check(t.Context()))
	calls := h.calls(t)[1:] // from the read of the state on
	h.Faults.Add(fault.Rule{Match: func(r *http.Request) bool { return h.read(r) || h.write(r) }, Effect: fault.Hang()})
	for _, call := range calls[:min(len(calls), 2)] {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		started := time.Now()
		err := call.do(ctx)
		cancel()
		require.Error(t, err, call.name)
		require.Contains(t, []access.Code{access.Unavailable, access.Unknown}, safe(t, h, err).Code, call.name)
		require.Less(t, time.Since(started), patience, call.name)
	}
}

func drivesAtOnce(t T, fresh func() *Harness) {
	c := undisturbed(t, fresh())
	h, ledger := fresh(), &Ledger{}
	system := h.system(t, ledger)
	var wait sync.WaitGroup
	progress := make([]connectors.Progress, 8)
	for i := range progress {
		wait.Go(func() { progress[i] = system.Drive(t.Context(), h.job("case-1")) })
	}
	wait.Wait()
	for _, p := range progress {
		for _, cell := range p.Cells {
			if cell.Disposition == access.Manual {
				require.Contains(t, []access.Code{access.Unsupported}, cell.Error.Code, "stage %s", cell.Stage)
			}
		}
	}
	c.requireConverged(t, h, ledger)
}

func keepsSecrets(t T, fresh func() *Harness) {
	for _, status := range []int{0, 400, 401, 403, 409, 500} {
		h, ledger := fresh(), &Ledger{}
		var mu sync.Mutex
		secrets := []string{"canary-"}
		h.Faults.OnRequest(func(_ int64, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if _, secret, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && !slices.Contains(secrets, secret) {
				secrets = append(secrets, secret)
			}
		})
		system, calls := h.system(t, ledger), h.calls(t)
		if status > 0 {
			h.Faults.Add(fault.Rule{Match: h.write, Effect: fault.Answer(status, http.Header{"X-Request-Id": {"Ada Marsh canary-id"}}, leaky)})
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		progress := system.Drive(ctx, h.job("case-1"))
		cancel()
		content, err := json.Marshal(progress)
		require.NoError(t, err)
		mu.Lock()
		for _, secret := range secrets {
			require.False(t, strings.Contains(string(content), secret), "a receipt holds our credential or a provider's message, status %d", status)
		}
		mu.Unlock()
		for _, cell := range progress.Cells {
			if cell.Error != nil {
				safe(t, h, cell.Error)
			}
		}
		for _, call := range calls {
			if err := call.do(t.Context()); err != nil {
				safe(t, h, err)
			}
		}
	}
}
