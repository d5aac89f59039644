// Package entraid is the connector for Microsoft Entra ID, on Microsoft's own SDK
// for Graph v1.0. No other package imports Microsoft's models: one compile of them
// takes 4.7 GB.
//
// Of the SDK only the request builders and models are used, on our own transport;
// its middleware (retries, redirects, compression) is left out, since it corrupts
// the body of a request that it sends again. Builders are made afresh for each
// call, because one that is shared dies of concurrent map writes. A change is a new
// model that holds only what changes, since a model that was fetched does not.
package entraid

import (
	"net/http"
	"strings"
	"time"

	kiota "github.com/microsoft/kiota-abstractions-go"
	kiotahttp "github.com/microsoft/kiota-http-go"
	kiotajson "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go-core/authentication"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/rolemanagement"
	"github.com/microsoftgraph/msgraph-sdk-go/subscribedskus"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/transport"
)

// Connector reaches one tenant. It is safe for concurrent use.
type Connector struct {
	system    string
	config    Config
	endpoints endpoints
	proof     *credential
	adapter   *kiotahttp.NetHttpRequestAdapter
}

var (
	_ connectors.Connector    = (*Connector)(nil)
	_ connectors.Locker       = (*Connector)(nil)
	_ connectors.SessionEnder = (*Connector)(nil)
	_ connectors.RightRevoker = (*Connector)(nil)
	_ connectors.PoolCounter  = (*Connector)(nil)
	_ connectors.Lister       = (*Connector)(nil)
)

// New makes the connector of the named system. It does no I/O but reading the
// secret, so that a missing one is told at once. The error has the code Invalid.
func New(system string, c Config) (*Connector, error) {
	if c.Settle == 0 {
		c.Settle = time.Minute
	}
	if c.AccessTokenLifetime == 0 {
		c.AccessTokenLifetime = 90 * time.Minute
	}
	if err := c.check(); err != nil {
		return nil, named(system, err)
	}
	addresses, err := c.endpoints()
	if err != nil {
		return nil, named(system, err)
	}
	wire := transport.New(transport.Options{
		System:       system,
		ProviderCode: providerCode,
		Pass:         answerable,
		Bucket:       bucket,
	})
	proof := newCredential(system, c, addresses, wire)
	if _, err := proof.current(); err != nil {
		return nil, named(system, err)
	}
	provider, err := authentication.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(
		proof, []string{addresses.scope}, []string{addresses.graph.Hostname()})
	if err != nil {
		return nil, named(system, &access.Error{Code: access.Invalid, Op: "prepare sign-in", Cause: err})
	}
	client := &http.Client{Transport: &guard{next: wire, system: system, refuse: addresses.refuseGraph}}
	adapter, err := kiotahttp.NewNetHttpRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		provider, kiotajson.NewJsonParseNodeFactory(), kiotajson.NewJsonSerializationWriterFactory(), client)
	if err != nil {
		return nil, named(system, &access.Error{Code: access.Invalid, Op: "prepare client", Cause: err})
	}
	adapter.SetBaseUrl(addresses.graph.String() + version)
	return &Connector{system: system, config: c, endpoints: addresses, proof: proof, adapter: adapter}, nil
}

// version is the path of the version of Graph that we speak.
const version = "/v1.0"

// bucket keeps the pace of Graph apart from that of the sign-in endpoint.
func bucket(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, version+"/") {
		return "graph"
	}
	return "sign-in"
}

func (c *Connector) users() *users.UsersRequestBuilder {
	return users.NewUsersRequestBuilderInternal(map[string]string{}, c.adapter)
}

func (c *Connector) user(id string) *users.UserItemRequestBuilder { return c.users().ByUserId(id) }

func (c *Connector) groups() *groups.GroupsRequestBuilder {
	return groups.NewGroupsRequestBuilderInternal(map[string]string{}, c.adapter)
}

func (c *Connector) directory() *rolemanagement.DirectoryRequestBuilder {
	return rolemanagement.NewRoleManagementRequestBuilderInternal(map[string]string{}, c.adapter).Directory()
}

func (c *Connector) skus() *subscribedskus.SubscribedSkusRequestBuilder {
	return subscribedskus.NewSubscribedSkusRequestBuilderInternal(map[string]string{}, c.adapter)
}

// urgent are the headers of everything that a termination waits for: when the
// tenant is throttled, Graph serves these first.
// https://learn.microsoft.com/graph/throttling-limits
func urgent() *kiota.RequestHeaders {
	headers := kiota.NewRequestHeaders()
	headers.Add("x-ms-throttle-priority", "High")
	return headers
}
