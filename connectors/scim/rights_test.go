package scim_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	application "github.com/killsignal/killsignal/internal/simulator/scim"
)

func TestMembership(t *testing.T) {
	invisible := func(t *testing.T, o *office) {
		t.Helper()
		rights := o.rights(t)
		require.Len(t, rights, 1)
		require.Equal(t, access.Invisible, rights[0].Obstacle)
		require.Equal(t, access.Unsupported, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), rights[0])))
	}
	t.Run("membership that is not visible is unprovable, not gone", func(t *testing.T) {
		for name, habits := range map[string]application.Habits{
			"groups always empty":       application.Jackson(),
			"groups without members":    {Members: application.Omitted, MembersFilter: application.FindsNothing},
			"empty, and the filter off": {Members: application.Never, MembersFilter: application.Ignored},
			"no groups at all":          {NoGroups: true},
		} {
			t.Run(name, func(t *testing.T) { invisible(t, open(t, habits)) })
		}
	})
	t.Run("membership that is configured as unprovable is", func(t *testing.T) {
		o := open(t, application.Plain(), func(c *scim.Config) { c.Membership = scim.Unprovable })
		invisible(t, o)
		require.Zero(t, o.asked("/Groups"))
	})
	t.Run("memberships are found however the application shows them", func(t *testing.T) {
		for name, habits := range map[string]application.Habits{
			"on the user":                           {GroupsOfUser: true, NoGroups: true},
			"by a filter":                           {},
			"by a filter, rows without members":     {Members: application.NotInList},
			"by a filter, groups that look empty":   {Members: application.Never},
			"by a filter that is ignored":           {MembersFilter: application.Ignored, PageSize: 1},
			"in every group":                        {MembersFilter: application.Refused, PageSize: 1},
			"in every group, read alone":            {MembersFilter: application.Refused, Members: application.NotInList},
			"in every group, the filter finds none": {MembersFilter: application.FindsNothing},
		} {
			t.Run(name, func(t *testing.T) {
				o := open(t, habits)
				require.Equal(t, []string{"Editors", "Owners"}, o.groups(t))
				require.Equal(t, []string{"Editors", "Owners"}, o.groups(t), "read again, with what was learnt")
			})
		}
	})
	t.Run("a group that shows no member is not one of an account's where the filter is ignored", func(t *testing.T) {
		o := open(t, application.Habits{MembersFilter: application.Ignored})
		require.Equal(t, []string{"Editors", "Owners"}, o.groups(t))
		require.NotContains(t, o.groups(t), "Empty")
	})
	t.Run("a listing that we may not see is denied", func(t *testing.T) {
		o := open(t, application.Habits{})
		o.app.Deny("groups.read")
		_, err := o.Rights(t.Context(), o.ref(), access.Grant, "")
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.ErrorContains(t, err, "read groups")
		require.Equal(t, access.Denied, access.CodeOf(o.Check(t.Context())))
	})
	t.Run("an account that is gone has no rights", func(t *testing.T) {
		o := open(t, application.Plain(), func(c *scim.Config) { c.Lock = scim.Delete })
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.Empty(t, o.rights(t))
	})
}

func TestLeaveGroup(t *testing.T) {
	editors := func(o *office) access.Right {
		return access.Right{Kind: access.Grant, Type: "group", ID: o.editors, Name: "Editors"}
	}
	t.Run("one membership goes and nobody else's, in the form that the application takes", func(t *testing.T) {
		for name, c := range map[string]struct {
			habits application.Habits
			writes []string
		}{
			"one member by its path":            {application.Plain(), []string{"PATCH OK"}},
			"a PUT where PATCH is unsupported":  {application.LegacyNoPatch(), []string{"PATCH Not Implemented", "PUT OK"}},
			"a PUT where no path is read":       {application.Habits{MemberRemoval: application.EntraOnly}, []string{"PATCH Bad Request", "PUT OK"}},
			"a PUT where no PATCH is announced": {application.Habits{Patch: application.NoPatch, MemberRemoval: application.RefusedBare}, []string{"PATCH Bad Request", "PUT OK"}},
			"a list where no path is read":      {application.EntraShaped(), []string{"PATCH Bad Request", "PUT Method Not Allowed", "PATCH No Content"}},
		} {
			t.Run(name, func(t *testing.T) {
				o := open(t, c.habits)
				others := o.others()
				require.NoError(t, o.RevokeRight(t.Context(), o.ref(), editors(o)))
				require.Equal(t, []string{"Owners"}, o.truth(t).Groups)
				require.Equal(t, others, o.others())
				require.Equal(t, c.writes, o.writes())
			})
		}
	})
	t.Run("a refusal without a reason and a server error are never followed by another removal, which may remove all", func(t *testing.T) {
		for status, code := range map[int]access.Code{http.StatusBadRequest: access.Unsupported, http.StatusNotFound: access.Unsupported,
			http.StatusInternalServerError: access.Unknown} {
			o := open(t, application.Plain())
			o.faults.Add(fault.Rule{Match: fault.Writes, Effect: fault.Answer(status, nil, "")})
			require.Equal(t, code, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), editors(o))))
			require.Equal(t, []string{"PATCH " + http.StatusText(status)}, o.writes())
		}
	})
	t.Run("a server error is not followed by a PUT even where no PATCH is announced", func(t *testing.T) {
		o := open(t, application.Habits{Patch: application.NoPatch})
		o.faults.Add(fault.Rule{Match: fault.Writes, Effect: fault.Answer(http.StatusInternalServerError, nil, "")})
		require.Equal(t, access.Unknown, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), editors(o))))
		require.Equal(t, []string{"PATCH Internal Server Error"}, o.writes())
	})
	t.Run("a PUT that met a newer version of the group has not converged, and nobody is put back or removed", func(t *testing.T) {
		o := open(t, application.LegacyNoPatch())
		others := o.others()
		o.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return r.Method == http.MethodPut && r.Header.Get("If-Match") != "" }, Times: 1,
			Effect: fault.Answer(http.StatusPreconditionFailed, nil, "")})
		require.Equal(t, access.NotConverged, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), editors(o))))
		require.NoError(t, o.RevokeRight(t.Context(), o.ref(), editors(o)))
		require.Equal(t, others, o.others())
	})
	t.Run("a group whose members are hidden is never written as a whole", func(t *testing.T) {
		o := open(t, application.Habits{Members: application.Never, MemberRemoval: application.NoGroupPatch})
		others := o.others()
		require.Equal(t, access.Unsupported, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), editors(o))))
		require.NotContains(t, o.writes(), "PUT OK")
		require.Equal(t, others, o.others())
	})
	t.Run("a removal that does nothing has not converged", func(t *testing.T) {
		o := open(t, application.Habits{MemberRemoval: application.NothingHeard})
		require.Equal(t, access.NotConverged, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), editors(o))))
		require.Equal(t, []string{"PATCH OK"}, o.writes())
	})
	t.Run("a group that is gone is left", func(t *testing.T) {
		o := open(t, application.Plain())
		gone := editors(o)
		gone.ID = "11111111-2222-4333-8444-555555555555"
		require.NoError(t, o.RevokeRight(t.Context(), o.ref(), gone))
	})
	t.Run("a denied removal is denied", func(t *testing.T) {
		o := open(t, application.Plain())
		o.app.Deny("groups.write")
		require.Equal(t, access.Denied, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), editors(o))))
	})
}
