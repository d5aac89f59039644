package activedirectory

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Config is the connection to one domain of Active Directory.
type Config struct {
	// URL is ldaps://dc1.example.com, or ldap:// with StartTLS. A password can be
	// changed on an encrypted connection only, so there is no other way.
	URL      string `yaml:"url"`
	StartTLS bool   `yaml:"starttls"`
	// CAFile holds the certificates that may have signed the server's, in PEM.
	CAFile string `yaml:"ca_file"`
	// BindDN is our own account: its DN, or its userPrincipalName.
	BindDN       string            `yaml:"bind_dn"`
	BindPassword connectors.Secret `yaml:"bind_password"`
	// BaseDN is where people's accounts are. Nothing outside is touched.
	BaseDN string `yaml:"base_dn"`
	// DisabledOU is where accounts are moved to, last of all. It lies within
	// BaseDN. Empty means that they stay where they are.
	DisabledOU string `yaml:"disabled_ou"`
	// EmployeeNumber is the attribute that holds a person's employee number:
	// employeeID, the default, or employeeNumber.
	EmployeeNumber string `yaml:"employee_number_attribute"`
	// CredentialAttributes hold what proves who somebody is, beside the password.
	// The default is altSecurityIdentities and msDS-KeyCredentialLink.
	CredentialAttributes []string `yaml:"credential_attributes"`
	// PageSize is how many accounts are asked for at once in listings; zero means
	// 500. Domain controllers give 1000 at most.
	PageSize uint32 `yaml:"page_size"`
	// Settle is how long a change takes to reach every domain controller; zero
	// means 1 min, which suits one site. Across sites it is their link's interval.
	Settle time.Duration `yaml:"settle"`
	// TicketLifetime is how long a Kerberos ticket is good, as the domain's policy
	// says; zero means 10 h.
	TicketLifetime time.Duration `yaml:"ticket_lifetime"`
}

// How long things last where nobody has said.
const (
	assumedSettle  = time.Minute
	assumedTickets = 10 * time.Hour
)

var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

// complete checks the configuration and fills in the defaults. The error has the
// code Invalid. The address and the credential are checked by who uses them.
func (c Config) complete(system string) (Config, error) {
	invalid := func(hint string) (Config, error) {
		return Config{}, &access.Error{Code: access.Invalid, System: system, Op: "configure activedirectory", Hint: hint}
	}
	if strings.HasPrefix(c.URL, "ldap://") && !c.StartTLS {
		return invalid("url must be ldaps://, or ldap:// with starttls: a password cannot be changed otherwise")
	}
	base, err := ldap.ParseDN(c.BaseDN)
	if err != nil || len(base.RDNs) == 0 {
		return invalid("base_dn is the DN under which people's accounts are, such as OU=People,DC=corp,DC=example,DC=com")
	}
	if c.DisabledOU != "" {
		ou, err := ldap.ParseDN(c.DisabledOU)
		if err != nil || !base.AncestorOfFold(ou) {
			return invalid("disabled_ou is a DN within base_dn: what is moved there must be found again")
		}
	}
	c.EmployeeNumber = cmp.Or(c.EmployeeNumber, "employeeID")
	if c.EmployeeNumber != "employeeID" && c.EmployeeNumber != "employeeNumber" {
		return invalid("employee_number_attribute is employeeID or employeeNumber")
	}
	if len(c.CredentialAttributes) == 0 {
		c.CredentialAttributes = []string{"altSecurityIdentities", keyCredentials}
	}
	for _, name := range c.CredentialAttributes {
		if !attributeName.MatchString(name) || slices.ContainsFunc(notCredentials(), func(n string) bool { return strings.EqualFold(n, name) }) {
			return invalid("credential_attributes are names of attributes that hold credentials, such as altSecurityIdentities")
		}
	}
	if c.PageSize > 1000 {
		return invalid("page_size is at most 1000")
	}
	if c.Settle < 0 || c.TicketLifetime < 0 {
		return invalid("settle and ticket_lifetime are not negative")
	}
	c.Settle = cmp.Or(c.Settle, assumedSettle)
	c.TicketLifetime = cmp.Or(c.TicketLifetime, assumedTickets)
	return c, nil
}

// notCredentials are attributes that we read or change otherwise, or that must not
// be emptied.
func notCredentials() []string {
	return append([]string{"memberOf", "member", "unicodePwd", "objectSid", "primaryGroupID", "mail", "proxyAddresses"}, shown...)
}

// within tells whether a DN lies under the base.
func (c Config) within(dn *ldap.DN) bool {
	base, err := ldap.ParseDN(c.BaseDN)
	return err == nil && base.AncestorOfFold(dn)
}
