package ldap

import (
	"context"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// judge tells the status of accounts, within one call.
type judge struct {
	connector *Connector
	session   *directory.Session
	op        string
	policies  []*ldap.Entry // nil: not read yet
}

// unenforced is the word for an account that carries a lock which its policy does not
// enforce.
const unenforced = "lock not enforced by the password policy"

// status tells whether the account is locked, and the directory's own word for it.
// An account that carries a lock which the directory does not heed is active.
func (j *judge) status(ctx context.Context, e *ldap.Entry) (access.Status, string, error) {
	m := j.connector.mark
	word := ""
	if value := e.GetEqualFoldAttributeValue(m.attribute); value != "" {
		word = m.attribute + "=" + value
	}
	if m.status(e) == access.Active || j.connector.config.Dialect != OpenLDAP {
		return m.status(e), word, nil
	}
	heeded, err := j.heeded(ctx, e)
	if err != nil {
		return "", "", err
	}
	if !heeded {
		return access.Active, unenforced, nil
	}
	return access.Locked, word, nil
}

// heeded tells whether OpenLDAP heeds pwdAccountLockedTime of the account, which it
// does only where the policy of the account has pwdLockout TRUE (slapo-ppolicy(5)).
func (j *judge) heeded(ctx context.Context, e *ldap.Entry) (bool, error) {
	if dn := e.GetEqualFoldAttributeValue("pwdPolicySubentry"); dn != "" {
		return j.named(ctx, dn)
	}
	return j.defaults(ctx)
}

// defaults tells whether the default policy enforces locks. Which one it is does not
// matter as long as all agree.
func (j *judge) defaults(ctx context.Context) (bool, error) {
	c := j.connector
	if c.config.PolicyDN != "" {
		return j.named(ctx, c.config.PolicyDN)
	}
	policies, err := j.all(ctx)
	if err != nil {
		return false, err
	}
	for _, policy := range policies[1:] {
		if enforces(policy) != enforces(policies[0]) {
			return false, c.refuse(access.Unsupported, j.op, "password policies disagree on pwdLockout: name the default one in policy_dn")
		}
	}
	return enforces(policies[0]), nil
}

// named tells whether a policy enforces locks.
func (j *judge) named(ctx context.Context, dn string) (bool, error) {
	policies, err := j.all(ctx)
	if err != nil {
		return false, err
	}
	for _, policy := range policies {
		if sameDN(policy.DN, dn) {
			return enforces(policy), nil
		}
	}
	return false, j.connector.refuse(access.Denied, j.op, "a password policy is not there or not to be seen: our account may not "+readPolicies)
}

// all reads the policies, one at least.
func (j *judge) all(ctx context.Context) ([]*ldap.Entry, error) {
	if j.policies != nil {
		return j.policies, nil
	}
	c := j.connector
	base, err := c.tree(ctx, j.session, j.op, c.config.BaseDN)
	if err != nil {
		return nil, err
	}
	j.policies, err = j.session.Search(ctx, directory.Operation{Op: j.op}, directory.Query{Base: base,
		Filter: directory.Equal("objectClass", "pwdPolicy"), Attributes: []string{"pwdLockout"}})
	if err != nil && access.CodeOf(err) != access.NotFound {
		return nil, c.failed(j.op, err, readPolicies)
	}
	if len(j.policies) == 0 {
		return nil, c.refuse(access.Denied, j.op, "no password policy is to be seen, so that nobody can tell whether locks are enforced: load slapo-ppolicy with a default policy, and let our account "+readPolicies)
	}
	return j.policies, nil
}

func enforces(policy *ldap.Entry) bool {
	return strings.EqualFold(policy.GetEqualFoldAttributeValue("pwdLockout"), "TRUE")
}

// sameDN compares two names as a directory does.
func sameDN(a, b string) bool {
	x, err := ldap.ParseDN(a)
	if err != nil {
		return false
	}
	y, err := ldap.ParseDN(b)
	return err == nil && x.EqualFold(y)
}
