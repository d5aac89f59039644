package connectortest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// stages are those that change something.
var stages = []access.Stage{access.Lock, access.Revoke, access.Reclaim}

// ref names the leaver's account.
func (h *Harness) ref() access.AccountRef { return access.AccountRef{System: h.System, ID: h.Account} }

// can tells whether the connector has the capability.
func (h *Harness) can(c connectors.Capability) bool {
	return slices.Contains(connectors.Capabilities(h.Connector), c)
}

// system puts the guards around the connector, whose Check has passed.
func (h *Harness) system(t T, ledger connectors.Ledger) *connectors.System {
	t.Helper()
	require.NoError(t, h.Connector.Check(t.Context()), "the connector's own check")
	return connectors.NewSystem(connectors.Options{Name: h.System, Connector: h.Connector, Ledger: ledger, Witness: h.Witness})
}

// job is the termination of the leaver under the case.
func (h *Harness) job(caseID string) connectors.Job {
	return connectors.Job{Case: caseID, Subject: h.Subject, Stages: stages}
}

// drive takes the leaver through every stage that changes something.
func (h *Harness) drive(t T, ledger connectors.Ledger, caseID string) connectors.Progress {
	t.Helper()
	return h.system(t, ledger).Drive(t.Context(), h.job(caseID))
}

// settle drives until a drive ends well, three times at most.
func (h *Harness) settle(t T, ledger connectors.Ledger, caseID string) connectors.Progress {
	t.Helper()
	var progress connectors.Progress
	for range 3 {
		if progress = h.drive(t, ledger, caseID); unfinished(progress) == "" {
			return progress
		}
	}
	require.Empty(t, unfinished(progress), "the leaver's access does not end")
	return progress
}

// unfinished says which receipt of a drive leaves work that the connector could
// do, or "". Rights that cannot be removed from the account are a person's work.
func unfinished(p connectors.Progress) string {
	for _, r := range p.Receipts {
		if !r.Disposition.Open() {
			continue
		}
		if r.Stage != access.Lock && len(r.Remaining) > 0 && !slices.ContainsFunc(r.Remaining, access.Right.Removable) {
			continue
		}
		return fmt.Sprintf("%s is %s: %v", r.Stage, r.Disposition, r.Error)
	}
	return ""
}

// receiptOf returns the last receipt of the stage.
func receiptOf(t T, p connectors.Progress, stage access.Stage) access.Receipt {
	t.Helper()
	var found *access.Receipt
	for i, r := range p.Receipts {
		if r.Stage == stage {
			found = &p.Receipts[i]
		}
	}
	require.NotNil(t, found, "a receipt of the stage %s", stage)
	return *found
}

// rights lists every right of the leaver, of one kind or of all.
func (h *Harness) rights(t T, kinds ...access.RightKind) []access.Right {
	t.Helper()
	revoker, ok := h.Connector.(connectors.RightRevoker)
	if !ok || !h.can(connectors.CanRevoke) {
		return nil
	}
	if len(kinds) == 0 {
		kinds = h.Connector.Info().Rights
	}
	var all []access.Right
	for _, kind := range kinds {
		rights, err := connectors.Collect(t.Context(), func(ctx context.Context, cursor string) (connectors.Page[access.Right], error) {
			return revoker.Rights(ctx, h.ref(), kind, cursor)
		})
		require.NoError(t, err, "list the rights of kind %s", kind)
		all = append(all, rights...)
	}
	return all
}

// removable keeps the rights that can be removed from the account.
func removable(rights []access.Right) []access.Right {
	return slices.DeleteFunc(slices.Clone(rights), func(r access.Right) bool { return !r.Removable() })
}

// token tells whether a request asks for a token of our own credential.
func token(method, path string) bool {
	return method == http.MethodPost && strings.HasSuffix(path, "/token")
}

// writes tells whether a request may change something.
func (h *Harness) writes(method, path string) bool {
	return method != http.MethodGet && method != http.MethodHead && !token(method, path) &&
		(h.Harmless == nil || !h.Harmless(method, path))
}

// write and read match requests for fault rules. Neither matches a request for a
// token: its failures have codes of their own.
func (h *Harness) write(r *http.Request) bool { return h.writes(r.Method, r.URL.EscapedPath()) }

func (h *Harness) read(r *http.Request) bool {
	return !h.write(r) && !token(r.Method, r.URL.EscapedPath())
}

// sent counts the write requests seen so far.
func (h *Harness) sent() (writes int) {
	for _, seen := range h.Faults.Requests() {
		if h.writes(seen.Method, seen.Path) {
			writes++
		}
	}
	return writes
}

// others is the truth about everybody but the leaver.
func (h *Harness) others() map[string]string {
	truth := h.Truth()
	delete(truth, h.Account)
	return truth
}

// watch remembers what must not change, and returns the check that it has not.
func (h *Harness) watch() (unharmed func(t T)) {
	accounts, shared := h.others(), h.shared()
	return func(t T) {
		t.Helper()
		require.Equal(t, accounts, h.others(), "the accounts of others")
		require.Equal(t, shared, h.shared(), "what others share")
	}
}

func (h *Harness) shared() string {
	if h.Bystanders == nil {
		return ""
	}
	return h.Bystanders()
}

// truth is the truth about the leaver, times left out.
func (h *Harness) truth(t T) string {
	t.Helper()
	return timeless(t, h.Truth()[h.Account])
}

// truths is the truth about everybody, times left out.
func (h *Harness) truths(t T) map[string]string {
	t.Helper()
	all := maps.Clone(h.Truth())
	for id, truth := range all {
		all[id] = timeless(t, truth)
	}
	return all
}

func timeless(t T, truth string) string {
	t.Helper()
	if truth == "" {
		return ""
	}
	var value any
	require.NoError(t, json.Unmarshal([]byte(truth), &value), "the truth is JSON")
	content, err := json.Marshal(withoutTimes(value))
	require.NoError(t, err)
	return string(content)
}

func withoutTimes(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = withoutTimes(v[key])
		}
	case []any:
		for i := range v {
			v[i] = withoutTimes(v[i])
		}
	case string:
		if _, err := time.Parse(time.RFC3339, v); err == nil {
			return "a time"
		}
	}
	return value
}
