package okta

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	simulator "github.com/killsignal/killsignal/internal/simulator/okta"
)

func TestTheOwnerOfOurTokenIsSpared(t *testing.T) {
	acts := func(h *house, id string) map[string]error {
		ref := access.AccountRef{System: "okta-test", ID: id}
		return map[string]error{
			"lock":         h.Lock(t.Context(), ref),
			"end sessions": h.EndSessions(t.Context(), ref),
			"revoke right": h.RevokeRight(t.Context(), ref, access.Right{Type: groupMembership, ID: h.engineering}),
		}
	}
	t.Run("although no check has told who it is", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		before := h.org.Truth()
		for act, err := range acts(h, h.org.Owner()) {
			require.Equal(t, access.Protected, access.CodeOf(err), act)
		}
		require.Equal(t, before, h.org.Truth())
		require.Equal(t, []string{h.org.Owner()}, h.Info().OwnAccounts)
	})
	for _, c := range []struct {
		how    string
		effect fault.Effect
		code   access.Code
	}{
		{"cannot be reached", fault.Cut(), access.Unavailable},
		{"may not be seen", fault.Answer(http.StatusForbidden, nil, `{"errorCode":"E0000006"}`), access.Denied},
		{"is not found, which is not the account's absence", fault.Answer(http.StatusNotFound, nil, `{"errorCode":"E0000007"}`), access.Unavailable},
	} {
		t.Run("and nobody is touched while the owner "+c.how, func(t *testing.T) {
			h := newHouse(t, simulator.Options{})
			before := h.org.Truth()
			h.disturb("/users/me", c.effect)
			for act, err := range acts(h, h.leaver) {
				require.Equal(t, c.code, access.CodeOf(err), act)
			}
			require.Equal(t, before, h.org.Truth())
		})
	}
	t.Run("who is asked for once", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		acts(h, h.leaver)
		asked := 0
		for _, seen := range h.faults.Requests() {
			if seen.Path == "/api/v1/users/me" {
				asked++
			}
		}
		require.Equal(t, 1, asked)
	})
}
