package ldap_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/ldap"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

const (
	elsewhere   = "ou=roles,dc=example,dc=com" // outside group_base_dn
	placeholder = "cn=nobody,ou=services,dc=example,dc=com"
)

// group adds a group that is not one of the company's own.
func (c *company) group(t *testing.T, dn, class, attribute string, members ...string) access.Right {
	t.Helper()
	before := len(c.entries)
	attributes := map[string][]string{"objectClass": {class}}
	if len(members) > 0 {
		attributes[attribute] = members
	}
	id := c.add(t, dn, attributes)
	c.entries = c.entries[:before]
	return access.Right{Kind: access.Grant, Type: map[string]string{"member": "group", "uniqueMember": "unique-group", "memberUid": "posix-group"}[attribute], ID: id}
}

func TestGroups(t *testing.T) {
	onBoth(t, func(t *testing.T, c *company) {
		t.Run("every sort of group is listed, with the primary one as inherent", func(t *testing.T) {
			o := c.open(t)
			require.Equal(t, []string{"engineers", "owners", "printers", "shell", "staff"}, names(o.rights(t)))
			require.Equal(t, "group", o.right(t, "owners").Type)
			require.Equal(t, "unique-group", o.right(t, "printers").Type)
			require.Equal(t, "posix-group", o.right(t, "shell").Type)
			require.Equal(t, access.Inherent, o.right(t, "staff").Obstacle)
			require.Equal(t, access.Unsupported, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), o.right(t, "staff"))))
		})
		t.Run("one membership goes and nobody else's", func(t *testing.T) {
			o := c.open(t)
			for _, name := range []string{"owners", "printers", "shell"} {
				require.NoError(t, o.RevokeRight(t.Context(), o.ref(), o.right(t, name)))
			}
			require.Equal(t, []string{dn(ben)}, o.read(t, "cn=owners,"+groups).GetAttributeValues("member"))
			require.Equal(t, []string{dn(marshall)}, o.read(t, "cn=printers,"+groups).GetAttributeValues("uniqueMember"))
			require.Equal(t, []string{"ben.okoro"}, o.read(t, "cn=shell,"+groups).GetAttributeValues("memberUid"))
			require.Equal(t, []string{"engineers", "staff"}, names(o.rights(t)))
			require.Len(t, o.writes(), 3)
		})
		t.Run("a group that was renamed is left under its id", func(t *testing.T) {
			o := c.open(t)
			right := o.right(t, "owners")
			o.move(t, "cn=owners,"+groups, "cn=keepers", "")
			t.Cleanup(func() { o.move(t, "cn=keepers,"+groups, "cn=owners", "") })
			require.NoError(t, o.RevokeRight(t.Context(), o.ref(), right))
			require.Equal(t, []string{dn(ben)}, o.read(t, "cn=keepers,"+groups).GetAttributeValues("member"))
		})
		t.Run("a membership outside group_base_dn is found by memberOf, and left", func(t *testing.T) {
			o := c.open(t)
			o.group(t, "cn=hidden,"+elsewhere, "groupOfNames", "member", dn(ada), dn(ben))
			t.Cleanup(func() { o.remove(t, "cn=hidden,"+elsewhere) })
			right := o.right(t, "hidden")
			require.True(t, right.Removable())
			require.NoError(t, o.RevokeRight(t.Context(), o.ref(), right))
			require.NotContains(t, names(o.rights(t)), "hidden")
		})
		t.Run("the last member of a group stands as an obstacle where the schema wants one, and is removed where it does not", func(t *testing.T) {
			o := c.open(t)
			o.group(t, "cn=lonely,"+groups, "groupOfNames", "member", dn(ada))
			s := o.guarded(t)
			require.Equal(t, access.Verified, o.drive(t, s, access.Lock).Cells[0].Disposition)
			progress := o.drive(t, s, access.Revoke)
			if o.dialect == ldap.DS389 {
				require.Equal(t, access.Verified, progress.Cells[0].Disposition, "%v", progress.Cells[0].Error)
				require.Empty(t, o.read(t, "cn=lonely,"+groups).GetAttributeValues("member"))
				return
			}
			require.Equal(t, access.Manual, progress.Cells[0].Disposition, "a person must decide, and nothing is tried again")
			require.Equal(t, access.Unsupported, progress.Cells[0].Error.Code)
			require.Equal(t, []string{"lonely", "staff"}, names(o.rights(t)))
			require.Equal(t, access.OtherTool, o.right(t, "lonely").Obstacle)
			require.Contains(t, o.right(t, "lonely").Source, "placeholder_dn")

			writes := len(o.writes())
			o.drive(t, s, access.Revoke)
			require.Len(t, o.writes(), writes, "nothing more is sent")
		})
		t.Run("a placeholder takes the place of the last member, and of no other", func(t *testing.T) {
			o := c.open(t, func(c *ldap.Config) { c.PlaceholderDN = placeholder })
			o.group(t, "cn=lonely,"+groups, "groupOfNames", "member", dn(ada))
			o.group(t, "cn=single,"+groups, "groupOfUniqueNames", "uniqueMember", dn(ada))
			s := o.guarded(t)
			for _, cell := range o.drive(t, s, access.Lock, access.Revoke).Cells {
				require.Equal(t, access.Verified, cell.Disposition, "%v", cell.Error)
			}
			if o.dialect == ldap.OpenLDAP {
				require.Equal(t, []string{placeholder}, o.read(t, "cn=lonely,"+groups).GetAttributeValues("member"))
				require.Equal(t, []string{placeholder}, o.read(t, "cn=single,"+groups).GetAttributeValues("uniqueMember"))
			}
			require.Equal(t, []string{dn(ben)}, o.read(t, "cn=owners,"+groups).GetAttributeValues("member"))
		})
		t.Run("a group that became empty of others after it was listed is an obstacle, not a retry", func(t *testing.T) {
			if c.dialect == ldap.DS389 {
				t.Skip("389-ds lets a group be empty")
			}
			o := c.open(t)
			right := o.right(t, "owners")
			o.set(t, "cn=owners,"+groups, "member", dn(ada))
			err := o.RevokeRight(t.Context(), o.ref(), right)
			require.Equal(t, access.Unsupported, access.CodeOf(err))
			require.ErrorContains(t, err, "last member")
			require.Len(t, o.writes(), 1)
		})
		t.Run("a refusal that says there is no such member is believed only after a fresh read", func(t *testing.T) {
			o := c.open(t)
			right := o.right(t, "owners")
			o.faults.Add(fault.Rule{Match: changes, Times: 1, Effect: fault.Answer(409, nil, "")}) // noSuchAttribute
			require.Equal(t, access.NotConverged, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), right)))
			require.NoError(t, o.RevokeRight(t.Context(), o.ref(), right))
		})
		t.Run("groups whose members we may not see are denied, not empty", func(t *testing.T) {
			o := c.open(t, func(c *ldap.Config) { c.GroupBaseDN = "ou=services,dc=example,dc=com" })
			_, err := o.Rights(t.Context(), o.ref(), access.Grant, "")
			require.Equal(t, access.Denied, access.CodeOf(err))
			require.ErrorContains(t, err, "members of groups")
			require.Equal(t, access.Denied, access.CodeOf(o.Check(t.Context())))
		})
		t.Run("without group_base_dn there is nothing to revoke", func(t *testing.T) {
			o := c.open(t, func(c *ldap.Config) { c.GroupBaseDN = "" })
			require.NoError(t, o.Check(t.Context()))
			s := o.guarded(t)
			require.NotContains(t, s.Stages(), access.Revoke)
			require.Contains(t, s.Stages(), access.Verify)
		})
	})
}

func TestNestedGroups(t *testing.T) {
	c := start389(t) // its memberOf follows groups in groups
	o := c.open(t)
	o.group(t, "cn=outer,"+elsewhere, "groupOfNames", "member", "cn=owners,"+groups)
	right := o.right(t, "outer")
	require.Equal(t, access.ByGroup, right.Obstacle)
	s := o.guarded(t)
	for _, cell := range o.drive(t, s, access.Lock, access.Revoke).Cells {
		require.Equal(t, access.Verified, cell.Disposition, "what came through another group goes with it: %v", cell.Error)
	}
	require.False(t, slices.ContainsFunc(o.rights(t), func(r access.Right) bool { return r.Name == "outer" }))
}
