package ldap

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Config is the connection to one directory.
type Config struct {
	// Dialect says how this directory marks an account as locked.
	Dialect Dialect `yaml:"dialect"`
	// URL is ldaps://ldap.example.com, or ldap:// with StartTLS. Without either,
	// nothing but a loopback address is spoken to.
	URL      string `yaml:"url"`
	StartTLS bool   `yaml:"starttls"`
	// CAFile holds the certificates that may have signed the server's, in PEM.
	// Empty means those of the machine.
	CAFile       string            `yaml:"ca_file"`
	BindDN       string            `yaml:"bind_dn"`
	BindPassword connectors.Secret `yaml:"bind_password"`

	// BaseDN is where people are looked up. An account that is known by its id is
	// found wherever in the tree it has moved.
	BaseDN string `yaml:"base_dn"`
	// UserClasses are the object classes of people's accounts; the default is
	// person, account and posixAccount.
	UserClasses []string `yaml:"user_classes"`
	// Attributes are those by which a subject is looked up.
	Attributes Attributes `yaml:"attributes"`
	// IDAttribute is the immutable id: entryUUID or nsUniqueId. The default is that
	// of the dialect.
	IDAttribute string `yaml:"id_attribute"`

	// LockAttribute, LockedValue and UnlockedValue are for GenericAttribute: the
	// attribute has the value when the account is locked. An empty UnlockedValue
	// means that the attribute is absent then.
	LockAttribute string `yaml:"lock_attribute"`
	LockedValue   string `yaml:"locked_value"`
	UnlockedValue string `yaml:"unlocked_value"`
	// PolicyDN is for OpenLDAP: the default password policy of slapo-ppolicy. It is
	// needed only where policies disagree on whether locks are enforced.
	PolicyDN string `yaml:"policy_dn"`

	// GroupBaseDN is where groups are. Empty means that no memberships are removed.
	GroupBaseDN string `yaml:"group_base_dn"`
	// GroupClasses are the object classes of groups; the default is groupOfNames,
	// groupOfUniqueNames and posixGroup, and groupOfMembers is known too.
	GroupClasses []string `yaml:"group_classes"`
	// PlaceholderDN takes the place of the last member of a group that its schema
	// does not let be empty. Empty means that a person must decide.
	PlaceholderDN string `yaml:"placeholder_dn"`

	// Settle is how long a change takes to reach every copy of the directory; zero
	// means 5 s. The account is read again after it, since a password change may
	// have undone the lock meanwhile.
	Settle time.Duration `yaml:"settle"`
	// SessionsOutlive is how long a connection that was bound before the lock goes
	// on, at the longest: the server's idle time-out, or the time until its next
	// restart. Zero means that nobody has said, and 24 h are assumed.
	SessionsOutlive time.Duration `yaml:"sessions_outlive"`
	// SessionNote says in the report what goes on until then, where it is more than
	// connections, such as the sessions of applications that ask this directory.
	SessionNote string `yaml:"session_note"`
}

// Attributes are the attributes by which a subject is looked up, by kind of key. An
// empty list, other than none at all, leaves the kind out.
type Attributes struct {
	UserName       []string `yaml:"user_name"`       // default: uid
	Email          []string `yaml:"email"`           // default: mail
	EmployeeNumber []string `yaml:"employee_number"` // default: employeeNumber
}

// What is assumed where nobody has said.
const (
	assumedSettle  = 5 * time.Second
	assumedOutlive = 24 * time.Hour
	assumedNote    = "connections that were bound before the lock: they go on reading, and may change their own password"
)

var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

// complete checks the configuration and fills in the defaults. The error has the
// code Invalid and repeats no value. The address and the credential are checked by
// who uses them.
func (c Config) complete(system string) (Config, error) {
	invalid := func(hint string) (Config, error) {
		return Config{}, &access.Error{Code: access.Invalid, System: system, Op: "configure ldap", Hint: hint}
	}
	if !slices.Contains([]Dialect{OpenLDAP, DS389, GenericAttribute}, c.Dialect) {
		return invalid("dialect is openldap, 389ds or generic-attribute")
	}
	generic := c.Dialect == GenericAttribute
	switch {
	case generic && (!attributeName.MatchString(c.LockAttribute) || c.LockedValue == "" || c.LockedValue == c.UnlockedValue):
		return invalid("dialect generic-attribute needs lock_attribute, and a locked_value that differs from unlocked_value")
	case !generic && c.LockAttribute+c.LockedValue+c.UnlockedValue != "":
		return invalid("lock_attribute, locked_value and unlocked_value go with dialect generic-attribute")
	case c.PolicyDN != "" && c.Dialect != OpenLDAP:
		return invalid("policy_dn goes with dialect openldap")
	}
	c.IDAttribute = cmp.Or(c.IDAttribute, c.Dialect.idAttribute())
	if _, known := idForms()[c.IDAttribute]; !known {
		return invalid("id_attribute is entryUUID or nsUniqueId")
	}
	for name, dn := range map[string]string{"bind_dn": c.BindDN, "base_dn": c.BaseDN, "policy_dn": c.PolicyDN, "group_base_dn": c.GroupBaseDN, "placeholder_dn": c.PlaceholderDN} {
		required := name == "bind_dn" || name == "base_dn"
		if parsed, err := ldap.ParseDN(dn); err != nil || required && len(parsed.RDNs) == 0 {
			return invalid(name + " is not a distinguished name")
		}
	}
	c.UserClasses = orElse(c.UserClasses, "person", "account", "posixAccount")
	c.Attributes.UserName = orElse(c.Attributes.UserName, "uid")
	c.Attributes.Email = orElse(c.Attributes.Email, "mail")
	c.Attributes.EmployeeNumber = orElse(c.Attributes.EmployeeNumber, "employeeNumber")
	keys := slices.Concat(c.Attributes.UserName, c.Attributes.Email, c.Attributes.EmployeeNumber)
	for _, name := range slices.Concat(keys, c.UserClasses) {
		if !attributeName.MatchString(name) {
			return invalid("attributes and user_classes hold something that is no name of one")
		}
	}
	if len(c.UserClasses) == 0 || len(keys) == 0 {
		return invalid("attributes and user_classes name one at least: nobody could be found")
	}
	c.GroupClasses = orElse(c.GroupClasses, "groupOfNames", "groupOfUniqueNames", "posixGroup")
	for _, class := range c.GroupClasses {
		if _, known := memberships()[strings.ToLower(class)]; !known {
			return invalid("group_classes are groupOfNames, groupOfUniqueNames, groupOfMembers and posixGroup")
		}
	}
	if c.Settle < 0 || c.SessionsOutlive < 0 {
		return invalid("settle and sessions_outlive are not negative")
	}
	if len(c.SessionNote) > 200 || access.ContainsAddress(c.SessionNote) || strings.ContainsFunc(c.SessionNote, unicode.IsControl) {
		return invalid("session_note is one line of at most 200 characters, without an address")
	}
	c.Settle = cmp.Or(c.Settle, assumedSettle)
	c.SessionsOutlive = cmp.Or(c.SessionsOutlive, assumedOutlive)
	c.SessionNote = cmp.Or(c.SessionNote, assumedNote)
	return c, nil
}

// orElse returns the defaults for a list of which nothing was said.
func orElse(list []string, defaults ...string) []string {
	if list == nil {
		return defaults
	}
	return list
}
