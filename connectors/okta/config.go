package okta

import (
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Config is how to reach an org. Exactly one of Token and OAuth is set.
type Config struct {
	// URL is the org's address, such as https://acme.okta.com: no path, and not
	// the -admin host.
	URL string `yaml:"url"`
	// Token is an API token (SSWS). It has all permissions of the administrator
	// who made it, and dies with that account.
	Token connectors.Secret `yaml:"token"`
	// OAuth authenticates as a service application with a private key.
	OAuth *OAuth `yaml:"oauth"`
	// Lock says how to bar sign-in; empty means suspend.
	Lock LockBy `yaml:"lock"`
	// Settle is how long a change takes until every reader sees it. Reads by id
	// see it at once, so that zero is right unless applications behind Okta are
	// to be waited for.
	Settle time.Duration `yaml:"settle"`
	// AccessTokenLifetime is the longest lifetime of an access token that the
	// org's authorization servers issue; zero means 1 h. Okta allows 24 h.
	AccessTokenLifetime time.Duration `yaml:"access_token_lifetime"`
	// InsecureHTTP allows an http:// URL, on a loopback host only.
	InsecureHTTP bool `yaml:"insecure_http"`
}

// OAuth names a service application and its key.
type OAuth struct {
	ClientID   string            `yaml:"client_id"`
	PrivateKey connectors.Secret `yaml:"private_key"` // RSA, PEM, PKCS #1 or PKCS #8
	KeyID      string            `yaml:"key_id"`
	// Scopes are what to ask for; empty means what every capability needs.
	Scopes []string `yaml:"scopes"`
}

// LockBy says how sign-in is barred.
type LockBy string

// The ways to bar sign-in.
const (
	// Suspend keeps everything and is undone exactly. Okta tells applications
	// nothing of it.
	Suspend LockBy = "suspend"
	// Deactivate deprovisions the user's applications and unassigns them, for good.
	Deactivate LockBy = "deactivate"
)

// validate checks the configuration and fills in the defaults. The error has the
// code Invalid.
func (c *Config) validate() error {
	invalid := func(hint string) error {
		return &access.Error{Code: access.Invalid, Op: "read okta configuration", Hint: hint}
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return invalid("url is the address of the org alone, such as https://example.okta.com")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !c.InsecureHTTP || !loopback(u.Hostname())) {
		return invalid("url must be https; insecure_http allows http on a loopback host only")
	}
	c.URL = u.Scheme + "://" + u.Host
	if c.Token.IsZero() == (c.OAuth == nil) {
		return invalid("give either token or oauth")
	}
	if c.OAuth != nil && (c.OAuth.ClientID == "" || c.OAuth.PrivateKey.IsZero()) {
		return invalid("oauth needs client_id and private_key")
	}
	if c.Lock == "" {
		c.Lock = Suspend
	}
	if c.Lock != Suspend && c.Lock != Deactivate {
		return invalid("lock is suspend or deactivate")
	}
	if c.AccessTokenLifetime == 0 {
		c.AccessTokenLifetime = time.Hour
	}
	if c.Settle < 0 || c.AccessTokenLifetime < 0 {
		return invalid("settle and access_token_lifetime cannot be negative")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
