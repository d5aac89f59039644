package okta

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// issueBearer is the token endpoint, for services: client credentials, proved by
// an assertion that the client signs (RFC 7523). Parameters are read from the form
// and, as Okta does, from the query.
func (o *Org) issueBearer(w http.ResponseWriter, r *http.Request) {
	deny := func(status int, code, description string) {
		answer(w, status, object{"error": code, "error_description": description})
	}
	if r.FormValue("grant_type") != "client_credentials" || r.FormValue("client_assertion_type") != assertionType {
		deny(http.StatusBadRequest, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server.")
		return
	}
	var claims jwt.RegisteredClaims
	var client *service
	_, err := jwt.ParseWithClaims(r.FormValue("client_assertion"), &claims, func(t *jwt.Token) (any, error) {
		client = o.services[claims.Subject]
		if client == nil || t.Header["kid"] != client.keyID {
			return nil, jwt.ErrTokenUnverifiable
		}
		return client.key, nil
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience(base(r)+"/oauth2/v1/token"),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(o.now))
	if err != nil || claims.Issuer != claims.Subject {
		deny(http.StatusUnauthorized, "invalid_client", "The client_assertion is not valid.")
		return
	}
	scopes := strings.Fields(r.FormValue("scope"))
	for _, scope := range scopes {
		if !slices.Contains(client.scopes, scope) {
			deny(http.StatusBadRequest, "invalid_scope", "One or more scopes are not configured for the client.")
			return
		}
	}
	const lifetime = time.Hour
	value := o.id("bearer") + o.id("") + o.id("")
	o.bearers[value] = bearer{scopes: scopes, expires: o.now().Add(lifetime)}
	answer(w, http.StatusOK, object{"token_type": "Bearer", "expires_in": int(lifetime.Seconds()), "access_token": value, "scope": strings.Join(scopes, " ")})
}

// ExpireBearers makes every access token of every service void.
func (o *Org) ExpireBearers() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.bearers)
}
