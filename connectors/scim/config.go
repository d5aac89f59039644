package scim

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Config is the connection to one SCIM application.
type Config struct {
	// URL is the application's SCIM base URL: what stands before /Users.
	URL   string            `yaml:"url"`
	Token connectors.Secret `yaml:"token"`
	// AuthHeader is the header that carries the token, and what stands before the
	// token in it. The default is "Authorization: Bearer"; a name alone, such as
	// "X-API-Key", carries the bare token.
	AuthHeader string `yaml:"auth_header"`
	// Headers are sent with every request. They hold no secret.
	Headers map[string]string `yaml:"headers"`
	// Correlators are the attributes by which a subject is looked up; the default
	// is all of them.
	Correlators []Attribute `yaml:"correlators"`
	// Lock is what a lock does; the default is Deactivate.
	Lock Means `yaml:"lock"`
	// Membership tells whether memberships of groups can be proved; the default
	// is Auto.
	Membership Membership `yaml:"membership"`
	// Settle is how long the application takes until a change is seen by every
	// reader.
	Settle time.Duration `yaml:"settle"`
	// SessionsOutlive is how long sessions go on, at the longest, after the lock.
	// Zero means that nobody has said, and 24 hours are assumed, since the
	// standard does not have active=false end sessions.
	SessionsOutlive time.Duration `yaml:"sessions_outlive"`
	// LockEndsSessions states that in this application active=false, or a
	// deletion, ends every session at once.
	LockEndsSessions bool `yaml:"lock_ends_sessions"`
	// InsecureHTTP allows http to a loopback address.
	InsecureHTTP bool `yaml:"insecure_http"`
}

// Attribute is an attribute of a user by which a subject is looked up.
type Attribute string

// The attributes. UserName is asked for the subject's user names and e-mail
// addresses, EmailsValue for its addresses, ExternalID for its employee number.
const (
	UserName    Attribute = "userName"
	EmailsValue Attribute = "emails.value"
	ExternalID  Attribute = "externalId"
)

// Means is what a lock does.
type Means string

// The means of locking.
const (
	Deactivate Means = "deactivate" // active=false
	Delete     Means = "delete"     // DELETE; for good
)

// Membership tells whether memberships of groups can be proved.
type Membership string

// The kinds of membership.
const (
	Auto       Membership = "auto"       // found out by reading
	Unprovable Membership = "unprovable" // the application is known not to show them
)

// assumedOutlive is the residual for an application of which nobody has said how
// long its sessions live.
const assumedOutlive = 24 * time.Hour

// complete checks the configuration and fills in the defaults. The error has the
// code Invalid and repeats no value.
func (c Config) complete() (Config, error) {
	invalid := func(hint string) (Config, error) {
		return Config{}, &access.Error{Code: access.Invalid, Op: "configure scim", Hint: hint}
	}
	c.URL = strings.TrimRight(c.URL, "/")
	base, err := url.Parse(c.URL)
	switch {
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return invalid("url is the application's SCIM base URL, such as https://app.example.com/scim/v2")
	case base.Scheme == "https":
	case base.Scheme == "http" && c.InsecureHTTP && loopback(base.Hostname()):
	default:
		return invalid("url must be https; insecure_http allows http to a loopback address only")
	}
	if c.Token.IsZero() {
		return invalid("token is missing: write env:NAME or file:/path")
	}
	c.AuthHeader = cmp.Or(c.AuthHeader, "Authorization: Bearer")
	if name, scheme := c.authHeader(); !sendable(name, scheme) {
		return invalid("auth_header is the name of a header, or a name, a colon and a scheme")
	}
	for name, value := range c.Headers {
		if !sendable(name, value) {
			return invalid("headers holds a name or a value that cannot be sent")
		}
	}
	if len(c.Correlators) == 0 {
		c.Correlators = []Attribute{UserName, EmailsValue, ExternalID}
	}
	for _, a := range c.Correlators {
		if !slices.Contains([]Attribute{UserName, EmailsValue, ExternalID}, a) {
			return invalid("correlators are userName, emails.value and externalId")
		}
	}
	if c.Lock = cmp.Or(c.Lock, Deactivate); c.Lock != Deactivate && c.Lock != Delete {
		return invalid("lock is deactivate or delete")
	}
	if c.Membership = cmp.Or(c.Membership, Auto); c.Membership != Auto && c.Membership != Unprovable {
		return invalid("membership is auto or unprovable")
	}
	if c.Settle < 0 || c.SessionsOutlive < 0 {
		return invalid("settle and sessions_outlive are not negative")
	}
	if c.LockEndsSessions && c.SessionsOutlive > 0 {
		return invalid("sessions_outlive contradicts lock_ends_sessions")
	}
	return c, nil
}

// authHeader returns the header that carries the token, and what stands before
// the token.
func (c Config) authHeader() (name, scheme string) {
	name, scheme, _ = strings.Cut(c.AuthHeader, ":")
	return strings.TrimSpace(name), strings.TrimSpace(scheme)
}

// sendable tells whether a header can be sent.
func sendable(name, value string) bool {
	odd := func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	return name != "" && !strings.ContainsFunc(name, odd) && !strings.ContainsFunc(value, unicode.IsControl)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
