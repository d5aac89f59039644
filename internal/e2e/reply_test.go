package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/simulator"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func TestAReplyLostAfterTheProviderHadActedIsMadeUpForByReading(t *testing.T) {
	t.Parallel()
	systems := []string{simulator.OktaSystem, simulator.EntraSystem, "wiki"}
	most := writes(t, systems)
	for i := range most {
		t.Run(fmt.Sprintf("write %d of %d, in each of three systems", i+1, most), func(t *testing.T) {
			t.Parallel()
			h := open(t)
			for _, system := range systems {
				h.company.Fault(system).Add(fault.Rule{Match: fault.Writes, Skip: i, Times: 1, Effect: fault.DropReply()})
			}
			h.submit("hr-1")
			h.complete(h.closed(soon))
			lost := 0
			for _, system := range systems {
				for _, seen := range h.company.Fault(system).Requests() {
					if seen.Status == 0 {
						lost++
					}
				}
			}
			require.NotZero(t, lost, "a reply was lost")
		})
	}
}

// writes counts the writes of an undisturbed case: the most that one of the systems
// sees once its worker is there.
func writes(t *testing.T, systems []string) (most int) {
	t.Helper()
	h := open(t)
	before := map[string]int{}
	for _, system := range systems {
		before[system] = len(h.company.Fault(system).Requests())
	}
	h.submit("hr-1")
	h.closed(soon)
	for _, system := range systems {
		n := 0
		for _, seen := range h.company.Fault(system).Requests()[before[system]:] {
			if seen.Method != "GET" {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}
