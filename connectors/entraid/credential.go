package entraid

import (
	"cmp"
	"context"
	"net/http"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/killsignal/killsignal/access"
)

// credential yields tokens for Graph, through azidentity, which keeps them until
// they expire. The secret is read at every use, so that a rotated one needs no
// restart; a new value drops the tokens that the old one obtained.
type credential struct {
	system  string
	config  Config
	options policy.ClientOptions

	mu     sync.Mutex
	secret string
	inner  azcore.TokenCredential
}

func newCredential(system string, c Config, e endpoints, wire http.RoundTripper) *credential {
	// azidentity refuses an authority without https. A simulated tenant on loopback
	// has none, so its address is written with https here, and the same host, and
	// only that, is spoken to in the clear below.
	authority := *e.authority
	authority.Scheme = "https"
	sender := &signIn{next: &guard{next: wire, system: system, refuse: e.refuseSignIn}}
	if e.authority.Scheme == "http" {
		sender.plain = e.authority.Host
	}
	return &credential{system: system, config: c, options: policy.ClientOptions{
		Cloud:     azcloud.Configuration{ActiveDirectoryAuthorityHost: authority.String() + "/"},
		Transport: &http.Client{Transport: sender},
		Retry:     policy.RetryOptions{MaxRetries: -1}, // the transport's business
		Telemetry: policy.TelemetryOptions{Disabled: true},
	}}
}

// GetToken returns a token for Graph. An authority that refuses us is
// Unauthenticated, whatever its status; one that does not answer is Unavailable,
// since nothing has been asked of Graph yet.
func (c *credential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	inner, err := c.current()
	if err != nil {
		return azcore.AccessToken{}, named(c.system, err)
	}
	seen := &refusal{}
	token, err := inner.GetToken(context.WithValue(ctx, refusalKey{}, seen), options)
	if err == nil {
		return token, nil
	}
	failure := &access.Error{Code: access.Unauthenticated, Cause: ctx.Err()}
	switch {
	case seen.err != nil:
		*failure = *access.AsError(seen.err, "")
	case ctx.Err() != nil:
		failure.Code = access.Unavailable
	}
	switch failure.Code {
	case access.Unknown:
		failure.Code = access.Unavailable
	case access.RateLimited, access.Unavailable:
	default:
		failure.Code = access.Unauthenticated
		failure.Hint = cmp.Or(failure.Hint, "the application cannot sign in: check tenant_id, client_id and its secret or certificate")
	}
	failure.System, failure.Op = c.system, "sign in"
	return azcore.AccessToken{}, failure
}

// current returns the azidentity credential of the secret's present value.
func (c *credential) current() (azcore.TokenCredential, error) {
	reference := c.config.ClientSecret
	if reference.IsZero() {
		reference = c.config.Certificate
	}
	secret, err := reference.Value()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner != nil && secret == c.secret {
		return c.inner, nil
	}
	inner, err := c.build(secret)
	if err != nil {
		return nil, err
	}
	c.inner, c.secret = inner, secret
	return inner, nil
}

func (c *credential) build(secret string) (azcore.TokenCredential, error) {
	// Instance discovery asks another host whether the authority is genuine. Ours
	// come from a fixed table, or are on loopback.
	if !c.config.ClientSecret.IsZero() {
		inner, err := azidentity.NewClientSecretCredential(c.config.TenantID, c.config.ClientID, secret,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: c.options, DisableInstanceDiscovery: true})
		if err != nil {
			return nil, &access.Error{Code: access.Invalid, Op: "prepare sign-in", Cause: err}
		}
		return inner, nil
	}
	certificates, key, err := azidentity.ParseCertificates([]byte(secret), nil)
	if err != nil {
		return nil, &access.Error{Code: access.Invalid, Op: "read certificate",
			Hint: "certificate must be a PEM with a certificate and its unencrypted private key", Cause: err}
	}
	inner, err := azidentity.NewClientCertificateCredential(c.config.TenantID, c.config.ClientID, certificates, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: c.options, DisableInstanceDiscovery: true})
	if err != nil {
		return nil, &access.Error{Code: access.Invalid, Op: "prepare sign-in", Cause: err}
	}
	return inner, nil
}

// refusal keeps the error that came from the wire. azidentity turns every error
// into text, and the code would be lost.
type (
	refusal    struct{ err error }
	refusalKey struct{}
)

// signIn sends requests to the authority.
type signIn struct {
	next  http.RoundTripper
	plain string // the loopback host that speaks http, if any
}

func (s *signIn) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.plain != "" && r.URL.Host == s.plain {
		r = r.Clone(r.Context())
		r.URL.Scheme = "http"
	}
	resp, err := s.next.RoundTrip(r)
	if seen, ok := r.Context().Value(refusalKey{}).(*refusal); ok && err != nil {
		seen.err = err
	}
	return resp, err
}
