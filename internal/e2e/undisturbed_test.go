package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator"
	"github.com/killsignal/killsignal/report"
)

func TestAnUndisturbedCaseClosesCompleteAndItsReportIsTrue(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.submit("hr-1")
	conclusion := h.closed(soon)
	r := h.complete(conclusion)

	t.Run("seats are back in their pools, once", func(t *testing.T) {
		for part, was := range h.before.pools {
			is, freed := h.company.Entra.Pools()[part], 0
			if part == "SPE_E5" || part == "VISIOCLIENT" {
				freed = 1
			}
			require.Equal(t, was.Used-freed, is.Used, part)
			require.Equal(t, was.Total, is.Total, part)
		}
	})
	t.Run("every lock receipt tells that the account was active before", func(t *testing.T) {
		locks := 0
		for _, receipt := range r.Timeline {
			if receipt.Stage == access.Lock {
				require.Equal(t, access.Active, receipt.Before.Status, receipt.System)
				locks++
			}
		}
		require.Equal(t, len(h.before.truth), locks)
	})
	t.Run("the intent comes before the act, and the act before the receipt", func(t *testing.T) {
		intents, err := h.evidence().AllIntents(t.Context(), "hr-1")
		require.NoError(t, err)
		for _, receipt := range r.Timeline {
			for _, exchange := range receipt.Exchanges {
				require.False(t, exchange.At.After(receipt.DoneAt), receipt.System)
				if exchange.Method != http.MethodGet && receipt.Stage == access.Lock && exchange.Path != "" && !isToken(exchange.Path) {
					require.False(t, exchange.At.Before(intentOf(t, intents, receipt).At), "%s %s %s", receipt.System, exchange.Method, exchange.Path)
				}
			}
		}
	})
	t.Run("tokens that nobody can recall stand in the report, and are over", func(t *testing.T) {
		require.NotEmpty(t, r.Residuals)
		for _, residual := range r.Residuals {
			require.True(t, residual.Over, residual.System)
		}
	})
	t.Run("the history is kept with the evidence", func(t *testing.T) {
		store := h.evidence()
		keys, err := store.Histories(t.Context(), "hr-1")
		require.NoError(t, err)
		require.Len(t, keys, 1)
		history, err := store.History(t.Context(), keys[0])
		require.NoError(t, err)
		require.Contains(t, string(history), "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED")
	})
	t.Run("the report names the person", func(t *testing.T) {
		leaver, _ := h.company.Subject(simulator.Leaver)
		require.Equal(t, leaver.Name, r.Person.Name)
		require.Equal(t, report.SchemaID, r.Schema)
	})
}

// intentOf is the intent that goes with a receipt of the lock stage.
func intentOf(t *testing.T, intents []access.Intent, receipt access.Receipt) access.Intent {
	t.Helper()
	for _, intent := range intents {
		if intent.Stage == receipt.Stage && intent.Account == receipt.Account {
			return intent
		}
	}
	require.Fail(t, "no intent", "%s %s", receipt.System, receipt.Stage)
	return access.Intent{}
}

// isToken tells a sign-in of our own from an act.
func isToken(path string) bool { return strings.HasSuffix(path, "/token") }
