package connectortest

import (
	"testing"

	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
)

func TestReference(t *testing.T) {
	for _, permission := range []string{reference.MaySee, reference.MayRevoke} {
		t.Run("rights need the permission "+permission, func(t *testing.T) {
			Run(t, func(t *testing.T) *Harness {
				company := reference.NewCompany()
				t.Cleanup(company.Close)
				return harness(company, company.Connector, permission)
			})
		})
	}
}

// harness is the company, reached by the connector. What CanRevoke needs is the
// permission.
func harness(company *reference.Company, connector connectors.Connector, permission string) *Harness {
	permissions := map[connectors.Capability]string{connectors.CanFind: reference.MayRead, connectors.CanList: reference.MayRead,
		connectors.CanLock: reference.MayLock, connectors.CanEndSessions: reference.MayEnd, connectors.CanRevoke: permission}
	return &Harness{
		Connector: connector, System: "directory",
		Subject: company.Leaver, Nobody: company.Nobody, Witness: company.Other, Account: reference.LeaverID,
		Truth:      company.Truth,
		Bystanders: func() string { return company.Bystanders(reference.LeaverID) },
		Faults:     company.Faults,
		Deny:       func(c connectors.Capability) { company.Deny(permissions[c]) },
	}
}
