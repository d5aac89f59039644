package ldap

import (
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// The types of rights.
const (
	typeGroup        = "group"         // a DN in member
	typeUniqueGroup  = "unique-group"  // a DN in uniqueMember
	typePosixGroup   = "posix-group"   // a user name in memberUid
	typePrimaryGroup = "primary-group" // the gidNumber of the account
	typeNestedGroup  = "nested-group"  // a memberOf that comes through another group
)

// membership is how one object class of groups holds its members.
type membership struct {
	kind      string // of the right
	class     string
	attribute string
	byUID     bool // members are user names, not DNs
	neverNone bool // the standard schema wants a member (RFC 4519 3.5, 3.6)
}

// memberships are the object classes of groups, by their names in small letters.
func memberships() map[string]membership {
	all := map[string]membership{}
	for _, m := range []membership{
		{typeGroup, "groupOfNames", "member", false, true},
		{typeGroup, "groupOfMembers", "member", false, false},
		{typeUniqueGroup, "groupOfUniqueNames", "uniqueMember", false, true},
		{typePosixGroup, "posixGroup", "memberUid", true, false},
	} {
		all[strings.ToLower(m.class)] = m
	}
	return all
}

// memberships are those of the configuration, in its order.
func (c Config) memberships() (all []membership) {
	for _, class := range c.GroupClasses {
		all = append(all, memberships()[strings.ToLower(class)])
	}
	return all
}

// values are the values by which a group holds the account.
func (m membership) values(account *ldap.Entry) []string {
	if m.byUID {
		return account.GetEqualFoldAttributeValues("uid")
	}
	return []string{account.DN}
}

// filter finds the groups of the class that hold the account; "" when none can.
func (m membership) filter(account *ldap.Entry) string {
	var clauses []string
	for _, value := range m.values(account) {
		clauses = append(clauses, directory.Equal(m.attribute, value))
	}
	if len(clauses) == 0 {
		return ""
	}
	return directory.All(directory.Equal("objectClass", m.class), directory.Any(clauses...))
}

// holds tells whether a group holds the account. One whose members do not show is
// taken at the directory's word, which found it by them.
func (m membership) holds(group, account *ldap.Entry) bool {
	members := group.GetEqualFoldAttributeValues(m.attribute)
	return len(members) == 0 || slices.ContainsFunc(members, func(member string) bool { return m.is(member, account) })
}

// is tells whether a member is the account.
func (m membership) is(member string, account *ldap.Entry) bool {
	if m.byUID {
		return slices.Contains(m.values(account), member) // case counts (RFC 2307)
	}
	return sameDN(member, account.DN)
}

// of tells whether the entry has the object class.
func (m membership) of(group *ldap.Entry) bool {
	return slices.ContainsFunc(group.GetEqualFoldAttributeValues("objectClass"), func(class string) bool { return strings.EqualFold(class, m.class) })
}
