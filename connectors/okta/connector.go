// Package okta connects to an Okta org through Okta's own SDK. It locks by
// suspension or deactivation, ends sessions and recalls refresh tokens, and takes
// away groups, administrator roles, application assignments and OAuth consents.
//
// Nothing but ids that look like Okta's ever becomes part of a path: the SDK does
// not escape them, so that a login with a question mark would address another
// resource. Other keys travel in queries.
package okta

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/cache"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/transport"
)

// Connector reaches one org. It is safe for concurrent use.
type Connector struct {
	system  string
	config  Config
	client  *okta.Client
	service *service // nil with an API token

	mu  sync.Mutex
	own []string // the account of the API token, once it has been read
}

// New makes a connector from a configuration. It reads the secret once, to find a
// missing one now, and does no other I/O. The error has the code Invalid.
func New(system string, c Config) (*Connector, error) {
	return open(system, c, transport.Options{})
}

func open(system string, c Config, o transport.Options) (*Connector, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	o.System, o.Bucket, o.ProviderCode = system, bucket, providerCode
	below := transport.New(o)
	connector := &Connector{system: system, config: c}
	var secret credential = apiToken{c.Token}
	if c.OAuth != nil {
		oauth := *c.OAuth
		if len(oauth.Scopes) == 0 {
			oauth.Scopes = everyPermission()
		}
		connector.service = newService(oauth, c.URL, below.Client())
		secret = connector.service
		if _, err := connector.service.key(); err != nil {
			return nil, err
		}
	} else if _, err := c.Token.Value(); err != nil {
		return nil, err
	}
	client, err := newClient(c.URL, &wire{next: below, credential: secret})
	if err != nil {
		return nil, err
	}
	connector.client = client
	return connector, nil
}

// callTimeout bounds one SDK call, in seconds, waits for rate limits included.
const callTimeout = 60

// newClient makes the SDK's client. Every setting is given, since the SDK takes
// what is not given from OKTA_CLIENT_* variables and from files in the home folder.
func newClient(org string, below *wire) (*okta.Client, error) {
	_, client, err := okta.NewClient(context.Background(),
		okta.WithOrgUrl(org),
		okta.WithHttpClientPtr(&http.Client{Transport: below}),
		okta.WithAuthorizationMode("SSWS"),
		okta.WithToken("set-on-the-wire"), // never sent: wire replaces the header
		okta.WithClientId(""), okta.WithClientAssertion(""), okta.WithScopes(nil),
		okta.WithPrivateKey(""), okta.WithPrivateKeyId(""), okta.WithPrivateKeySigner(nil),
		okta.WithCache(false), okta.WithCacheManager(nil), okta.WithCacheTtl(0), okta.WithCacheTti(0),
		okta.WithProxyHost(""), okta.WithProxyPort(0), okta.WithProxyUsername(""), okta.WithProxyPassword(""),
		okta.WithConnectionTimeout(callTimeout), okta.WithRequestTimeout(callTimeout),
		okta.WithRateLimitMaxRetries(0), okta.WithRateLimitMaxBackOff(0),
		okta.WithUserAgentExtra(""),
		okta.WithTestingDisableHttpsCheck(true), // validate has checked the address
	)
	if err != nil {
		return nil, &access.Error{Code: access.Invalid, Op: "make okta client", Hint: "url is refused: use the org's own address, not the -admin one", Cause: err}
	}
	settings := client.GetConfig()
	if _, off := settings.CacheManager.(cache.NoOpCache); !off || settings.Okta.Client.Cache.Enabled {
		return nil, &access.Error{Code: access.Invalid, Op: "make okta client", Hint: "the response cache is on: reads after a change would show the state before it"}
	}
	return client, nil
}

// Info says what is known of the org. It does no I/O.
func (c *Connector) Info() connectors.Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	info := connectors.Info{
		Kind:             "okta",
		IdentityProvider: true,
		Keys:             []access.Correlator{access.ByUserName, access.ByEmail},
		Rights:           []access.RightKind{access.Grant, access.Credential},
		Settle:           c.config.Settle,
		Outlives:         c.config.AccessTokenLifetime,
		OutlivesWhat:     "access tokens issued before the lock, at applications that check them without asking Okta",
		Permissions:      permissions(),
		OwnAccounts:      c.own,
	}
	switch c.config.Lock {
	case Suspend:
		info.Restores = []string{"status"}
		info.Revives = []string{"group memberships", "administrator roles", "application assignments", "OAuth grants", "API tokens"}
	case Deactivate:
		info.Consumes = []string{"administrator roles", "application assignments", "profiles in applications", "refresh tokens"}
	}
	return info
}

func permissions() map[connectors.Capability][]string {
	return map[connectors.Capability][]string{
		connectors.CanFind:        {"okta.users.read"},
		connectors.CanList:        {"okta.users.read"},
		connectors.CanLock:        {"okta.users.manage"},
		connectors.CanEndSessions: {"okta.users.manage"},
		connectors.CanRevoke: {"okta.users.manage", "okta.groups.read", "okta.groups.manage", "okta.roles.read", "okta.roles.manage",
			"okta.apps.read", "okta.apps.manage"},
	}
}

func everyPermission() []string {
	return []string{"okta.users.read", "okta.users.manage", "okta.groups.read", "okta.groups.manage", "okta.roles.read", "okta.roles.manage",
		"okta.apps.read", "okta.apps.manage"}
}

var (
	userID = regexp.MustCompile(`^[0-9A-Za-z]{17,32}$`)
	safeID = regexp.MustCompile(`^[0-9A-Za-z_-][0-9A-Za-z._-]{5,99}$`) // groups, roles, apps, clients, tokens, grants
)

// check refuses ids that may not become part of a path.
func (c *Connector) check(op string, user string, others ...string) error {
	if !userID.MatchString(user) {
		return c.notID(op)
	}
	return c.checkIDs(op, others...)
}

func (c *Connector) checkIDs(op string, ids ...string) error {
	for _, id := range ids {
		if !safeID.MatchString(id) || strings.Contains(id, "..") {
			return c.notID(op)
		}
	}
	return nil
}

func (c *Connector) notID(op string) error {
	return &access.Error{Code: access.Invalid, System: c.system, Op: op, Hint: "that is not an Okta id"}
}

// fail says what was tried when it went wrong. It returns nil for nil.
func (c *Connector) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	e := *access.AsError(err, op)
	e.Op, e.System = op, c.system
	return &e
}

// user reads a user by id. One that is not there is NotFound.
func (c *Connector) user(ctx context.Context, op, id string) (*okta.User, error) {
	if err := c.check(op, id); err != nil {
		return nil, err
	}
	user, _, err := c.client.User.GetUser(ctx, id)
	switch {
	case err != nil:
		return nil, c.fail(op, err)
	case user == nil || user.Id != id:
		return nil, &access.Error{Code: access.Unavailable, System: c.system, Op: op, Hint: "the answer is not about the account that was asked for"}
	}
	return user, nil
}
