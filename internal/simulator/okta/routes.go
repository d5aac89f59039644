package okta

import (
	"net/http"
	"slices"
	"strings"
)

// mux routes requests to handlers, each behind the permission that it needs. The
// handlers run with the org locked.
func (o *Org) mux() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern, permission string, serve http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if o.authorized(w, r, permission) {
				serve(w, r)
			}
		})
	}
	// What okta.users.manage allows can be allowed in part, by a custom role.
	credentials := func(serve http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if o.denied["okta.users.credentials.manage"] {
				refuse(w, http.StatusForbidden, "E0000006")
				return
			}
			serve(w, r)
		}
	}
	handle("GET /api/v1/users", "okta.users.read", o.listUsers)
	handle("GET /api/v1/users/{id}", "okta.users.read", o.getUser)
	handle("DELETE /api/v1/users/{id}", "okta.users.manage", o.deleteUser)
	handle("POST /api/v1/users/{id}/lifecycle/{act}", "okta.users.manage", o.lifecycle)
	handle("DELETE /api/v1/users/{id}/sessions", "okta.users.manage", o.clearSessions)

	handle("GET /api/v1/users/{id}/clients", "okta.users.read", o.listClients)
	handle("GET /api/v1/users/{id}/clients/{client}/tokens", "okta.users.read", o.listTokens)
	handle("DELETE /api/v1/users/{id}/clients/{client}/tokens", "okta.users.manage", credentials(o.revokeTokens))
	handle("DELETE /api/v1/users/{id}/clients/{client}/tokens/{token}", "okta.users.manage", credentials(o.revokeTokens))
	handle("GET /api/v1/users/{id}/grants", "okta.users.read", o.listGrants)
	handle("DELETE /api/v1/users/{id}/grants", "okta.users.manage", credentials(o.revokeGrants))
	handle("DELETE /api/v1/users/{id}/grants/{grant}", "okta.users.manage", credentials(o.revokeGrants))

	handle("GET /api/v1/users/{id}/groups", "okta.users.read", o.listUserGroups)
	handle("GET /api/v1/groups/rules", "okta.groups.read", o.listRules)
	handle("DELETE /api/v1/groups/{group}/users/{id}", "okta.groups.manage", o.leaveGroup)
	handle("GET /api/v1/users/{id}/roles", "okta.roles.read", o.listRoles)
	handle("DELETE /api/v1/users/{id}/roles/{role}", "okta.roles.manage", o.removeRole)
	handle("GET /api/v1/iam/assignees/users", "okta.roles.read", o.listAdministrators)
	handle("GET /api/v1/apps", "okta.apps.read", o.listApps)
	handle("GET /api/v1/apps/{app}/groups", "okta.apps.read", o.listAppGroups)
	handle("GET /api/v1/apps/{app}/users/{id}", "okta.apps.read", o.getAppUser)
	handle("DELETE /api/v1/apps/{app}/users/{id}", "okta.apps.manage", o.unassign)

	mux.HandleFunc("POST /oauth2/v1/token", o.issueBearer)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if o.authorized(w, r, "") {
			notFound(w)
		}
	})
	return mux
}

// authorized checks the credential, and whether it carries the permission.
func (o *Org) authorized(w http.ResponseWriter, r *http.Request, permission string) bool {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	bearer, known := o.bearers[secret]
	switch {
	case scheme == "SSWS" && o.options.Token != "" && secret == o.options.Token:
	case scheme == "Bearer" && known && o.now().Before(bearer.expires):
		if permission != "" && !slices.Contains(bearer.scopes, permission) {
			w.Header().Set("WWW-Authenticate", `Bearer authorization_uri="`+base(r)+`/oauth2/v1/authorize", realm="`+base(r)+
				`", scope="`+permission+`", error="insufficient_scope", error_description="The access token provided does not contain the required scopes."`)
			refuse(w, http.StatusForbidden, "E0000006")
			return false
		}
	default:
		refuse(w, http.StatusUnauthorized, "E0000011")
		return false
	}
	if o.denied[permission] {
		refuse(w, http.StatusForbidden, "E0000006")
		return false
	}
	return true
}

// asked returns the user that the path names by id, or answers 404.
func (o *Org) asked(w http.ResponseWriter, r *http.Request) *user {
	u := o.user(r.PathValue("id"))
	if u == nil {
		notFound(w)
	}
	return u
}
