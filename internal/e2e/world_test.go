package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator"
	"github.com/killsignal/killsignal/internal/simulator/entra"
	"github.com/killsignal/killsignal/plan"
	"github.com/killsignal/killsignal/report"
)

// world is what the side doors show.
type world struct {
	truth map[string]map[string]string // system -> account -> everything about it
	pools map[string]entra.Pool
}

func look(company *simulator.Company) world {
	return world{truth: company.Truth(), pools: company.Entra.Pools()}
}

var instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`)

// timeless is the same world without instants, to compare with that of another run.
func (w world) timeless() world {
	same := world{truth: map[string]map[string]string{}, pools: w.pools}
	for system, accounts := range w.truth {
		same.truth[system] = map[string]string{}
		for account, is := range accounts {
			same.truth[system][account] = instant.ReplaceAllString(is, "T")
		}
	}
	return same
}

// othersUntouched holds everybody but the leaver against how they were, to the byte.
func (h *house) othersUntouched() {
	h.t.Helper()
	leaver, after := h.company.AccountsOf(simulator.Leaver), h.company.Truth()
	for system, accounts := range h.before.truth {
		for account, was := range accounts {
			if account != leaver[system] {
				require.Equal(h.t, was, after[system][account], "%s: somebody else was touched", system)
			}
		}
		require.Len(h.t, after[system], len(accounts), system)
	}
}

// dead holds that nothing of the leaver is alive but what nobody can recall:
// access tokens until they expire, and sessions that an application does not end.
func (h *house) dead() {
	h.t.Helper()
	for _, left := range h.company.Access(simulator.Leaver) {
		unrecallable := !left.Until.IsZero() || left.Kind == "session" && left.System != simulator.OktaSystem
		require.True(h.t, unrecallable, "the leaver still has %s", left)
	}
}

// newestReport reads the newest report of a case, and holds it against the
// published schema.
func (h *house) newestReport(caseID string) (r report.Report) {
	h.t.Helper()
	store := h.evidence()
	key, err := store.LatestReport(h.t.Context(), caseID)
	require.NoError(h.t, err)
	content, err := store.Report(h.t.Context(), key)
	require.NoError(h.t, err)
	validate(h.t, content)
	require.NoError(h.t, json.Unmarshal(content, &r))
	page, err := store.ReportHTML(h.t.Context(), key)
	require.NoError(h.t, err)
	require.True(h.t, bytes.Contains(page, []byte("</html>")), "the page is whole")
	return r
}

func validate(t *testing.T, content []byte) {
	t.Helper()
	published, err := os.Open(filepath.Join("..", "..", "report", "report.schema.json"))
	require.NoError(t, err)
	defer published.Close()
	schema, err := jsonschema.UnmarshalJSON(published)
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("report.schema.json", schema))
	compiled, err := compiler.Compile("report.schema.json")
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(document))
}

// complete holds that the case ended as an undisturbed one does: everything dead,
// nobody else touched, and a report that says so and tells the true state before.
func (h *house) complete(conclusion plan.Conclusion) report.Report {
	h.t.Helper()
	r := h.newestReport(conclusion.Case)
	require.Equal(h.t, plan.Complete, conclusion.Verdict, "%s %v", r.Verdict.Sentence, r.Contradictions)
	require.Zero(h.t, conclusion.Open)
	h.dead()
	h.othersUntouched()
	require.Equal(h.t, report.Final, r.Kind)
	require.Equal(h.t, plan.Complete, r.Verdict.Word, "%s %v", r.Verdict.Sentence, r.Contradictions)
	require.Empty(h.t, r.Contradictions)
	leaver := h.company.AccountsOf(simulator.Leaver)
	require.Len(h.t, r.Systems, len(leaver))
	for _, system := range r.Systems {
		require.Len(h.t, system.Accounts, 1, system.Name)
		account := system.Accounts[0]
		require.Equal(h.t, leaver[system.Name], account.ID)
		require.Equal(h.t, access.Active, account.Before.Status, "%s: the true state before", system.Name)
		require.NotEqual(h.t, access.Active, account.After.Status, system.Name)
		require.Equal(h.t, access.Lock, account.Stages[0].Stage)
		require.Equal(h.t, access.Applied, account.Stages[0].Outcome, "%s: the lock was ours", system.Name)
	}
	return r
}
