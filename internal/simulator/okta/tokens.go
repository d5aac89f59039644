package okta

import (
	"net/http"
	"slices"
)

// clearSessions ends browser sessions and, with oauthTokens, revokes refresh
// tokens. Access tokens that are checked without asking Okta live on.
func (o *Org) clearSessions(w http.ResponseWriter, r *http.Request) {
	u := o.asked(w, r)
	if u == nil {
		return
	}
	o.endSessions(u.ID)
	if r.URL.Query().Get("oauthTokens") == "true" {
		o.endTokens(u.ID, "", "")
	}
	w.WriteHeader(http.StatusNoContent)
}

func (o *Org) endSessions(userID string) {
	for _, s := range o.sessions {
		s.ended = s.ended || s.user == userID
	}
}

// endTokens revokes refresh tokens of a user: all, those of a client, or one.
func (o *Org) endTokens(userID, clientID, tokenID string) (any bool) {
	for _, t := range o.tokens {
		if t.user == userID && t.refresh && !t.revoked && (clientID == "" || t.client == clientID) && (tokenID == "" || t.id == tokenID) {
			t.revoked, any = true, true
		}
	}
	return any
}

// listClients lists the OAuth clients that hold a token or a grant of the user.
func (o *Org) listClients(w http.ResponseWriter, r *http.Request) {
	u := o.asked(w, r)
	if u == nil {
		return
	}
	var clients []string
	for _, t := range o.tokens {
		if t.user == u.ID && t.refresh && !t.revoked {
			clients = append(clients, t.client)
		}
	}
	for _, g := range o.grants {
		if g.user == u.ID {
			clients = append(clients, g.client)
		}
	}
	slices.Sort(clients)
	page(o, w, r, slices.Compact(clients), func(id string) string { return id }, 200, func(id string) object {
		return object{"client_id": id, "client_name": o.label(id),
			"_links": object{"tokens": link(base(r) + "/api/v1/users/" + u.ID + "/clients/" + id + "/tokens")}}
	})
}

// label names a client for people.
func (o *Org) label(clientID string) string {
	if a := o.app(clientID); a != nil {
		return a.label
	}
	return "client"
}

func (o *Org) listTokens(w http.ResponseWriter, r *http.Request) {
	u := o.asked(w, r)
	if u == nil {
		return
	}
	var found []*token
	for _, t := range o.tokens {
		if t.user == u.ID && t.client == r.PathValue("client") && t.refresh && !t.revoked {
			found = append(found, t)
		}
	}
	page(o, w, r, found, func(t *token) string { return t.id }, 20, func(t *token) object {
		return object{"id": t.id, "status": "ACTIVE", "created": t.created, "lastUpdated": t.created, "expiresAt": t.expires,
			"issuer": base(r), "clientId": t.client, "userId": t.user, "scopes": []string{"offline_access"}}
	})
}

func (o *Org) revokeTokens(w http.ResponseWriter, r *http.Request) {
	u := o.asked(w, r)
	if u == nil {
		return
	}
	if !o.endTokens(u.ID, r.PathValue("client"), r.PathValue("token")) && r.PathValue("token") != "" {
		notFound(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (o *Org) listGrants(w http.ResponseWriter, r *http.Request) {
	u := o.asked(w, r)
	if u == nil {
		return
	}
	var found []*grant
	for _, g := range o.grants {
		if g.user == u.ID {
			found = append(found, g)
		}
	}
	page(o, w, r, found, func(g *grant) string { return g.id }, 20, func(g *grant) object {
		return object{"id": g.id, "status": "ACTIVE", "created": g.created, "lastUpdated": g.created, "issuer": base(r),
			"clientId": g.client, "userId": g.user, "scopeId": g.scope, "source": "END_USER", "createdBy": object{"id": g.user, "type": "User"}}
	})
}

func (o *Org) revokeGrants(w http.ResponseWriter, r *http.Request) {
	u := o.asked(w, r)
	if u == nil {
		return
	}
	wanted, before := r.PathValue("grant"), len(o.grants)
	o.grants = slices.DeleteFunc(o.grants, func(g *grant) bool { return g.user == u.ID && (wanted == "" || g.id == wanted) })
	if wanted != "" && len(o.grants) == before {
		notFound(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
