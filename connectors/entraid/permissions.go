package entraid

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/killsignal/killsignal/access"
)

// writes lists, for each thing that we change, the application permissions of which
// one is needed, the least first. https://learn.microsoft.com/graph/permissions-reference
func writes() [][]string {
	return [][]string{
		{"User.EnableDisableAccount.All", "User.ReadWrite.All", "Directory.ReadWrite.All"},
		{"User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"},
		{"GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"},
		{"RoleManagement.ReadWrite.Directory"},
		{"AppRoleAssignment.ReadWrite.All"},
		{"LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"},
	}
}

// noDirectoryRole stands among an application's directory roles when it has none.
const noDirectoryRole = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"

// checkWrites reads the application's permissions in its token. A token that cannot
// be read says nothing, and neither does one of an application that has directory
// roles, which may permit the same.
func (c *Connector) checkWrites(ctx context.Context) error {
	const op = "check permissions"
	token, err := c.proof.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{c.endpoints.scope}, EnableCAE: true})
	if err != nil {
		return c.failed(op, err)
	}
	has, readable := granted(token.Token)
	if !readable {
		return nil
	}
	var missing []string
	for _, choices := range writes() {
		if !slices.ContainsFunc(choices, func(p string) bool { return slices.Contains(has, p) }) {
			missing = append(missing, choices[0])
		}
	}
	if len(missing) > 0 {
		return &access.Error{Code: access.Denied, System: c.system, Op: op,
			Hint: "the application needs " + strings.Join(missing, ", ")}
	}
	return nil
}

// granted returns the application permissions that an access token carries.
// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
func granted(token string) (permissions []string, readable bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Permissions    []string `json:"roles"`
		DirectoryRoles []string `json:"wids"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return nil, false
	}
	hasRoles := slices.ContainsFunc(claims.DirectoryRoles, func(role string) bool { return role != noDirectoryRole })
	return claims.Permissions, !hasRoles
}
