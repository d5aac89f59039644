package scim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (a *App) listUsers(w http.ResponseWriter, r *http.Request) {
	if !a.may(w, "users.read") {
		return
	}
	attribute, value, asked := filter(r)
	rows := []any{}
	for _, u := range a.users {
		if u.status.at(a.seen()).deleted {
			continue
		}
		keep := true
		if asked {
			var how Filtering
			keep, how = a.userMatches(u, attribute, value)
			switch how {
			case Refused:
				a.fail(w, http.StatusBadRequest, "invalidFilter", "the filter is not supported")
				return
			case FindsNothing:
				keep = false
			case Ignored:
				keep = true
			}
		}
		if keep {
			rows = append(rows, a.showUser(u, u.status.at(a.seen())))
		}
	}
	a.list(w, r, rows)
}

// userMatches compares a user with a filter and says what becomes of the filter.
func (a *App) userMatches(u *user, attribute, value string) (bool, Filtering) {
	switch attribute {
	case "username":
		return a.sameUserName(a.userName(u, u.status.at(a.seen())), value), a.habits.UserNameFilter
	case "emails.value", "emails":
		return slices.ContainsFunc(u.Emails, func(e string) bool { return strings.EqualFold(e, value) }), a.habits.EmailFilter
	case "externalid":
		return u.ExternalID == value && value != "", a.habits.ExternalIDFilter
	case "id":
		return u.ID == value, a.habits.OtherFilter
	}
	how := a.habits.OtherFilter
	if how == Answered {
		how = Refused
	}
	return false, how
}

func (a *App) sameUserName(kept, asked string) bool {
	switch a.habits.UserNameCase {
	case CaseExact:
		return kept == asked
	case CaseLower:
		return strings.ToLower(kept) == asked
	}
	return strings.EqualFold(kept, asked)
}

// userName is the name that the application shows.
func (a *App) userName(u *user, s status) string {
	if a.habits.RenamesOnLock && s.locked() {
		sum := sha256.Sum256([]byte(u.UserName))
		return hex.EncodeToString(sum[:8])
	}
	return u.UserName
}

// showUser is the resource as the application writes it.
func (a *App) showUser(u *user, s status) map[string]any {
	shown := map[string]any{"schemas": []string{userSchema}, "id": a.showID(u.ID), "userName": a.userName(u, s),
		"meta": a.meta("User", s.version)}
	if !a.habits.NoDeactivation {
		shown["active"] = s.active
		if a.habits.Booleans == StringsAnswers {
			shown["active"] = map[bool]string{true: "False", false: "True"}[s.locked()]
		}
	}
	if u.ExternalID != "" {
		shown["externalId"] = u.ExternalID
	}
	if u.DisplayName != "" {
		shown["displayName"] = u.DisplayName
	}
	emails := []any{}
	for i, e := range u.Emails {
		emails = append(emails, map[string]any{"value": e, "type": "work", "primary": i == 0})
	}
	shown["emails"] = emails
	if a.habits.GroupsOfUser {
		groups := []any{}
		for _, g := range a.groups {
			if slices.Contains(g.members.at(a.seen()).ids, u.ID) {
				groups = append(groups, map[string]any{"value": a.showID(g.id), "display": g.name, "type": "direct"})
			}
		}
		shown["groups"] = groups
	}
	return shown
}

func (a *App) showID(id string) any {
	if a.habits.IDs == Integers {
		return json.Number(id)
	}
	return id
}

func (a *App) meta(kind string, version int) map[string]any {
	meta := map[string]any{"resourceType": kind}
	if a.habits.ETags {
		meta["version"] = etag(version)
	}
	return meta
}

func etag(version int) string { return fmt.Sprintf(`W/"%s"`, strconv.Itoa(version)) }

// withUser finds the user of the path. It answers 403 and 404 itself.
func (a *App) withUser(handle func(http.ResponseWriter, *http.Request, *user)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		permission := "users.write"
		if r.Method == http.MethodGet {
			permission = "users.read"
		}
		if !a.may(w, permission) {
			return
		}
		i := slices.IndexFunc(a.users, func(u *user) bool { return u.ID == r.PathValue("id") })
		if i < 0 || r.Method != http.MethodGet && a.users[i].status.last().deleted {
			a.fail(w, http.StatusNotFound, "", "no such user")
			return
		}
		handle(w, r, a.users[i])
	}
}

func (a *App) getUser(w http.ResponseWriter, _ *http.Request, u *user) {
	s := u.status.at(a.seen())
	if s.deleted {
		a.fail(w, http.StatusNotFound, "", "no such user")
		return
	}
	a.answer(w, http.StatusOK, a.showUser(u, s))
}

func (a *App) putUser(w http.ResponseWriter, r *http.Request, u *user) {
	if a.habits.NoPut {
		a.fail(w, http.StatusMethodNotAllowed, "", "PUT is not supported")
		return
	}
	var sent struct {
		UserName    string           `json:"userName"`
		ExternalID  string           `json:"externalId"`
		DisplayName string           `json:"displayName"`
		Emails      []map[string]any `json:"emails"`
		Active      any              `json:"active"`
	}
	if !a.matchesVersion(w, r, etag(u.status.last().version)) || !a.read(w, r, &sent) {
		return
	}
	if sent.UserName == "" {
		a.fail(w, http.StatusBadRequest, "invalidValue", "userName is required")
		return
	}
	if sent.Active == nil {
		sent.Active = u.status.last().active
		if a.habits.PutReactivates {
			sent.Active = true
		}
	}
	if !a.setActive(w, u, sent.Active) {
		return
	}
	// What a PUT leaves out is cleared (RFC 7644 3.5.1).
	u.UserName, u.ExternalID, u.DisplayName, u.Emails = sent.UserName, sent.ExternalID, sent.DisplayName, nil
	for _, email := range sent.Emails {
		if value, ok := email["value"].(string); ok {
			u.Emails = append(u.Emails, value)
		}
	}
	a.answer(w, http.StatusOK, a.showUser(u, u.status.last()))
}

func (a *App) deleteUser(w http.ResponseWriter, _ *http.Request, u *user) {
	answer := a.habits.DeleteAnswers
	switch answer {
	case http.StatusMethodNotAllowed:
		a.fail(w, answer, "", "DELETE is not supported")
		return
	case 0:
		answer = http.StatusNoContent
	}
	if a.habits.DeleteDeactivates {
		if a.setActive(w, u, false) {
			a.answer(w, answer, a.showUser(u, u.status.last()))
		}
		return
	}
	shown := a.showUser(u, u.status.last())
	s := u.status.last()
	s.deleted = true
	u.status.set(a.now(), s)
	for _, g := range a.groups {
		a.removeMembers(g, []string{u.ID})
	}
	a.answer(w, answer, shown)
}
