package entraid

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Config says how to reach one tenant.
type Config struct {
	TenantID string `yaml:"tenant_id"`
	ClientID string `yaml:"client_id"`
	// ClientSecret or Certificate proves that we are the client. The certificate
	// is a PEM with its private key.
	ClientSecret connectors.Secret `yaml:"client_secret"`
	Certificate  connectors.Secret `yaml:"certificate"`
	// Cloud is global (the default; GCC too), usgov, usgov_dod or china.
	Cloud string `yaml:"cloud"`
	// GraphURL and AuthorityURL replace the cloud's addresses, for a simulated
	// tenant. Both must be on loopback.
	GraphURL     string `yaml:"graph_url"`
	AuthorityURL string `yaml:"authority_url"`
	// Settle is how long a change takes until every reader sees it; the default is
	// one minute.
	Settle time.Duration `yaml:"settle"`
	// AccessTokenLifetime bounds how long issued access tokens live on; the default
	// is 90 minutes, the longest that Entra ID issues without a policy.
	AccessTokenLifetime time.Duration `yaml:"access_token_lifetime"`
}

// cloud is where one of Microsoft's clouds lives. Address, scope and authority
// belong together: a token of one cloud is worthless in another.
// https://learn.microsoft.com/graph/deployments
type cloud struct {
	name      string
	graph     string
	authority string
	// signIn lists the hosts that may be asked for a token: the authority's, and
	// those that it sends clients to.
	signIn []string
}

func clouds() []cloud {
	return []cloud{
		{"global", "https://graph.microsoft.com", "https://login.microsoftonline.com",
			[]string{"login.microsoftonline.com", "login.microsoft.com", "login.windows.net"}},
		{"usgov", "https://graph.microsoft.us", "https://login.microsoftonline.us", []string{"login.microsoftonline.us"}},
		{"usgov_dod", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us", []string{"login.microsoftonline.us"}},
		{"china", "https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn",
			[]string{"login.chinacloudapi.cn", "login.partner.microsoftonline.cn"}},
	}
}

// endpoints are the addresses of one tenant.
type endpoints struct {
	graph     *url.URL // without /v1.0
	authority *url.URL
	scope     string
	signIn    []string // hosts, with their ports
}

func (c Config) endpoints() (endpoints, error) {
	name := c.Cloud
	if name == "" {
		name = "global"
	}
	all := clouds()
	i := slices.IndexFunc(all, func(known cloud) bool { return known.name == name })
	if i < 0 {
		return endpoints{}, invalid("cloud must be global, usgov, usgov_dod or china")
	}
	known := all[i]
	e := endpoints{scope: known.graph + "/.default", signIn: known.signIn}
	var err error
	if e.graph, err = address(known.graph, c.GraphURL); err != nil {
		return e, err
	}
	if e.authority, err = address(known.authority, c.AuthorityURL); err != nil {
		return e, err
	}
	if c.AuthorityURL != "" {
		e.signIn = []string{e.authority.Host}
	}
	return e, nil
}

// address returns the cloud's address, or the loopback address that replaces it.
func address(official, replacement string) (*url.URL, error) {
	if replacement == "" {
		return url.Parse(official)
	}
	u, err := url.Parse(strings.TrimSuffix(replacement, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !loopback(u.Hostname()) || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return nil, invalid("graph_url and authority_url are for a simulated tenant: http://127.0.0.1:PORT and nothing else")
	}
	return u, nil
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// check refuses what is missing or contradictory.
func (c Config) check() error {
	switch {
	case !isGUID(c.TenantID) || !isGUID(c.ClientID):
		return invalid("tenant_id and client_id are GUIDs")
	case c.ClientSecret.IsZero() == c.Certificate.IsZero():
		return invalid("give either client_secret or certificate")
	case c.Settle < 0 || c.AccessTokenLifetime < 0:
		return invalid("settle and access_token_lifetime cannot be negative")
	}
	return nil
}

func invalid(hint string) error {
	return &access.Error{Code: access.Invalid, Op: "read configuration", Hint: hint}
}
