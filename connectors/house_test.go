package connectors_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

// house is a company and the guarded system that reaches it.
type house struct {
	*reference.Company
	*connectors.System
	ledger *connectortest.Ledger
	ahead  time.Duration // how far the system's clock is ahead
}

func newHouse(t *testing.T, changes ...func(*house, *connectors.Options)) *house {
	t.Helper()
	h := &house{Company: reference.NewCompany(), ledger: &connectortest.Ledger{}}
	t.Cleanup(h.Close)
	o := connectors.Options{Name: "directory", Connector: h.Connector, Ledger: h.ledger, Witness: h.Other,
		Clock: func() time.Time { return time.Now().Add(h.ahead) }}
	for _, change := range changes {
		change(h, &o)
	}
	h.System = connectors.NewSystem(o)
	return h
}

// settled makes the company's system show every change at once, by its own account.
func settled(h *house, _ *connectors.Options) { h.Connector.About.Settle = 0 }

// drive takes a subject through the stages of the case.
func (h *house) drive(t *testing.T, subject access.Subject, stages ...access.Stage) connectors.Progress {
	t.Helper()
	return h.System.Drive(t.Context(), connectors.Job{Case: "case-1", Subject: subject, Stages: stages})
}

// writes counts the write requests that the company has seen.
func (h *house) writes() (n int) {
	for _, seen := range h.Faults.Requests() {
		if seen.Method != http.MethodGet {
			n++
		}
	}
	return n
}

// active tells whether somebody can sign in, by the side door.
func (h *house) active(id string) (active bool) {
	h.Change(id, func(p *reference.Person) { active = p.Active })
	return active
}

// breaks makes requests whose path holds the fragment fail with the status.
func (h *house) breaks(fragment string, status int) {
	h.Faults.Add(fault.Rule{Match: fault.Path(fragment), Effect: fault.Answer(status, nil, "")})
}

// requireCell requires how a stage ended, and with which code; "" is none.
func requireCell(t *testing.T, p connectors.Progress, stage access.Stage, disposition access.Disposition, code access.Code) connectors.Cell {
	t.Helper()
	for _, cell := range p.Cells {
		if cell.Stage != stage {
			continue
		}
		require.Equal(t, disposition, cell.Disposition, "stage %s: %v", stage, cell.Error)
		if code == "" {
			require.Nil(t, cell.Error, "stage %s", stage)
			return cell
		}
		require.NotNil(t, cell.Error, "stage %s", stage)
		require.Equal(t, code, cell.Error.Code, "stage %s: %v", stage, cell.Error)
		return cell
	}
	require.FailNow(t, "no cell of the stage "+string(stage))
	return connectors.Cell{}
}
