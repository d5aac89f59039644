package ldap

import (
	"regexp"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
)

// Dialect is how a directory marks an account as locked.
type Dialect string

// The dialects.
const (
	// OpenLDAP locks by pwdAccountLockedTime of slapo-ppolicy(5). A password change
	// removes the lock, and a policy may leave locks unenforced.
	OpenLDAP Dialect = "openldap"
	// DS389 is 389 Directory Server, Red Hat Directory Server and FreeIPA, which
	// lock by nsAccountLock.
	DS389 Dialect = "389ds"
	// GenericAttribute is any directory that locks by one value of one attribute.
	GenericAttribute Dialect = "generic-attribute"
)

// forever is the time of a lock that no time ends (slapo-ppolicy(5),
// pwdAccountLockedTime). Any other time is that of a lock after failed sign-ins,
// which may end by itself.
const forever = "000001010000Z"

func (d Dialect) idAttribute() string {
	if d == DS389 {
		return "nsUniqueId"
	}
	return "entryUUID"
}

// idForms are the attributes that hold an id for ever, and the form of their values.
func idForms() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"entryUUID":  regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`), // RFC 4530
		"nsUniqueId": regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$`),
	}
}

// emptyGroups tells whether the schema lets a groupOfNames be without members. That
// of RFC 4519 does not.
func (d Dialect) emptyGroups() bool { return d == DS389 }

// lastUsed are the attributes that hold when an account was last signed in with,
// where the directory keeps that.
func (d Dialect) lastUsed() []string {
	switch d {
	case OpenLDAP:
		return []string{"pwdLastSuccess", "authTimestamp"}
	case DS389:
		return []string{"lastLoginTime"}
	}
	return nil
}

// mark is how an account shows that it is locked.
type mark struct{ attribute, locked, unlocked string }

func (c Config) mark() mark {
	switch c.Dialect {
	case OpenLDAP:
		return mark{attribute: "pwdAccountLockedTime", locked: forever}
	case DS389:
		return mark{attribute: "nsAccountLock", locked: "true"}
	}
	return mark{attribute: c.LockAttribute, locked: c.LockedValue, unlocked: c.UnlockedValue}
}

// status reads the mark of an entry. It does not tell whether the directory heeds it.
func (m mark) status(e *ldap.Entry) access.Status {
	if strings.EqualFold(e.GetEqualFoldAttributeValue(m.attribute), m.locked) {
		return access.Locked
	}
	return access.Active
}

// change is the request that sets the mark to a value; "" takes it away.
func (m mark) change(dn, value string) *ldap.ModifyRequest {
	request := ldap.NewModifyRequest(dn, nil)
	values := []string{value}
	if value == "" {
		values = nil
	}
	request.Replace(m.attribute, values)
	return request
}
