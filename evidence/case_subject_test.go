package evidence

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
)

func TestAnEventOfAnotherPersonNeverPassesForHandled(t *testing.T) {
	store, err := Open(t.Context(), Options{URL: "mem://"})
	require.NoError(t, err)
	admit := func(event string, subject access.SubjectKey) error {
		_, _, err := store.Admit(t.Context(), Case{ID: event, FirstRun: "run of " + string(subject),
			Subject: access.Subject{Key: subject}, Request: access.Request{Event: event, Subject: subject, Strategy: access.Emergency}})
		return err
	}
	join := func(event, caseID string, subject access.SubjectKey) error {
		_, _, err := store.Join(t.Context(), event, caseID, access.Request{Event: event, Subject: subject}, time.Now())
		return err
	}
	require.NoError(t, admit("hr-1", "P-1"))
	require.NoError(t, join("hr-2", "hr-1", "P-1"))
	require.Equal(t, access.Invalid, access.CodeOf(admit("hr-1", "P-2")), "the event opened a case of somebody else")
	require.Equal(t, access.Invalid, access.CodeOf(admit("hr-2", "P-2")), "the event joined a case of somebody else")
	require.NoError(t, admit("hr-3", "P-2"))
	require.Equal(t, access.Invalid, access.CodeOf(join("hr-2", "hr-3", "P-2")))
}
