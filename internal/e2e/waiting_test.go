package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWithoutAWorkerARequestIsAcceptedWithinSecondsAndWaits(t *testing.T) {
	t.Parallel()
	h := build(t)
	said := h.starter("terminate", "P-1042", "--strategy", "emergency", "--event", "hr-1", "--yes")
	require.Zero(t, said.code, said.err)
	require.Contains(t, said.out, "accepted; no worker is running: start one")
	require.Less(t, said.took, 10*time.Second)
	require.Zero(t, h.requests.Load(), "nothing was done")
	require.Equal(t, h.before, look(h.company))

	h.hire()
	h.complete(h.closed(soon))
	require.Equal(t, "hr-1", h.handledBy("hr-1"))
}
