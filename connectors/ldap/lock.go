package ldap

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// scrambleTime is what the scrambling may take. It never keeps the account from
// being locked.
const scrambleTime = 2 * time.Second

// Lock scrambles the password and then locks the account, in this order: in OpenLDAP
// a password change removes the lock. Locking what is locked or absent changes
// nothing.
//
// A password that could not be scrambled is an error although the account is locked:
// it would be good again after an unlock. An OpenLDAP policy that does not enforce
// locks is Unsupported.
func (c *Connector) Lock(ctx context.Context, ref access.AccountRef) error {
	const op = "lock"
	s := c.client.Session()
	defer s.Close()
	e, err := c.fetch(ctx, s, op, ref.ID)
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	j := judge{connector: c, session: s, op: op}
	if status, _, err := j.status(ctx, e); err != nil || status == access.Locked {
		return err
	}
	scrambled := c.scramble(ctx, s, ref.ID, e.DN)
	if scrambled != nil && ctx.Err() != nil {
		return scrambled
	}
	if err := c.setMark(ctx, s, op, ref.ID, e.DN, c.mark.locked); err != nil {
		return err
	}
	if c.config.Dialect == OpenLDAP {
		switch heeded, err := j.heeded(ctx, e); {
		case err != nil:
			return err
		case !heeded:
			return c.refuse(access.Unsupported, op, "the password policy of the account does not enforce locks: set pwdLockout to TRUE in it")
		}
	}
	return scrambled
}

// scramble sets a password that nobody knows, ourselves included. One that hangs is
// given up, and the session connects anew for the lock.
func (c *Connector) scramble(ctx context.Context, s *directory.Session, id, dn string) error {
	const op = "scramble password"
	ctx, cancel := context.WithTimeout(ctx, scrambleTime)
	defer cancel()
	o := directory.Operation{Op: op, Target: id}
	// All sorts of characters, for the sake of policies, and 260 bits of chance.
	password := "aA1!" + rand.Text() + rand.Text()
	var err error
	if c.config.Dialect != DS389 { // which takes the extended operation on encrypted connections only, and hashes anyway
		err = s.SetPassword(ctx, o, dn, password)
		if !ldap.IsErrorAnyOf(err, ldap.LDAPResultProtocolError, ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultConfidentialityRequired) {
			return c.scrambled(op, err)
		}
	}
	request := ldap.NewModifyRequest(dn, nil)
	request.Replace("userPassword", []string{password})
	return c.scrambled(op, s.Modify(ctx, o, request))
}

// scrambled is the error of a scrambling. An entry that cannot have a password, or
// that is gone, has none to scramble.
func (c *Connector) scrambled(op string, err error) error {
	if access.CodeOf(err) == access.NotFound || ldap.IsErrorAnyOf(err, ldap.LDAPResultObjectClassViolation) {
		return nil
	}
	return c.failed(op, err, writeLock)
}

// setMark sets the attribute that locks, or what it was before; "" takes it away.
func (c *Connector) setMark(ctx context.Context, s *directory.Session, op, id, dn, value string) error {
	err := s.Modify(ctx, directory.Operation{Op: op, Target: id}, c.mark.change(dn, value))
	switch {
	case access.CodeOf(err) == access.NotFound:
		return c.refuse(access.NotConverged, op, "the entry was moved or deleted in the meantime")
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultUndefinedAttributeType):
		e := *access.AsError(err, op)
		e.Code, e.Hint = access.Unsupported, "the directory does not know "+c.mark.attribute+": load slapo-ppolicy in OpenLDAP, or choose another dialect"
		return c.failed(op, &e, writeLock)
	}
	return c.failed(op, err, writeLock)
}

// Unlock restores the attribute that locks. The password stays scrambled.
func (c *Connector) Unlock(ctx context.Context, before access.AccountState) error {
	const op = "unlock"
	if before.Status != access.Active {
		return nil
	}
	s := c.client.Session()
	defer s.Close()
	e, err := c.fetch(ctx, s, op, before.Ref.ID)
	if err != nil {
		return err
	}
	value := before.Attributes[c.mark.attribute]
	if value == "" || value == c.mark.locked {
		value = c.mark.unlocked
	}
	if e.GetEqualFoldAttributeValue(c.mark.attribute) == value {
		return nil
	}
	return c.setMark(ctx, s, op, before.Ref.ID, e.DN, value)
}
