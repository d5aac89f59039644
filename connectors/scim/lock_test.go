package scim_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	application "github.com/killsignal/killsignal/internal/simulator/scim"
)

func TestLock(t *testing.T) {
	t.Run("each application is locked in the first form that it takes, and the form is remembered", func(t *testing.T) {
		for _, c := range []struct {
			name   string
			habits application.Habits
			first  []string
			again  string
		}{
			{"path", application.Plain(), []string{"PATCH OK"}, "PATCH OK"},
			{"no path, since the path is refused", application.StringBooleans(), []string{"PATCH Bad Request", "PATCH OK"}, "PATCH OK"},
			{"no path, since the path does nothing", application.HalfPatched(), []string{"PATCH No Content", "PATCH No Content"}, "PATCH No Content"},
			{"a string", application.EntraShaped(), []string{"PATCH Bad Request", "PATCH Bad Request", "PATCH No Content"}, "PATCH No Content"},
			{"PUT, since PATCH is not implemented", application.LegacyNoPatch(), []string{"PATCH Not Implemented", "PATCH Not Implemented", "PATCH Not Implemented", "PUT OK"}, "PUT OK"},
			{"PUT, since PATCH has no route", application.NamedIDs(), []string{"PATCH Not Found", "PATCH Not Found", "PATCH Not Found", "PUT OK"}, "PUT OK"},
		} {
			t.Run(c.name, func(t *testing.T) {
				o := open(t, c.habits)
				require.NoError(t, o.Lock(t.Context(), o.ref()))
				require.Equal(t, "locked", o.truth(t).Status)
				require.Equal(t, c.first, o.writes())
				require.NoError(t, o.Lock(t.Context(), access.AccountRef{System: system, ID: o.marshall}))
				require.Equal(t, append(c.first, c.again), o.writes())
			})
		}
	})
	t.Run("PUT comes first where PATCH is announced as unsupported", func(t *testing.T) {
		o := open(t, application.Habits{Patch: application.NoPatch})
		require.NoError(t, o.Check(t.Context()))
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.Equal(t, []string{"PUT OK"}, o.writes())
	})
	t.Run("a PUT keeps active false and all else", func(t *testing.T) {
		o := open(t, application.LegacyNoPatch())
		before, _ := o.app.User(o.ada)
		for range 2 {
			require.NoError(t, o.Lock(t.Context(), o.ref()))
			require.Equal(t, "locked", o.truth(t).Status)
		}
		after, _ := o.app.User(o.ada)
		before.Locked = true
		require.Equal(t, before, after)
	})
	t.Run("a PUT that met a newer version has not converged", func(t *testing.T) {
		o := open(t, application.LegacyNoPatch())
		o.faults.Add(fault.Rule{Match: func(r *http.Request) bool { return r.Method == http.MethodPut }, Times: 1,
			Effect: fault.Answer(http.StatusPreconditionFailed, nil, "")})
		require.Equal(t, access.NotConverged, access.CodeOf(o.Lock(t.Context(), o.ref())))
		require.NoError(t, o.Lock(t.Context(), o.ref()))
	})
	t.Run("the string False is locked", func(t *testing.T) {
		o := open(t, application.Habits{Booleans: application.StringsAnswers})
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.Equal(t, access.Locked, o.state(t).Status)
		require.Equal(t, "false", o.state(t).Attributes["active"])
	})
	t.Run("an owner who cannot be deactivated is unsupported and stays active", func(t *testing.T) {
		o := open(t, application.LaunchDarkly())
		owner := access.AccountRef{System: system, ID: o.app.AddUser(application.User{UserName: "owner@example.com", Owner: true})}
		err := o.Lock(t.Context(), owner)
		require.Equal(t, access.Unsupported, access.CodeOf(err))
		require.NotContains(t, err.Error(), "Cannot deactivate", "a provider's words")
		state, err := o.State(t.Context(), owner)
		require.NoError(t, err)
		require.Equal(t, access.Active, state.Status)
	})
	t.Run("an application without deactivation is unsupported", func(t *testing.T) {
		o := open(t, application.Habits{NoDeactivation: true})
		require.Equal(t, access.Unsupported, access.CodeOf(o.Lock(t.Context(), o.ref())))
		require.Equal(t, access.Active, o.state(t).Status, "active that is absent excludes no sign-in")
		require.Equal(t, []string{"PATCH OK", "PATCH OK", "PUT OK"}, o.writes(), "who takes a boolean is sent no string, which may mean true")
	})
	t.Run("a server error is not taken for a refusal of the lock", func(t *testing.T) {
		o := open(t, application.Plain())
		o.faults.Add(fault.Rule{Match: fault.Writes, Effect: fault.Answer(http.StatusInternalServerError, nil, `{"status":500}`)})
		require.Equal(t, access.Unknown, access.CodeOf(o.Lock(t.Context(), o.ref())))
	})
	t.Run("a lock that readers do not see yet is not tried in other forms", func(t *testing.T) {
		habits := application.Plain()
		habits.PatchAnswers = http.StatusNoContent
		o := open(t, habits, func(c *scim.Config) { c.Settle = time.Minute })
		o.app.SetLag(time.Hour)
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.Equal(t, []string{"PATCH No Content"}, o.writes())
		require.Equal(t, access.Active, o.state(t).Status)
		o.app.SetLag(0)
		require.Equal(t, access.Locked, o.state(t).Status)
	})
	t.Run("a form that is accepted and never seen to work gives way to the next one, drive by drive", func(t *testing.T) {
		for name, c := range map[string]struct {
			patch  application.Patch
			drives int
		}{
			"an operation without a path": {application.PathIgnored, 2},
			"a PUT":                       {application.AllIgnored, 3},
		} {
			t.Run(name, func(t *testing.T) {
				habits := application.HalfPatched()
				habits.Patch = c.patch
				o := open(t, habits, func(c *scim.Config) { c.Settle = time.Millisecond })
				guarded := connectors.NewSystem(connectors.Options{Name: system, Connector: o.Connector, Ledger: &connectortest.Ledger{}, Witness: marshall})
				job := connectors.Job{Case: "case-1", Subject: ada, Stages: []access.Stage{access.Lock}}
				for range c.drives - 1 {
					require.Equal(t, access.NotConverged, guarded.Drive(t.Context(), job).Cells[0].Error.Code)
				}
				require.Equal(t, access.Verified, guarded.Drive(t.Context(), job).Cells[0].Disposition)
				require.Equal(t, "locked", o.truth(t).Status)
			})
		}
	})
	t.Run("a denied lock is denied, and the hint names the permission", func(t *testing.T) {
		o := open(t, application.Plain())
		o.app.Deny("users.write")
		err := o.Lock(t.Context(), o.ref())
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.ErrorContains(t, err, "write users")
		require.Len(t, o.writes(), 1)
	})
	t.Run("a lock waits for its turn when the application says so", func(t *testing.T) {
		o := open(t, application.Plain())
		o.app.SetRate(1, 1100*time.Millisecond)
		require.Equal(t, access.Active, o.state(t).Status)
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.Equal(t, "locked", o.truth(t).Status)
	})
	t.Run("an unlock restores what was active and nothing else", func(t *testing.T) {
		for _, habits := range []application.Habits{application.Plain(), application.EntraShaped(), application.LegacyNoPatch()} {
			o := open(t, habits)
			before := o.state(t)
			require.NoError(t, o.Lock(t.Context(), o.ref()))
			locked := o.state(t)
			require.NoError(t, o.Unlock(t.Context(), locked))
			require.Equal(t, "locked", o.truth(t).Status, "it was locked before")
			require.NoError(t, o.Unlock(t.Context(), before))
			require.Equal(t, "active", o.truth(t).Status)
		}
	})
}

func TestDelete(t *testing.T) {
	deleting := func(c *scim.Config) { c.Lock = scim.Delete }
	t.Run("a deletion is absent, also when the application keeps what it deletes", func(t *testing.T) {
		for _, habits := range []application.Habits{application.Plain(), application.Jackson(), application.SoftDeleter(), application.OldNumbers()} {
			o := open(t, habits, deleting)
			require.NoError(t, o.Lock(t.Context(), o.ref()))
			require.Equal(t, access.Absent, o.state(t).Status)
			require.Empty(t, o.find(t, ada))
			require.False(t, o.app.SessionAlive(o.session))
			require.NoError(t, o.Lock(t.Context(), o.ref()), "deleting what is deleted")
		}
	})
	t.Run("a deletion that only deactivates is locked", func(t *testing.T) {
		o := open(t, application.Slack(), deleting)
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.Equal(t, access.Locked, o.state(t).Status)
	})
	t.Run("an application without deletion is unsupported", func(t *testing.T) {
		o := open(t, application.Canva(), deleting)
		require.Equal(t, access.Unsupported, access.CodeOf(o.Lock(t.Context(), o.ref())))
	})
	t.Run("a deletion cannot be undone, and says so beforehand", func(t *testing.T) {
		o := open(t, application.Plain(), deleting)
		require.Equal(t, []string{"account"}, o.Info().Consumes)
		require.Empty(t, o.Info().Restores)
		require.Equal(t, access.Unsupported, access.CodeOf(o.Unlock(t.Context(), o.state(t))))
	})
}

func TestState(t *testing.T) {
	t.Run("not found behind a wrong address is not absence", func(t *testing.T) {
		o := open(t, application.Plain(), func(c *scim.Config) { c.URL += "/v3" })
		_, err := o.State(t.Context(), o.ref())
		require.Equal(t, access.Unsupported, access.CodeOf(err))
		require.Equal(t, access.Invalid, access.CodeOf(o.Check(t.Context())))
	})
	t.Run("not found is not absence when users may not be read", func(t *testing.T) {
		o := open(t, application.Plain())
		o.faults.Add(fault.Rule{Match: fault.Path("/Users/"), Effect: fault.Answer(http.StatusNotFound, nil, "")})
		o.app.Deny("users.read")
		_, err := o.State(t.Context(), o.ref())
		require.Equal(t, access.Denied, access.CodeOf(err))
	})
	t.Run("one answer of not found is no absence while the account is still listed", func(t *testing.T) {
		for name, habits := range map[string]application.Habits{
			"by a filter on ids":               application.Plain(),
			"where the filter is refused":      {OtherFilter: application.Refused, PageSize: 1},
			"where the filter finds nothing":   {OtherFilter: application.FindsNothing, PageSize: 1},
			"where every filter is ignored":    application.FilterDeaf(),
			"where the ids are numbers":        application.OldNumbers(),
			"where pages are asked by cursors": application.AWSIdentityCenter(),
		} {
			t.Run(name, func(t *testing.T) {
				o := open(t, habits)
				o.faults.Add(fault.Rule{Match: fault.Path("/Users/" + o.ada), Effect: fault.Answer(http.StatusNotFound, nil, "{}")})
				_, err := o.State(t.Context(), o.ref())
				require.Equal(t, access.NotConverged, access.CodeOf(err))
				_, err = o.Find(t.Context(), access.Subject{Key: "P-9", Accounts: []access.AccountRef{o.ref()}})
				require.Equal(t, access.NotConverged, access.CodeOf(err))
				require.Equal(t, access.NotConverged, access.CodeOf(o.Lock(t.Context(), o.ref())))
			})
		}
	})
	t.Run("an account that is neither found nor listed is absent", func(t *testing.T) {
		for _, preset := range application.Presets() {
			t.Run(preset.Name, func(t *testing.T) {
				o := open(t, preset.Habits)
				state, err := o.State(t.Context(), access.AccountRef{System: system, ID: "999999"})
				require.NoError(t, err)
				require.Equal(t, access.Absent, state.Status)
			})
		}
	})
	t.Run("the answer for another account is unknown", func(t *testing.T) {
		o := open(t, application.Plain())
		o.answered(http.StatusOK, `{"id":"somebody-else","active":false}`)
		_, err := o.State(t.Context(), o.ref())
		require.Equal(t, access.Unknown, access.CodeOf(err))
	})
	t.Run("active that is neither true nor false is active", func(t *testing.T) {
		o := open(t, application.Plain())
		o.answered(http.StatusOK, `{"id":"`+o.ada+`","active":0}`)
		require.Equal(t, access.Active, o.state(t).Status)
	})
	t.Run("a refused token is unauthenticated", func(t *testing.T) {
		o := open(t, application.Plain())
		t.Setenv("SCIM_TOKEN", "canary-token-other")
		_, err := o.State(t.Context(), o.ref())
		require.Equal(t, access.Unauthenticated, access.CodeOf(err))
	})
}
