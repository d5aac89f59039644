package scim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	application "github.com/killsignal/killsignal/internal/simulator/scim"
)

// TestPresets takes the leaver out of every kind of application.
func TestPresets(t *testing.T) {
	for _, preset := range application.Presets() {
		t.Run(preset.Name, func(t *testing.T) {
			o := open(t, preset.Habits)
			others := o.others()
			require.NoError(t, o.Check(t.Context()))
			require.Empty(t, o.writes(), "a check changes nothing")

			require.Equal(t, []string{o.ada}, o.find(t, ada))
			require.Equal(t, []string{o.marshall}, o.find(t, marshall))
			require.Empty(t, o.find(t, nobody))
			require.Equal(t, access.Active, o.state(t).Status)

			require.NoError(t, o.Lock(t.Context(), o.ref()))
			require.Equal(t, access.Locked, o.state(t).Status)
			require.Equal(t, "locked", o.truth(t).Status)
			require.NoError(t, o.Lock(t.Context(), o.ref()), "locking what is locked")
			require.Equal(t, "locked", o.truth(t).Status)
			require.Equal(t, preset.Habits.LockEndsSessions, !o.app.SessionAlive(o.session))

			// A process that has just started knows nothing of the application.
			o.reconnect(t)
			require.Equal(t, access.Locked, o.state(t).Status)
			if preset.Name == "jackson" {
				rights := o.rights(t)
				require.Len(t, rights, 1)
				require.Equal(t, access.Invisible, rights[0].Obstacle)
				require.Equal(t, []string{"Editors", "Owners"}, o.truth(t).Groups, "not visible is not gone")
				require.Equal(t, others, o.others())
				return
			}
			require.Equal(t, []string{"Editors", "Owners"}, o.groups(t))
			for _, right := range o.rights(t) {
				require.NoError(t, o.RevokeRight(t.Context(), o.ref(), right))
				require.NoError(t, o.RevokeRight(t.Context(), o.ref(), right), "leaving a group again")
			}
			require.Empty(t, o.groups(t))
			require.Empty(t, o.truth(t).Groups)
			o.reconnect(t)
			require.Empty(t, o.groups(t), "read by a process that has just started")
			require.Equal(t, others, o.others(), "everybody else")
		})
	}
}
