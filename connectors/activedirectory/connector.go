// Package activedirectory ends access in a domain of Active Directory, or of Samba,
// over LDAP with TLS. It scrambles the password, disables the account, takes away
// group memberships and alternative credentials, and moves the account to an
// organisational unit for the disabled, last of all.
//
// Accounts are known by objectGUID, and every request addresses them by it
// (MS-ADTS 3.1.1.3.1.2.4): names and places change, also while we work.
//
// The directory cannot end a session. Kerberos tickets and connections that are
// open at the lock are declared as a residual.
package activedirectory

import (
	"sync"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// Connector reaches one domain. It is safe for concurrent use.
type Connector struct {
	system string
	config Config
	client *directory.Client

	mu  sync.Mutex
	own []string // our own account, once Check has found it
}

var (
	_ connectors.Connector    = (*Connector)(nil)
	_ connectors.Locker       = (*Connector)(nil)
	_ connectors.RightRevoker = (*Connector)(nil)
	_ connectors.Lister       = (*Connector)(nil)
)

// New makes a connector. It reads the password and the CA file once and does no
// other I/O. A wrong configuration is Invalid.
func New(system string, c Config) (*Connector, error) {
	c, err := c.complete(system)
	if err != nil {
		return nil, err
	}
	client, err := directory.New(directory.Options{System: system, URL: c.URL, StartTLS: c.StartTLS, CAFile: c.CAFile,
		BindDN: c.BindDN, Password: c.BindPassword, Elsewhere: true})
	if err != nil {
		return nil, err
	}
	return &Connector{system: system, config: c, client: client}, nil
}

// What the credential must be allowed, for people to read.
const (
	readAccounts   = "read all properties of accounts in base_dn"
	readGroups     = "read tokenGroups of accounts in base_dn (group Windows Authorization Access Group)"
	writeControl   = "write userAccountControl of accounts in base_dn"
	resetPasswords = "reset passwords of accounts in base_dn"
	writeMembers   = "write member of groups"
	writeSecrets   = "write the credential attributes of accounts in base_dn"
	moveAccounts   = "delete accounts from, write name and cn in, base_dn, and create them in disabled_ou"
)

// Info says what this instance can do.
func (c *Connector) Info() connectors.Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	strip := []string{readAccounts, readGroups, writeMembers, writeSecrets}
	if c.config.DisabledOU != "" {
		strip = append(strip, moveAccounts)
	}
	return connectors.Info{
		Kind:             "activedirectory",
		IdentityProvider: true,
		Keys:             []access.Correlator{access.ByUserName, access.ByEmail, access.ByEmployeeNumber},
		// Grants come last, since the last of them is the account's place.
		Rights:       []access.RightKind{access.Credential, access.Grant},
		Settle:       c.config.Settle,
		Outlives:     c.config.TicketLifetime,
		OutlivesWhat: "Kerberos tickets and open connections from before the lock, which a directory cannot recall",
		Revives:      []string{"group memberships and credentials that were not taken away", "the password of an account that was disabled before, by somebody else"},
		Restores:     []string{attributeControl},
		Consumes:     []string{"password"},
		Permissions: map[connectors.Capability][]string{
			connectors.CanFind:   {readAccounts},
			connectors.CanList:   {readAccounts},
			connectors.CanLock:   {readAccounts, resetPasswords, writeControl},
			connectors.CanRevoke: strip,
		},
		OwnAccounts: c.own,
	}
}

// failed names the permission that a denied request lacks. It returns nil for nil.
func (c *Connector) failed(op string, err error, permission string) error {
	if err == nil {
		return nil
	}
	e := *access.AsError(err, op)
	e.System, e.Op = c.system, op
	if e.Code == access.Denied && e.Hint == "" {
		e.Hint = "the credential may not " + permission
	}
	return &e
}

// invalid is the error for a request that makes no sense.
func (c *Connector) invalid(op, hint string) error {
	return &access.Error{Code: access.Invalid, System: c.system, Op: op, Hint: hint}
}
