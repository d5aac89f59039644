package connectortest

import (
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

func findChecks() []check {
	return []check{
		{"find", "the leaver is found by every key alone", nil, once(findsByEachKey)},
		{"find", "the leaver's account is found once, active, under its id", nil, once(findsTheAccount)},
		{"find", "a lookalike finds only itself", nil, once(findsTheLookalike)},
		{"find", "part of a key finds nobody", nil, once(findsNoPrefix)},
		{"find", "a key with a filter's syntax in it finds nobody", nil, once(findsNoInjection)},
		{"find", "somebody without an account has none", nil, once(findsNobody)},
		{"find", "a subject without a usable key is refused", nil, once(refusesKeyless)},
		{"find", "a locked leaver is still found", []connectors.Capability{connectors.CanLock}, once(findsLocked)},
		{"find", "a listing of all accounts holds each once", []connectors.Capability{connectors.CanList}, once(listsEverybody)},
	}
}

// only is a subject that is known by one key alone.
func only(system string, id access.Identifier) access.Subject {
	s := access.Subject{Key: "p-only"}
	switch id.By {
	case access.ByID:
		s.Accounts = []access.AccountRef{{System: system, ID: id.Value}}
	case access.ByUserName:
		s.UserNames = []string{id.Value}
	case access.ByEmail:
		s.Emails = []string{id.Value}
	case access.ByEmployeeNumber:
		s.EmployeeNumber = id.Value
	}
	return s
}

func ids(accounts []access.Account) (all []string) {
	for _, a := range accounts {
		all = append(all, a.Ref.ID)
	}
	return all
}

func findsByEachKey(t T, h *Harness) {
	known := append(h.Subject.Identifiers(h.System), access.Identifier{By: access.ByID, Value: h.Account})
	for _, id := range known {
		found, err := h.Connector.Find(t.Context(), only(h.System, id))
		require.NoError(t, err, "by %s", id.By)
		require.Equal(t, []string{h.Account}, ids(found), "by %s", id.By)
		require.Equal(t, id.By, found[0].MatchedBy)
	}
}

func findsTheAccount(t T, h *Harness) {
	subject := h.Subject
	subject.Accounts = append(subject.Accounts, h.ref())
	for _, s := range []access.Subject{h.Subject, subject} {
		found, err := h.Connector.Find(t.Context(), s)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, h.ref(), found[0].Ref)
		require.Equal(t, access.Active, found[0].Status)
		require.NotEmpty(t, found[0].MatchedBy)
	}
}

func findsTheLookalike(t T, h *Harness) {
	found, err := h.Connector.Find(t.Context(), h.Witness)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.NotEqual(t, h.Account, found[0].Ref.ID)
	require.Contains(t, h.Truth(), found[0].Ref.ID)
}

// findsNone requires that a key is refused or finds nobody.
func findsNone(t T, h *Harness, id access.Identifier) {
	t.Helper()
	found, err := h.Connector.Find(t.Context(), only(h.System, id))
	if err != nil {
		require.Equal(t, access.Invalid, safe(t, h, err).Code, "by a changed %s", id.By)
	}
	require.Empty(t, found, "by a changed %s", id.By)
}

func findsNoPrefix(t T, h *Harness) {
	for _, id := range h.Subject.Identifiers(h.System) {
		if id.By == access.ByID || len(id.Value) < 4 {
			continue
		}
		values := []string{id.Value[:len(id.Value)-1], id.Value[1:], id.Value[:3], id.Value + "x", id.Value + ".x"}
		if local, _, ok := strings.Cut(id.Value, "@"); ok && id.By == access.ByEmail {
			values = append(values, local+"@", local+"@example")
		}
		for _, value := range values {
			findsNone(t, h, access.Identifier{By: id.By, Value: value})
		}
	}
}

func findsNoInjection(t T, h *Harness) {
	for _, id := range h.Subject.Identifiers(h.System) {
		if id.By == access.ByID {
			continue
		}
		for _, value := range []string{"*", "%", "?", "..", "me", id.Value + "*", id.Value + "\x00",
			`x" or userName pr or userName eq "`, `x' or startswith(userPrincipalName,'a') or id eq '`, "*)(uid=*", `\`, "../" + id.Value} {
			findsNone(t, h, access.Identifier{By: id.By, Value: value})
		}
	}
}

func findsNobody(t T, h *Harness) {
	found, err := h.Connector.Find(t.Context(), h.Nobody)
	require.NoError(t, err)
	require.Empty(t, found)
}

func refusesKeyless(t T, h *Harness) {
	for _, s := range []access.Subject{
		{},
		{Key: "p-1"},
		{Key: "p-1", Name: h.Subject.Name},
		{Key: "p-1", Emails: []string{"", " "}, UserNames: []string{""}, EmployeeNumber: "\t"},
		{Key: "p-1", Accounts: []access.AccountRef{{System: h.System + "-other", ID: h.Account}}},
	} {
		found, err := h.Connector.Find(t.Context(), s)
		require.Error(t, err, "a subject with %d keys", len(s.Identifiers(h.System)))
		require.Equal(t, access.Invalid, safe(t, h, err).Code)
		require.Empty(t, found)
	}
}

func findsLocked(t T, h *Harness) {
	require.NoError(t, h.Connector.(connectors.Locker).Lock(t.Context(), h.ref()))
	state, err := h.Connector.State(t.Context(), h.ref())
	require.NoError(t, err)
	found, err := h.Connector.Find(t.Context(), h.Subject)
	require.NoError(t, err)
	if state.Status == access.Absent {
		require.Empty(t, found, "this connector locks by deleting")
		return
	}
	require.Equal(t, []string{h.Account}, ids(found))
	require.Equal(t, access.Locked, found[0].Status)
}

func listsEverybody(t T, h *Harness) {
	accounts, err := connectors.Collect(t.Context(), h.Connector.(connectors.Lister).Accounts)
	require.NoError(t, err)
	var expected []string
	for id := range h.Truth() {
		expected = append(expected, id)
	}
	require.ElementsMatch(t, expected, ids(accounts))
	for _, account := range accounts {
		require.Equal(t, h.System, account.Ref.System)
		require.Contains(t, []access.Status{access.Active, access.Locked}, account.Status)
	}
}
