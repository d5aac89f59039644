package ldap_test

import (
	"net/http"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/ldap"
	"github.com/killsignal/killsignal/internal/servers/ds389"
	"github.com/killsignal/killsignal/internal/servers/openldap"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func TestLock(t *testing.T) {
	onBoth(t, func(t *testing.T, c *company) {
		t.Run("a locked leaver cannot sign in, and after an unlock the old password is worth nothing", func(t *testing.T) {
			o := c.open(t)
			before := o.state(t)
			_, err := o.bind(t, dn(ada), password)
			require.NoError(t, err)
			require.NoError(t, o.Lock(t.Context(), o.ref()))
			_, err = o.bind(t, dn(ada), password)
			require.Error(t, err)
			require.Equal(t, access.Locked, o.state(t).Status)

			require.NoError(t, o.Unlock(t.Context(), before))
			require.Equal(t, access.Active, o.state(t).Status)
			_, err = o.bind(t, dn(ada), password)
			require.True(t, goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials))
		})
		t.Run("it is the lock that bars the right password", func(t *testing.T) {
			o := c.open(t)
			require.NoError(t, o.Lock(t.Context(), o.ref()))
			word, value := o.state(t).Word, o.read(t, dn(ada)).GetEqualFoldAttributeValue(o.lock)
			require.Equal(t, o.lock+"="+value, word)
			o.set(t, dn(ada), "userPassword", "canary-Known-2")
			o.set(t, dn(ada), o.lock, value) // a password change takes it away in OpenLDAP
			_, err := o.bind(t, dn(ada), "canary-Known-2")
			require.Error(t, err)
			require.True(t, goldap.IsErrorAnyOf(err, goldap.LDAPResultInvalidCredentials, goldap.LDAPResultUnwillingToPerform))
		})
		t.Run("the password is scrambled first and the account locked second", func(t *testing.T) {
			o := c.open(t)
			require.NoError(t, o.Lock(t.Context(), o.ref()))
			require.Equal(t, []string{"scramble", "change"}, o.writes())
			require.NotEqual(t, o.entry(dn(ada)).password, o.read(t, dn(ada)).GetAttributeValue("userPassword"))
		})
		t.Run("a scrambling that hangs or fails does not keep the account from being locked", func(t *testing.T) {
			for _, effect := range []fault.Effect{fault.Hang(), fault.Cut(), fault.Answer(403, nil, "")} {
				o := c.open(t)
				o.faults.Add(fault.Rule{Match: changes, Times: 1, Effect: effect})
				started := time.Now()
				err := o.Lock(t.Context(), o.ref())
				require.Error(t, err, "a password that was left is told of")
				require.Less(t, time.Since(started), 4*time.Second)
				require.Equal(t, access.Locked, o.state(t).Status)
			}
		})
		t.Run("what is locked already keeps its password", func(t *testing.T) {
			o := c.open(t)
			o.set(t, dn(ada), o.lock, map[ldap.Dialect]string{ldap.OpenLDAP: "000001010000Z", ldap.DS389: "TRUE"}[o.dialect])
			require.Equal(t, access.Locked, o.state(t).Status)
			require.NoError(t, o.Lock(t.Context(), o.ref()))
			require.Empty(t, o.writes())
		})
		t.Run("a connection that was bound before the lock goes on, and is told of as residual", func(t *testing.T) {
			o := c.open(t)
			session, err := o.bind(t, dn(ada), password)
			require.NoError(t, err)
			progress := o.drive(t, o.guarded(t), access.Lock)
			require.Equal(t, access.Verified, progress.Cells[0].Disposition)
			require.NotNil(t, progress.Cells[0].Residual)
			require.Contains(t, progress.Cells[0].Residual.What, "connections that were bound before the lock")
			require.WithinDuration(t, time.Now().Add(24*time.Hour), progress.Cells[0].Residual.Until, time.Minute)

			found, err := session.Search(goldap.NewSearchRequest(dn(ada), goldap.ScopeBaseObject, goldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", nil, nil))
			require.NoError(t, err, "the open connection still reads")
			require.Len(t, found.Entries, 1)
			require.NoError(t, changesOwnPassword(session, "canary-Own-3"), "and still changes its own password")
			_, err = o.bind(t, dn(ada), "canary-Own-3")
			require.Equal(t, o.dialect == ldap.OpenLDAP, err == nil, "which undoes the lock in OpenLDAP, and in 389-ds does not")
		})
		t.Run("a lock that a password change has undone is caught by the second read", func(t *testing.T) {
			o := c.open(t)
			session, err := o.bind(t, dn(ada), password)
			require.NoError(t, err)
			s := o.guarded(t)
			for _, cell := range o.drive(t, s, access.Lock, access.Revoke).Cells {
				require.Equal(t, access.Verified, cell.Disposition, "%v", cell.Error)
			}
			require.NoError(t, changesOwnPassword(session, "canary-Own-3"))
			undone := o.dialect == ldap.OpenLDAP
			require.Equal(t, undone, o.state(t).Status == access.Active)

			require.Contains(t, s.Stages(), access.Verify)
			progress := o.drive(t, s, access.Verify)
			if undone {
				require.Equal(t, access.Running, progress.Cells[0].Disposition, "killed again, and to be read again")
				require.Equal(t, access.NotConverged, progress.Cells[0].Error.Code)
				progress = o.drive(t, s, access.Verify)
			}
			require.Equal(t, access.Verified, progress.Cells[0].Disposition, "%v", progress.Cells[0].Error)
			require.Equal(t, access.Locked, o.state(t).Status)
			_, err = o.bind(t, dn(ada), "canary-Own-3")
			require.Error(t, err)
		})
		t.Run("an account that has moved is found by its id, locked where it is, and not elsewhere", func(t *testing.T) {
			o := c.open(t)
			o.move(t, dn(ada), "uid=a.marsh-left", "ou=services,dc=example,dc=com")
			t.Cleanup(func() {
				o.set(t, "uid=a.marsh-left,ou=services,dc=example,dc=com", "uid", "a.marsh-left", "ada.marsh")
				o.move(t, "uid=a.marsh-left,ou=services,dc=example,dc=com", "uid=ada.marsh", people)
			})
			found, err := o.Find(t.Context(), ada)
			require.NoError(t, err)
			require.Empty(t, found, "by its keys it is not in base_dn any more")
			require.Equal(t, "uid=a.marsh-left,ou=services,dc=example,dc=com", o.state(t).Attributes["dn"])
			found, err = o.Find(t.Context(), access.Subject{Key: "P-1042", Accounts: []access.AccountRef{o.ref()}})
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.NoError(t, o.Lock(t.Context(), o.ref()))
			require.Equal(t, access.Locked, o.state(t).Status)
		})
		t.Run("an id of something other than an account is refused", func(t *testing.T) {
			o := c.open(t)
			group := access.AccountRef{System: system, ID: o.entry("cn=engineers," + groups).id}
			_, err := o.State(t.Context(), group)
			require.Equal(t, access.Unsupported, access.CodeOf(err))
			require.Equal(t, access.Unsupported, access.CodeOf(o.Lock(t.Context(), group)))
			require.Empty(t, o.writes())
		})
		t.Run("our own account is known, so that it is never locked", func(t *testing.T) {
			o := c.open(t)
			require.NoError(t, o.Check(t.Context()))
			require.Equal(t, []string{o.read(t, openldap.ConnectorDN).GetEqualFoldAttributeValue(o.id)}, o.Info().OwnAccounts)
		})
		t.Run("a directory that is locked by any attribute is locked by it", func(t *testing.T) {
			o := c.open(t, func(config *ldap.Config) {
				config.Dialect, config.IDAttribute, config.BindDN = ldap.GenericAttribute, c.id, openldap.AdminDN
				if c.dialect == ldap.DS389 {
					config.BindDN = ds389.AdminDN
				}
				config.LockAttribute, config.LockedValue, config.UnlockedValue = "title", "LOCKED", "open"
			})
			t.Setenv("LDAP_PASSWORD", openldap.AdminPassword)
			require.Equal(t, access.Active, o.state(t).Status)
			before := o.state(t)
			require.NoError(t, o.Lock(t.Context(), o.ref()))
			require.Equal(t, access.Locked, o.state(t).Status)
			require.Equal(t, "LOCKED", o.read(t, dn(ada)).GetAttributeValue("title"))
			require.NoError(t, o.Unlock(t.Context(), before))
			require.Equal(t, "open", o.read(t, dn(ada)).GetAttributeValue("title"))
			require.Equal(t, access.Active, o.state(t).Status)
			o.set(t, dn(ada), "title")
		})
	})
}

func TestPasswordPolicy(t *testing.T) {
	c, _ := startOpenLDAP(t)
	lockout := func(t *testing.T, value string) {
		c.set(t, openldap.PolicyDN, "pwdLockout", value)
		t.Cleanup(func() { c.set(t, openldap.PolicyDN, "pwdLockout", "TRUE") })
	}
	t.Run("a lock that the policy does not enforce is no lock", func(t *testing.T) {
		o := c.open(t)
		lockout(t, "FALSE")
		require.Equal(t, access.Unsupported, access.CodeOf(o.Check(t.Context())))
		err := o.Lock(t.Context(), o.ref())
		require.Equal(t, access.Unsupported, access.CodeOf(err))
		require.ErrorContains(t, err, "pwdLockout")
		require.Equal(t, "000001010000Z", o.read(t, dn(ada)).GetAttributeValue(o.lock), "it is set all the same")
		require.Equal(t, access.Active, o.state(t).Status)

		o.set(t, dn(ada), "userPassword", "canary-Known-2")
		o.set(t, dn(ada), o.lock, "000001010000Z")
		_, err = o.bind(t, dn(ada), "canary-Known-2")
		require.NoError(t, err, "the directory lets a leaver in who carries the lock")
	})
	t.Run("where policies disagree, the account's own decides, and the default must be named", func(t *testing.T) {
		const lax = "cn=lax,ou=policies,dc=example,dc=com"
		request := goldap.NewAddRequest(lax, nil)
		request.Attribute("objectClass", []string{"device", "pwdPolicy"})
		request.Attribute("pwdAttribute", []string{"userPassword"})
		require.NoError(t, c.admin.Add(request))
		t.Cleanup(func() { c.admin.Del(goldap.NewDelRequest(lax, nil)) })

		o := c.open(t)
		err := o.Check(t.Context())
		require.Equal(t, access.Unsupported, access.CodeOf(err))
		require.ErrorContains(t, err, "policy_dn")
		o = c.open(t, func(c *ldap.Config) { c.PolicyDN = openldap.PolicyDN })
		require.NoError(t, o.Check(t.Context()))
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.Equal(t, access.Locked, o.state(t).Status)
		o.set(t, dn(ada), "pwdPolicySubentry", lax)
		require.Equal(t, access.Active, o.state(t).Status)
		o.set(t, dn(ada), "pwdPolicySubentry")
	})
	t.Run("a lock after failed sign-ins, which may end by itself, is no lock", func(t *testing.T) {
		o := c.open(t)
		o.set(t, dn(ada), o.lock, "20261124170000Z")
		before := o.state(t)
		require.Equal(t, access.Active, before.Status)
		require.Equal(t, "pwdAccountLockedTime=20261124170000Z", before.Word)
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.Equal(t, access.Locked, o.state(t).Status)
		require.NoError(t, o.Unlock(t.Context(), before))
		require.Equal(t, before.Attributes, o.state(t).Attributes, "and it is restored")
	})
	t.Run("a password is scrambled also where hashed ones are refused and new ones must be good", func(t *testing.T) {
		o := c.open(t)
		for name, value := range map[string]string{"pwdCheckQuality": "2", "pwdMinLength": "12"} {
			c.set(t, openldap.PolicyDN, name, value)
			t.Cleanup(func() { c.set(t, openldap.PolicyDN, name) })
		}
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.Regexp(t, `^\{SSHA\}`, o.read(t, dn(ada)).GetAttributeValue("userPassword"), "and the directory keeps no clear text")
	})
	t.Run("policies that we may not see are no policies that enforce", func(t *testing.T) {
		o := c.open(t)
		o.set(t, dn(ada), o.lock, "000001010000Z")
		o.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return r.URL.Query().Get("filter") == "(objectClass=pwdPolicy)" }, Effect: fault.Answer(403, nil, "")})
		_, err := o.State(t.Context(), o.ref())
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.ErrorContains(t, err, "pwdLockout")
	})
}
