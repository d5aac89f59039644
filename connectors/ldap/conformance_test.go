package ldap_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/internal/servers/openldap"
)

func TestConformanceOnOpenLDAP(t *testing.T) {
	c, _ := startOpenLDAP(t)
	connectortest.Run(t, func(t *testing.T) *connectortest.Harness { return c.open(t).harness(t) })
}

func TestConformanceOn389DS(t *testing.T) {
	c := start389(t)
	connectortest.Run(t, func(t *testing.T) *connectortest.Harness { return c.open(t).harness(t) })
}

func (o *office) harness(t *testing.T) *connectortest.Harness {
	const noRetryAfter = "LDAP has no Retry-After: a busy directory does not say for how long"
	return &connectortest.Harness{
		Connector: o.Connector, System: system, Subject: ada, Nobody: nobody, Witness: marshall, Account: o.ref().ID,
		Truth: func() map[string]string { return o.truth(t) }, Bystanders: func() string { return o.bystanders(t) }, Faults: o.faults,
		Deny: func(c connectors.Capability) {
			o.grant(t, map[connectors.Capability]string{connectors.CanFind: openldap.MayRead, connectors.CanList: openldap.MayRead,
				connectors.CanLock: openldap.MayLock, connectors.CanRevoke: openldap.MayRevoke}[c], false)
		},
		Inapplicable: map[string]string{
			"status 429 with a long Retry-After is rate_limited": noRetryAfter,
			"status 503 with a long Retry-After is unavailable":  noRetryAfter,
		},
	}
}

// truth is everything about every account. Of a password it says whether it is what
// it was.
func (c *company) truth(t testing.TB) map[string]string {
	all := map[string]string{}
	memberships := c.all(t, groups)
	for _, e := range c.all(t, people) {
		account := map[string]any{"dn": e.DN}
		for _, a := range e.Attributes {
			if !strings.EqualFold(a.Name, "userPassword") && !strings.EqualFold(a.Name, "memberOf") {
				account[a.Name] = slices.Sorted(slices.Values(a.Values))
			}
		}
		id := e.GetEqualFoldAttributeValue(c.id)
		for _, meant := range c.entries {
			if meant.id == id {
				account["password changed"] = meant.password != e.GetAttributeValue("userPassword")
			}
		}
		var held []string
		for _, g := range memberships {
			if slices.Contains(members(g), e.DN) || slices.Contains(members(g), e.GetAttributeValue("uid")) {
				held = append(held, g.GetEqualFoldAttributeValue(c.id))
			}
		}
		slices.Sort(held)
		account["groups"] = held
		all[id] = encode(t, account)
	}
	return all
}

// bystanders is who else is in which group.
func (c *company) bystanders(t testing.TB) string {
	others := map[string][]string{}
	for _, g := range c.all(t, groups) {
		rest := slices.DeleteFunc(members(g), func(m string) bool { return m == dn(ada) || m == ada.UserNames[0] })
		others[g.DN] = slices.Sorted(slices.Values(rest))
	}
	return encode(t, others)
}

func members(group *goldap.Entry) []string {
	return slices.Concat(group.GetAttributeValues("member"), group.GetAttributeValues("uniqueMember"), group.GetAttributeValues("memberUid"))
}

func encode(t testing.TB, value any) string {
	content, err := json.Marshal(value)
	require.NoError(t, err)
	return string(content)
}
