package activedirectory_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/activedirectory"
	"github.com/killsignal/killsignal/internal/servers/samba"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

// subCode is what a domain controller says of a refused bind: 52e for a wrong
// password, 533 for a disabled account with the right one.
func subCode(t *testing.T, err error) string {
	t.Helper()
	require.True(t, ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials), "%v", err)
	_, code, _ := strings.Cut(err.Error(), "data ")
	return code[:3]
}

func (w *world) lockTests(t *testing.T) {
	t.Run("the password is scrambled twice, and then the account is disabled", func(t *testing.T) {
		s := w.connect(t)
		var writes, passwords []string
		s.faults.OnRequest(func(_ int64, r *http.Request) {
			if r.Method != http.MethodPatch {
				return
			}
			secret := strings.TrimPrefix(r.Header.Get("Authorization"), "Password ")
			writes = append(writes, map[bool]string{true: "password", false: "other"}[secret != ""])
			passwords = append(passwords, strings.Trim(secret, `"`))
		})
		require.NoError(t, s.Lock(t.Context(), s.ref()))
		require.Equal(t, []string{"password", "password", "other"}, writes)
		require.NotEqual(t, passwords[0], passwords[1])
		require.Equal(t, "514", w.attribute(t, "ada.marsh", "userAccountControl"))
		for _, c := range []struct{ password, code, why string }{
			{adaPassword, "52e", "Ada's own password is gone"},
			{passwords[0], "533", "a domain goes on accepting the password before the last one, for which reason there are two"},
			{passwords[1], "533", "the last one is right, and of no use"},
		} {
			_, err := w.Bind(t, "ada.marsh@corp.example.com", c.password)
			require.Equal(t, c.code, subCode(t, err), c.why)
		}
	})
	t.Run("the other bits of userAccountControl and the expiry stay as they are", func(t *testing.T) {
		s := w.connect(t)
		w.modify(t, w.dn(t, "ada.marsh"), func(r *ldap.ModifyRequest) {
			r.Replace("userAccountControl", []string{"66048"})
			r.Replace("accountExpires", []string{"134000000000000000"})
		})
		require.NoError(t, s.Lock(t.Context(), s.ref()))
		require.Equal(t, "66050", w.attribute(t, "ada.marsh", "userAccountControl"))
		require.Equal(t, "134000000000000000", w.attribute(t, "ada.marsh", "accountExpires"))
		require.NoError(t, s.Unlock(t.Context(), access.AccountState{Ref: s.ref(), Status: access.Active}))
		require.Equal(t, "66048", w.attribute(t, "ada.marsh", "userAccountControl"))
		_, err := w.Bind(t, "ada.marsh@corp.example.com", adaPassword)
		require.Equal(t, "52e", subCode(t, err), "the password is consumed")
	})
	t.Run("a change that somebody makes at the same moment is not undone", func(t *testing.T) {
		s := w.connect(t)
		n := 0
		s.faults.OnRequest(func(_ int64, r *http.Request) {
			if r.Method == http.MethodPatch && r.Header.Get("Authorization") == "" {
				if n++; n == 1 {
					w.modify(t, "<GUID="+w.ids["ada.marsh"]+">", func(r *ldap.ModifyRequest) { r.Replace("userAccountControl", []string{"66048"}) })
				}
			}
		})
		require.NoError(t, s.Lock(t.Context(), s.ref()))
		require.Equal(t, 2, n, "the first attempt met the change")
		require.Equal(t, "66050", w.attribute(t, "ada.marsh", "userAccountControl"))
	})
	t.Run("an account whose password cannot be scrambled is disabled all the same, and that is told", func(t *testing.T) {
		s := w.connect(t)
		s.faults.Add(fault.Rule{Match: fault.Writes, Skip: 1, Times: 1, Effect: fault.Answer(http.StatusForbidden, nil, "")}) // the first POST is the bind
		err := s.Lock(t.Context(), s.ref())
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.ErrorContains(t, err, "reset passwords")
		require.Equal(t, "514", w.attribute(t, "ada.marsh", "userAccountControl"))
	})
	t.Run("a scramble that hangs holds up the lock for two seconds at most", func(t *testing.T) {
		s := w.connect(t)
		s.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("Authorization"), "Password") }, Effect: fault.Hang()})
		started := time.Now()
		require.Equal(t, access.Unknown, access.CodeOf(s.Lock(t.Context(), s.ref())))
		require.Less(t, time.Since(started), 4*time.Second)
		require.Equal(t, "514", w.attribute(t, "ada.marsh", "userAccountControl"))
	})
	t.Run("an account under an id outside base_dn, and a computer's, are never touched", func(t *testing.T) {
		s := w.connect(t)
		w.add(t, "CN=laptop-7,"+people, "computer", map[string][]string{"sAMAccountName": {"laptop-7$"}})
		t.Cleanup(func() { require.NoError(t, w.door.Del(ldap.NewDelRequest("CN=laptop-7,"+people, nil))) })
		for _, dn := range []string{"CN=Administrator,CN=Users," + samba.Base, "CN=laptop-7," + people} {
			ref := access.AccountRef{System: system, ID: uuid(w.entry(t, dn, "objectGUID").GetRawAttributeValue("objectGUID"))}
			_, err := s.State(t.Context(), ref)
			require.Equal(t, access.Unsupported, access.CodeOf(err))
			require.Equal(t, access.Unsupported, access.CodeOf(s.Lock(t.Context(), ref)))
			require.Equal(t, access.Unsupported, access.CodeOf(s.Unlock(t.Context(), access.AccountState{Ref: ref, Status: access.Active})))
		}
	})
}

// administrators are about accounts with adminCount=1.
func (w *world) administratorTests(t *testing.T) {
	administrator := func(t *testing.T) {
		w.modify(t, w.dn(t, "ada.marsh"), func(r *ldap.ModifyRequest) { r.Replace("adminCount", []string{"1"}) })
	}
	t.Run("an administrator is locked like anyone, and what AdminSDHolder restores is reported", func(t *testing.T) {
		s := w.connect(t)
		administrator(t)
		require.NoError(t, s.Lock(t.Context(), s.ref()))
		state, err := s.State(t.Context(), s.ref())
		require.NoError(t, err)
		require.Equal(t, access.Locked, state.Status)
		require.Equal(t, "1", state.Attributes["adminCount"])
		guard := s.right(t, "administrator-guard")
		require.Equal(t, access.Inherent, guard.Obstacle)
		require.Contains(t, guard.Source, "AdminSDHolder restores")
	})
	t.Run("an administrator whom AdminSDHolder keeps from us is a person's work, and says why", func(t *testing.T) {
		s := w.connect(t)
		administrator(t)
		w.guard(t)
		err := s.Lock(t.Context(), s.ref())
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.ErrorContains(t, err, "AdminSDHolder keeps delegated rights off it")
		require.Equal(t, "512", w.attribute(t, "ada.marsh", "userAccountControl"))
	})
	t.Run("a domain administrator's credential locks such an administrator", func(t *testing.T) {
		s := w.connect(t, func(c *activedirectory.Config) { c.BindDN = samba.Admin })
		t.Setenv("AD_PASSWORD", samba.AdminPassword)
		administrator(t)
		w.guard(t)
		require.NoError(t, s.Lock(t.Context(), s.ref()))
		require.Equal(t, "514", w.attribute(t, "ada.marsh", "userAccountControl"))
	})
}

// guard does to Ada's access list what a domain does to an administrator's every
// hour: it puts AdminSDHolder's in its place, which inherits nothing.
func (w *world) guard(t *testing.T) {
	t.Helper()
	const attribute = "nTSecurityDescriptor"
	acl := func(dn string) string {
		flags := ldap.NewControlMicrosoftSDFlags()
		flags.ControlValue = 4 // the DACL alone
		found, err := w.door.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{attribute}, []ldap.Control{flags}))
		require.NoError(t, err)
		return string(found.Entries[0].GetRawAttributeValue(attribute))
	}
	put := func(value string) {
		flags := ldap.NewControlMicrosoftSDFlags()
		flags.ControlValue = 4
		r := ldap.NewModifyRequest("<GUID="+w.ids["ada.marsh"]+">", []ldap.Control{flags})
		r.Replace(attribute, []string{value})
		require.NoError(t, w.door.Modify(r))
	}
	before := acl("<GUID=" + w.ids["ada.marsh"] + ">")
	t.Cleanup(func() { put(before) })
	list := []byte(acl("CN=AdminSDHolder,CN=System," + samba.Base))
	list[3] |= 0x10 // the list inherits nothing (MS-DTYP 2.4.6); Samba's own leaves that out
	put(string(list))
}
