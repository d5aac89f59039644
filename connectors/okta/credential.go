package okta

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// credential yields the value of the Authorization header. The SDK's own
// credentials are not used: they keep a rotated secret for ever, ask for a token
// without the caller's deadline and once per caller, put the assertion into the
// query, refuse PKCS #8, and crash on a token answer that is empty.
type credential interface {
	// authorization returns the value, and whether it was kept from an earlier
	// request, so that asking anew could help when it is refused.
	authorization(ctx context.Context) (value string, kept bool, err error)
	// forget drops a value that was refused.
	forget(value string)
}

// apiToken is Okta's own scheme.
type apiToken struct{ secret connectors.Secret }

func (t apiToken) authorization(context.Context) (string, bool, error) {
	value, err := t.secret.Value()
	return "SSWS " + value, false, err
}

func (apiToken) forget(string) {}

// service is an application that proves itself with a signed assertion (RFC 7523).
type service struct {
	config OAuth
	org    string // the org's address
	client *http.Client

	turn    chan struct{} // holds one token for whoever may touch what follows
	value   string
	granted []string
	expires time.Time
}

func newService(config OAuth, org string, client *http.Client) *service {
	s := &service{config: config, org: org, client: client, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// margin is how long before its end a token is no longer used.
const margin = 30 * time.Second

func (s *service) authorization(ctx context.Context) (string, bool, error) {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return "", false, &access.Error{Code: access.Unavailable, Op: "get access token", Cause: ctx.Err()}
	}
	defer func() { s.turn <- struct{}{} }()
	if s.value != "" && time.Now().Before(s.expires.Add(-margin)) {
		return s.value, true, nil
	}
	if err := s.renew(ctx); err != nil {
		return "", false, err
	}
	return s.value, false, nil
}

func (s *service) forget(value string) {
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	if s.value == value {
		s.value = ""
	}
}

// scopes returns what the current token may do.
func (s *service) scopes(ctx context.Context) ([]string, error) {
	if _, _, err := s.authorization(ctx); err != nil {
		return nil, err
	}
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	return slices.Clone(s.granted), nil
}

func (s *service) renew(ctx context.Context) error {
	assertion, err := s.assertion()
	if err != nil {
		return err
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"scope":                 {strings.Join(s.config.Scopes, " ")},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.org+"/oauth2/v1/token", strings.NewReader(form.Encode()))
	if err != nil {
		return &access.Error{Code: access.Invalid, Op: "get access token", Cause: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return refusedToken(err)
	}
	defer resp.Body.Close()
	var token struct {
		Value     string `json:"access_token"`
		ExpiresIn int    `json:"expires_in"`
		Scope     string `json:"scope"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&token); err != nil || token.Value == "" {
		return &access.Error{Code: access.Unavailable, Op: "get access token", Status: resp.StatusCode, Hint: "the token endpoint answered without a token"}
	}
	s.value, s.granted = "Bearer "+token.Value, strings.Fields(token.Scope)
	s.expires = time.Now().Add(time.Duration(token.ExpiresIn) * time.Second)
	return nil
}

// refusedToken says what a refusal of the token endpoint means. Asking for a token
// changes nothing, so that no answer is no harm.
func refusedToken(err error) error {
	e := *access.AsError(err, "")
	e.Op = "get access token"
	switch e.ProviderCode {
	case "invalid_scope":
		e.Code, e.Hint = access.Denied, "the application is not granted every scope that is asked for"
	case "invalid_dpop_proof":
		e.Hint = "the application demands DPoP, which is not supported: switch it off in the application's settings"
	case "invalid_client":
		e.Code, e.Hint = access.Unauthenticated, "client_id, key_id and private_key must be those of a service application"
	}
	if e.Code == access.Unknown {
		e.Code = access.Unavailable
	}
	return &e
}

// assertion signs who we are, for one use within five minutes.
func (s *service) assertion() (string, error) {
	key, err := s.key()
	if err != nil {
		return "", err
	}
	now := time.Now()
	claims := jwt.RegisteredClaims{Issuer: s.config.ClientID, Subject: s.config.ClientID, ID: rand.Text(),
		Audience: jwt.ClaimStrings{s.org + "/oauth2/v1/token"}, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(5 * time.Minute))}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	if s.config.KeyID != "" {
		token.Header["kid"] = s.config.KeyID
	}
	signed, err := token.SignedString(key)
	if err != nil {
		return "", &access.Error{Code: access.Invalid, Op: "sign assertion", Cause: err}
	}
	return signed, nil
}

func (s *service) key() (*rsa.PrivateKey, error) {
	text, err := s.config.PrivateKey.Value()
	if err != nil {
		return nil, err
	}
	// Variables often hold the line breaks of a PEM text as \n.
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(strings.ReplaceAll(text, `\n`, "\n")))
	if err != nil {
		return nil, &access.Error{Code: access.Invalid, Op: "read private key", Hint: s.config.PrivateKey.String() + " is not an RSA key in PEM form (PKCS #1 or PKCS #8)",
			Cause: errors.New("unreadable key")}
	}
	return key, nil
}
