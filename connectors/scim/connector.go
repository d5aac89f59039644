// Package scim ends access in any application that serves SCIM 2.0 (RFC 7643,
// RFC 7644). Applications read the standard very differently: this client
// writes strictly, reads leniently, believes only what it reads back, and
// compares every row that comes back with the key it asked for.
//
// SCIM knows no sessions: what active=false leaves open is declared as a
// residual.
package scim

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/transport"
)

// Connector reaches one SCIM application. It remembers what it learns of the
// application's abilities, and never of its accounts.
type Connector struct {
	system string
	config Config
	client *http.Client

	activation habit // how this application takes active
	removal    habit // how it takes the removal of a member

	mu     sync.Mutex
	probed *serviceConfig     // nil: not asked yet
	proofs map[Attribute]bool // which look-ups were tried, and whether they find
	groups *bool              // whether there are groups; nil: no check has passed yet

	// What reads have shown that this application shows.
	showsGroups, showsMembers     atomic.Bool
	findsMembers, filtersOnMember atomic.Bool
}

var (
	_ connectors.Connector    = (*Connector)(nil)
	_ connectors.Locker       = (*Connector)(nil)
	_ connectors.RightRevoker = (*Connector)(nil)
	_ connectors.Lister       = (*Connector)(nil)
)

// New makes a connector. It does no I/O. A wrong configuration is Invalid.
func New(system string, config Config) (*Connector, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	return &Connector{system: system, config: config, proofs: map[Attribute]bool{}, client: transport.New(transport.Options{
		System:       system,
		Bucket:       readsApart,
		ProviderCode: scimType,
	}).Client()}, nil
}

// readsApart gives writes a bucket of their own: a lock does not wait because
// look-ups have used up their limit.
func readsApart(req *http.Request) string {
	if req.Method == http.MethodGet {
		return "read"
	}
	return "write"
}

// Info says what this instance can do. An application without groups revokes none,
// which is known once a check has passed.
func (c *Connector) Info() connectors.Info {
	info := connectors.Info{
		Kind:    "scim",
		Keys:    c.keys(),
		Rights:  []access.RightKind{access.Grant},
		Settle:  c.config.Settle,
		Revives: []string{"sessions, tokens and keys that the application has kept"},
		Permissions: map[connectors.Capability][]string{
			connectors.CanFind:   {readUsers},
			connectors.CanList:   {readUsers},
			connectors.CanLock:   {writeUsers},
			connectors.CanRevoke: {readGroups, writeGroups},
		},
	}
	c.mu.Lock()
	groupless := c.groups != nil && !*c.groups
	c.mu.Unlock()
	if groupless {
		info.Rights, info.Without = nil, []connectors.Capability{connectors.CanRevoke}
		delete(info.Permissions, connectors.CanRevoke)
	}
	if !c.config.LockEndsSessions {
		info.Outlives = cmp.Or(c.config.SessionsOutlive, assumedOutlive)
		info.OutlivesWhat = "sessions and tokens of the application, which SCIM cannot end"
	}
	if c.config.Lock == Delete {
		info.Revives, info.Consumes = nil, []string{"account"}
	} else {
		info.Restores = []string{attributeActive}
	}
	return info
}

// Check proves that the token may read users and groups, and tries the look-ups
// on an account that is there. Whether it may write cannot be read.
func (c *Connector) Check(ctx context.Context) error {
	if _, err := c.probe(ctx); err != nil {
		return err
	}
	if _, err := c.proved(ctx, c.config.Correlators); err != nil {
		e := access.AsError(err, "check look-ups")
		if e.Code == access.NotFound {
			e.Code, e.Hint = access.Invalid, "no users are found there: url is what stands before /Users"
		}
		return e
	}
	grouped, err := c.hasGroups(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.groups == nil {
		c.groups = &grouped
	}
	return nil
}

// hasGroups tells whether the application has groups, as far as one page of them,
// and of users, shows.
func (c *Connector) hasGroups(ctx context.Context) (bool, error) {
	if c.config.Membership == Unprovable {
		return true, nil
	}
	_, err := c.page(ctx, "check groups", groups, "", "")
	if !refused(err) {
		return true, err
	}
	if status := access.AsError(err, "").Status; status != http.StatusNotFound && status != http.StatusNotImplemented {
		return true, nil // it has some and does not list them
	}
	// Some show groups with their users and nowhere else.
	sample, err := c.page(ctx, "check groups", users, "", "")
	if refused(err) {
		return true, nil // which cannot be seen
	}
	return slices.ContainsFunc(sample.Items, func(user resource) bool { return len(ofUser(user)) > 0 }), err
}

// serviceConfig is what an application announces of itself (RFC 7643 section 5,
// RFC 9865 section 4).
type serviceConfig struct {
	cursors bool // pages by cursor
	noIndex bool // and by nothing else
	noPatch bool // knows no PATCH
}

// probe asks, once, for what the application announces of itself. Many announce
// nothing; what they can do is then learnt by trying.
func (c *Connector) probe(ctx context.Context) (serviceConfig, error) {
	c.mu.Lock()
	known := c.probed
	c.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	shown, err := c.send(ctx, request{op: "read service configuration", method: http.MethodGet, path: "ServiceProviderConfig"})
	if err != nil && !refused(err) && access.CodeOf(err) != access.Denied && access.AsError(err, "").Status != http.StatusInternalServerError {
		return serviceConfig{}, err
	}
	paging := shown.child("pagination")
	learnt := serviceConfig{cursors: is(paging.value("cursor"), true), noIndex: is(paging.value("index"), false),
		noPatch: is(shown.child("patch").value("supported"), false)}
	if learnt.noPatch {
		c.activation.prefer(byPut)
		c.removal.prefer(byGroupPut)
	}
	c.mu.Lock()
	c.probed = &learnt
	c.mu.Unlock()
	return learnt, nil
}

// now is when something was observed.
func now() time.Time { return time.Now().UTC() }
