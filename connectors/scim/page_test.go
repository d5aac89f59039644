package scim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	application "github.com/killsignal/killsignal/internal/simulator/scim"
)

func TestListing(t *testing.T) {
	everybody := func(t *testing.T, o *office) int {
		accounts, err := connectors.Collect(t.Context(), o.Accounts)
		require.NoError(t, err)
		seen := map[string]bool{}
		for _, a := range accounts {
			require.False(t, seen[a.Ref.ID], "an account twice")
			seen[a.Ref.ID] = true
		}
		return len(seen)
	}
	for name, habits := range map[string]application.Habits{
		"pages of one":                         {PageSize: 1},
		"pages of two, counted alone":          {PageSize: 2, Totals: application.PageRows, NoResources: true},
		"pages of one, counted alone":          {PageSize: 1, Totals: application.PageRows, NoResources: true},
		"pages by cursor":                      {PageSize: 2, CursorPages: true},
		"everything on one page that is full":  {PageSize: 3},
		"an empty list that leaves rows out":   {NoResources: true},
		"no announcement of what is supported": {NoConfig: true, PageSize: 2},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, 3, everybody(t, open(t, habits))) })
	}
	t.Run("a page that is repeated although more is announced is unknown", func(t *testing.T) {
		o := open(t, application.Plain())
		o.answered(http.StatusOK, `{"totalResults":9,"Resources":[{"id":"a","userName":"a"},{"id":"b","userName":"b"}]}`)
		_, err := connectors.Collect(t.Context(), o.Accounts)
		require.Equal(t, access.Unknown, access.CodeOf(err))
	})
	t.Run("an application that cannot page and shows all is read to its end", func(t *testing.T) {
		o := open(t, application.Plain())
		o.answered(http.StatusOK, `{"totalResults":2,"Resources":[{"id":"a","userName":"a"},{"id":7,"userName":"b","active":"False"}]}`)
		accounts, err := connectors.Collect(t.Context(), o.Accounts)
		require.NoError(t, err)
		require.Len(t, accounts, 2)
		require.Equal(t, "7", accounts[1].Ref.ID)
		require.Equal(t, access.Locked, accounts[1].Status)
	})
	t.Run("rows that go away while they are listed make it begin again", func(t *testing.T) {
		o := open(t, application.Habits{PageSize: 2, UserNameFilter: application.Refused}, func(c *scim.Config) { c.Correlators = []scim.Attribute{scim.UserName} })
		o.faults.Add(fault.Rule{Match: fault.Path("/Users"), Skip: 1, Times: 1, Effect: fault.Answer(http.StatusOK, nil,
			`{"totalResults":5,"Resources":[{"id":"x1","userName":"x1"},{"id":"x2","userName":"x2"}]}`)})
		require.Equal(t, []string{o.ada}, o.find(t, ada))
	})
	t.Run("whoever slides to a page that was read is not missed", func(t *testing.T) {
		refuses := application.Habits{UserNameFilter: application.Refused, EmailFilter: application.Refused, ExternalIDFilter: application.Refused, PageSize: 2}
		for name, c := range map[string]struct{ at, who string }{
			"on a page in between": {"startIndex=3", "ben.okoro@example.com"},
			"on the last page":     {"startIndex=5", "lee"},
		} {
			t.Run(name, func(t *testing.T) {
				o := open(t, refuses)
				for _, user := range []string{"kim", "lee"} {
					o.app.AddUser(application.User{UserName: user})
				}
				o.deleteAt(t, c.at, o.marshall)
				require.Len(t, o.find(t, access.Subject{Key: "P-9", UserNames: []string{c.who}}), 1)
			})
		}
	})
	t.Run("a group that slides to a page that was read is not missed", func(t *testing.T) {
		o := open(t, application.Habits{MembersFilter: application.Refused, PageSize: 2})
		require.True(t, o.app.AddMember(o.app.AddGroup("Zoology"), o.ada))
		o.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "startIndex=5") }, Times: 1,
			Effect: fault.Answer(http.StatusOK, nil, `{"totalResults":4,"Resources":[]}`)})
		require.Equal(t, []string{"Editors", "Owners", "Zoology"}, o.groups(t))
	})
	t.Run("a listing that goes on shrinking has not converged", func(t *testing.T) {
		o := open(t, application.Habits{PageSize: 2})
		o.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "startIndex=3") },
			Effect: fault.Answer(http.StatusOK, nil, `{"totalResults":2}`)})
		_, err := connectors.Collect(t.Context(), o.Accounts)
		require.Equal(t, access.NotConverged, access.CodeOf(err))
	})
}
