package entra

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// bearer is a token with which the application calls Graph.
type bearer struct {
	until   time.Time
	revoked bool
}

const bearerLifetime = time.Hour

// configuration serves the OpenID configuration. The issuer is Microsoft's own, as
// the sign-in libraries want it.
func (t *Tenant) configuration(w http.ResponseWriter, r *http.Request) {
	tenant := r.PathValue("tenant")
	if tenant != t.options.TenantID {
		t.refuseSignIn(w, http.StatusBadRequest, "invalid_tenant", "AADSTS90002: Tenant not found.")
		return
	}
	base := root(r) + "/" + tenant
	signInAnswer(w, http.StatusOK, object{
		"issuer":                 "https://login.microsoftonline.com/" + tenant + "/v2.0",
		"authorization_endpoint": base + "/oauth2/v2.0/authorize",
		"token_endpoint":         base + "/oauth2/v2.0/token",
	})
}

// issue serves the client credentials grant (RFC 6749, 4.4), with a secret or a
// signed assertion (RFC 7523, 2.2).
func (t *Tenant) issue(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := r.ParseForm(); err != nil || r.PathValue("tenant") != t.options.TenantID {
		t.refuseSignIn(w, http.StatusBadRequest, "invalid_request", "AADSTS90002: Tenant not found.")
		return
	}
	form := r.PostForm
	switch {
	case form.Get("grant_type") != "client_credentials":
		t.refuseSignIn(w, http.StatusBadRequest, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
	case form.Get("client_id") != t.options.ClientID:
		t.refuseSignIn(w, http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
	case form.Get("client_secret") != t.options.ClientSecret && !t.signed(form.Get("client_assertion")):
		t.refuseSignIn(w, http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
	case !strings.Contains(form.Get("scope"), "/.default"):
		t.refuseSignIn(w, http.StatusBadRequest, "invalid_scope", "AADSTS1002012: The scope is not valid.")
	default:
		token := t.newBearer()
		t.bearers[token] = &bearer{until: t.now().Add(bearerLifetime)}
		signInAnswer(w, http.StatusOK, object{"token_type": "Bearer", "access_token": token,
			"expires_in": int(bearerLifetime.Seconds()), "ext_expires_in": int(bearerLifetime.Seconds())})
	}
}

// newBearer makes a token for Graph, in the form of a JWT that lists the
// permissions of the application, as Entra ID's are. Nobody can check its signature.
func (t *Tenant) newBearer() string {
	granted := slices.DeleteFunc(permissions(), func(p string) bool { return t.denied[p] })
	claims, _ := json.Marshal(object{"aud": "https://graph.microsoft.com", "tid": t.options.TenantID, "appid": t.options.ClientID,
		"roles": granted, "wids": []string{"0997a1d0-0d1d-4acb-b408-d5ca73121e90"}})
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part(claims) + "." + part([]byte(t.newToken("graph-access")))
}

// permissions are all that the application has unless they are denied.
func permissions() []string {
	return []string{"User.Read.All", "User.EnableDisableAccount.All", "User.RevokeSessions.All", "User.DeleteRestore.All",
		"AuditLog.Read.All", "Directory.Read.All", "GroupMember.Read.All", "GroupMember.ReadWrite.All",
		"RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory", "AppRoleAssignment.ReadWrite.All",
		"LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All"}
}

// Challenge revokes the tokens with which the application calls Graph. Those who
// use one are challenged for a new one, as continuous access evaluation does.
func (t *Tenant) Challenge() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.bearers {
		b.revoked = true
	}
}

// authenticated tells whether the request carries a token that is good, and
// answers 401 otherwise.
func (t *Tenant) authenticated(c *call) bool {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	b := t.bearers[token]
	switch {
	case ok && b != nil && b.revoked:
		claims, _ := json.Marshal(object{"access_token": object{"nbf": object{"essential": true, "value": c.now().Unix()}}})
		c.w.Header().Set("WWW-Authenticate", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", `+
			`error="insufficient_claims", claims="`+base64.StdEncoding.EncodeToString(claims)+`"`)
		c.refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "Continuous access evaluation resulted in a challenge.")
		return false
	case !ok, b == nil, !c.now().Before(b.until):
		c.refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty, expired or not valid.")
		return false
	}
	return true
}

func (t *Tenant) refuseSignIn(w http.ResponseWriter, status int, code, description string) {
	signInAnswer(w, status, object{"error": code, "error_description": description})
}

func signInAnswer(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
