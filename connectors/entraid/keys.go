package entraid

import (
	"slices"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/killsignal/killsignal/access"
)

// member is a member of a user in which a key may stand.
type member struct {
	name       string
	collection bool
	prefix     string // what precedes the key in it
	loose      bool   // whoever has the key there need not be its owner
	held       func(models.Userable) []string
}

// members are where a key may stand. An e-mail address is that of the mailbox, one
// of its aliases, or, for an account without a mailbox, the userPrincipalName; all
// of these Entra ID gives to one account only. Another address for contact may stand
// with several accounts. All can be filtered by eq without advanced queries, which
// answer from an index that lags.
// https://learn.microsoft.com/graph/aad-advanced-queries
func members(by access.Correlator) []member {
	single := func(name string, value func(models.Userable) *string) member {
		return member{name: name, held: func(u models.Userable) []string { return one(value(u)) }}
	}
	name := single("userPrincipalName", models.Userable.GetUserPrincipalName)
	switch by {
	case access.ByID:
		return []member{single("id", func(u models.Userable) *string { return u.GetId() })}
	case access.ByUserName:
		return []member{name}
	case access.ByEmail:
		return []member{single("mail", models.Userable.GetMail), name,
			{name: "proxyAddresses", collection: true, prefix: "smtp:", held: models.Userable.GetProxyAddresses},
			{name: "otherMails", collection: true, loose: true, held: models.Userable.GetOtherMails}}
	default:
		return []member{single("employeeId", models.Userable.GetEmployeeId)}
	}
}

// lookedUp are the members of a user that a look-up reads.
func lookedUp() []string {
	return []string{"id", "userPrincipalName", "mail", "employeeId", "accountEnabled", "proxyAddresses", "otherMails"}
}

func (m member) clause(key string) string {
	if m.collection {
		return m.name + "/any(held:" + equals("held", m.prefix+key) + ")"
	}
	return equals(m.name, key)
}

// has compares what the user holds with the key. Graph compares all of this without
// regard to case, the prefix of the primary address, SMTP, included.
func (m member) has(u models.Userable, key string) bool {
	return slices.ContainsFunc(m.held(u), func(value string) bool { return strings.EqualFold(value, m.prefix+key) })
}

// key returns a key by which the user is known there, and whether there is one.
func (m member) key(u models.Userable) (string, bool) {
	for _, value := range m.held(u) {
		if len(value) > len(m.prefix) && strings.EqualFold(value[:len(m.prefix)], m.prefix) {
			return value[len(m.prefix):], true
		}
	}
	return "", false
}

// matches compares a row with the key. A filter that was ignored returns everybody.
func matches(row models.Userable, identifier access.Identifier) bool {
	return slices.ContainsFunc(members(identifier.By), func(m member) bool { return m.has(row, identifier.Value) })
}

// owns tells whether the row has the key where nobody else may have it.
func owns(row models.Userable, identifier access.Identifier) bool {
	return slices.ContainsFunc(members(identifier.By), func(m member) bool { return !m.loose && m.has(row, identifier.Value) })
}

func one(value *string) []string {
	if value == nil {
		return nil
	}
	return []string{*value}
}
