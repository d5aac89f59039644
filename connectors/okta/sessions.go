package okta

import (
	"context"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"github.com/killsignal/killsignal/access"
)

// EndSessions ends every browser session and revokes every refresh token. Sessions
// that applications keep by themselves, and access tokens that they check without
// asking Okta, are not reached.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserSessions/
func (c *Connector) EndSessions(ctx context.Context, ref access.AccountRef) error {
	const op = "end sessions"
	if err := c.check(op, ref.ID); err != nil {
		return err
	}
	if err := c.spare(ctx, op, ref.ID); err != nil {
		return err
	}
	_, err := c.client.User.ClearUserSessions(ctx, ref.ID, query.NewQueryParams(query.WithOauthTokens(true)))
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	return c.fail(op, err)
}

// Sessions counts refresh tokens. Okta lists no browser sessions of others, so the
// proof is never SessionsZero: it is ListingEmpty for a locked user without refresh
// tokens, who cannot open a new session, and Asserted otherwise.
func (c *Connector) Sessions(ctx context.Context, ref access.AccountRef) (access.SessionState, error) {
	const op = "read sessions"
	user, err := c.user(ctx, op, ref.ID)
	if access.CodeOf(err) == access.NotFound {
		return access.SessionState{Proof: access.ListingEmpty}, nil
	}
	if err != nil {
		return access.SessionState{}, err
	}
	tokens, err := c.refreshTokens(ctx, ref.ID)
	if err != nil {
		return access.SessionState{}, c.fail(op, err)
	}
	state := access.SessionState{Proof: access.Asserted, Open: len(tokens)}
	if len(tokens) == 0 && c.status(user) == access.Locked {
		state.Proof = access.ListingEmpty
	}
	return state, nil
}

// refreshTokens lists the refresh tokens that still work, over all clients.
func (c *Connector) refreshTokens(ctx context.Context, user string) ([]access.Right, error) {
	clients, err := walk(ctx, func() ([]*okta.OAuth2Client, *okta.Response, error) {
		return c.client.User.ListUserClients(ctx, user)
	})
	if err != nil {
		return nil, err
	}
	var rights []access.Right
	for _, client := range clients {
		if err := c.check("list refresh tokens", user, client.ClientId); err != nil {
			return nil, err
		}
		tokens, err := walk(ctx, func() ([]*okta.OAuth2RefreshToken, *okta.Response, error) {
			return c.client.User.ListRefreshTokensForUserAndClient(ctx, user, client.ClientId, query.NewQueryParams(query.WithLimit(200)))
		})
		if access.CodeOf(err) == access.NotFound {
			continue // the client is gone, and its tokens with it
		}
		if err != nil {
			return nil, err
		}
		for _, token := range tokens {
			if token.Status != "REVOKED" {
				rights = append(rights, access.Right{Kind: access.Credential, Type: refreshToken, ID: client.ClientId + "/" + token.Id, Name: client.ClientName})
			}
		}
	}
	return rights, nil
}

// oauthGrants lists the consents that the user has given to clients.
func (c *Connector) oauthGrants(ctx context.Context, user string) ([]access.Right, error) {
	grants, err := walk(ctx, func() ([]*okta.OAuth2ScopeConsentGrant, *okta.Response, error) {
		return c.client.User.ListUserGrants(ctx, user, query.NewQueryParams(query.WithLimit(200)))
	})
	if err != nil {
		return nil, err
	}
	var rights []access.Right
	for _, grant := range grants {
		if grant.Status != "REVOKED" {
			rights = append(rights, access.Right{Kind: access.Credential, Type: oauthGrant, ID: grant.Id, Name: grant.ScopeId})
		}
	}
	return rights, nil
}
