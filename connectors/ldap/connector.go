// Package ldap ends access in a directory that speaks LDAP (RFC 4511): OpenLDAP, 389
// Directory Server and FreeIPA, and any other that locks by an attribute. It
// scrambles the password, locks the account, and takes it out of its groups.
//
// Accounts and groups are known by an id that the directory never changes. Names
// move, so the entry is looked up by its id before every change.
//
// A directory cannot end a connection that is open, and says nothing of sessions
// elsewhere that began with a sign-in here: both are declared as a residual.
//
// What an account may not see looks to it like what is not there. An answer without
// rows is believed only when the same search shows somebody.
package ldap

import (
	"regexp"
	"sync"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// Connector reaches one directory. It is safe for concurrent use.
type Connector struct {
	system string
	config Config
	mark   mark
	id     *regexp.Regexp
	client *directory.Client

	mu    sync.Mutex
	own   []string          // the account that we bind with, once Check has read it
	trees map[string]string // the naming contexts of bases, once they have been read
}

var (
	_ connectors.Connector    = (*Connector)(nil)
	_ connectors.Locker       = (*Connector)(nil)
	_ connectors.RightRevoker = (*Connector)(nil)
	_ connectors.Lister       = (*Connector)(nil)
)

// New makes a connector. It reads the password and the CA file once, to find a
// missing one now, and does no other I/O. The error has the code Invalid.
func New(system string, c Config) (*Connector, error) {
	c, err := c.complete(system)
	if err != nil {
		return nil, err
	}
	client, err := directory.New(directory.Options{System: system, URL: c.URL, StartTLS: c.StartTLS, Plain: true, CAFile: c.CAFile,
		BindDN: c.BindDN, Password: c.BindPassword})
	if err != nil {
		return nil, err
	}
	return &Connector{system: system, config: c, mark: c.mark(), id: idForms()[c.IDAttribute], client: client, trees: map[string]string{}}, nil
}

// What our account must be allowed, in our words: every directory has access rules
// of its own.
const (
	readRoot     = "read the root entry of the directory"
	readAccounts = "read and search the ids, keys, object classes and lock of accounts"
	readPolicies = "read pwdLockout of password policies"
	writeLock    = "write userPassword and the lock attribute of accounts"
	readGroups   = "read and search the ids and members of groups"
	writeMembers = "write the members of groups"
)

// Info says what this instance can do.
func (c *Connector) Info() connectors.Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	read := []string{readAccounts}
	if c.config.Dialect == OpenLDAP {
		read = append(read, readPolicies)
	}
	info := connectors.Info{
		Kind:             "ldap",
		IdentityProvider: true,
		Keys:             c.config.keys(),
		Rights:           []access.RightKind{access.Grant},
		Settle:           c.config.Settle,
		Outlives:         c.config.SessionsOutlive,
		OutlivesWhat:     c.config.SessionNote,
		Revives:          []string{"keys and certificates that stand in the entry", "group memberships that were not taken away"},
		Restores:         []string{c.mark.attribute},
		Consumes:         []string{"password"},
		Permissions: map[connectors.Capability][]string{
			connectors.CanFind:   read,
			connectors.CanList:   read,
			connectors.CanLock:   append([]string{writeLock}, read...),
			connectors.CanRevoke: {readAccounts, readGroups, writeMembers},
		},
		OwnAccounts: c.own,
	}
	if c.config.GroupBaseDN == "" {
		info.Rights, info.Without = nil, []connectors.Capability{connectors.CanRevoke}
		delete(info.Permissions, connectors.CanRevoke)
	}
	return info
}

// keys are the kinds of keys by which people are looked up.
func (c Config) keys() []access.Correlator {
	var keys []access.Correlator
	for _, by := range []access.Correlator{access.ByUserName, access.ByEmail, access.ByEmployeeNumber} {
		if len(c.attributes(by)) > 0 {
			keys = append(keys, by)
		}
	}
	return keys
}

// attributes are those that hold a kind of key.
func (c Config) attributes(by access.Correlator) []string {
	switch by {
	case access.ByUserName:
		return c.Attributes.UserName
	case access.ByEmail:
		return c.Attributes.Email
	case access.ByEmployeeNumber:
		return c.Attributes.EmployeeNumber
	}
	return nil
}

// failed says what was tried, and names the permission that a denied request lacks.
// It returns nil for nil.
func (c *Connector) failed(op string, err error, permission string) error {
	if err == nil {
		return nil
	}
	e := *access.AsError(err, op)
	e.System, e.Op = c.system, op
	if e.Code == access.Denied && e.Hint == "" {
		e.Hint = "our account may not " + permission
	}
	return &e
}

// refuse is an error of our own.
func (c *Connector) refuse(code access.Code, op, hint string) error {
	return &access.Error{Code: code, System: c.system, Op: op, Hint: hint}
}
