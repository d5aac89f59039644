package entraid

import (
	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Info says what is known of Entra ID. Permissions are Graph application
// permissions; https://learn.microsoft.com/graph/permissions-reference
func (c *Connector) Info() connectors.Info {
	return connectors.Info{
		Kind:             "entraid",
		IdentityProvider: true,
		Keys:             []access.Correlator{access.ByUserName, access.ByEmail, access.ByEmployeeNumber},
		Rights:           []access.RightKind{access.Grant, access.Seat},
		Settle:           c.config.Settle,
		Outlives:         c.config.AccessTokenLifetime,
		OutlivesWhat:     "access tokens already issued; applications with continuous access evaluation refuse them within minutes",
		Revives: []string{"sign-in with the old password and the old authentication methods",
			"group memberships, roles and licences that were not removed", "access to the mailbox and files"},
		Restores: []string{"accountEnabled"},
		Consumes: []string{"refresh tokens and browser sessions"},
		Permissions: map[connectors.Capability][]string{
			connectors.CanFind:        {"User.Read.All"},
			connectors.CanLock:        {"User.Read.All", "User.EnableDisableAccount.All"},
			connectors.CanEndSessions: {"User.Read.All", "User.RevokeSessions.All"},
			connectors.CanRevoke: {"User.Read.All", "Directory.Read.All", "GroupMember.ReadWrite.All", "RoleManagement.ReadWrite.Directory",
				"AppRoleAssignment.ReadWrite.All", "LicenseAssignment.ReadWrite.All"},
			connectors.CanList: {"User.Read.All", "AuditLog.Read.All"},
		},
	}
}
