package scim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

func (a *App) listGroups(w http.ResponseWriter, r *http.Request) {
	if a.habits.NoGroups {
		a.fail(w, http.StatusNotFound, "", "no such endpoint")
		return
	}
	if !a.may(w, "groups.read") {
		return
	}
	attribute, value, asked := filter(r)
	how := a.habits.OtherFilter
	switch {
	case attribute == "members.value" || attribute == "members":
		how = a.habits.MembersFilter
		if a.habits.KnowsMembers && a.user(value) == nil {
			a.fail(w, http.StatusNotFound, "", "no such member")
			return
		}
	case attribute == "displayname":
		how = Answered
	case how == Answered:
		how = Refused
	}
	if asked && how == Refused {
		a.fail(w, http.StatusBadRequest, "invalidFilter", "the filter is not supported")
		return
	}
	rows := []any{}
	for _, g := range a.groups {
		matches := attribute == "displayname" && strings.EqualFold(g.name, value) ||
			attribute != "displayname" && slices.Contains(g.members.at(a.seen()).ids, value)
		if !asked || how == Ignored || how == Answered && matches {
			rows = append(rows, a.showGroup(g, g.members.at(a.seen()), true))
		}
	}
	a.list(w, r, rows)
}

func (a *App) showGroup(g *group, m membership, listed bool) map[string]any {
	shown := map[string]any{"schemas": []string{groupSchema}, "id": a.showID(g.id), "displayName": g.name,
		"meta": a.meta("Group", m.version)}
	switch {
	case a.habits.Members == Omitted, a.habits.Members == NotInList && listed:
		return shown
	case a.habits.Members == Never:
		shown["members"] = []any{}
		return shown
	}
	members := []any{}
	for _, id := range m.ids {
		members = append(members, map[string]any{"value": a.showID(id), "type": "User"})
	}
	shown["members"] = members
	return shown
}

// withGroup finds the group of the path. It answers 403 and 404 itself.
func (a *App) withGroup(handle func(http.ResponseWriter, *http.Request, *group)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		permission := "groups.write"
		if r.Method == http.MethodGet {
			permission = "groups.read"
		}
		if !a.may(w, permission) {
			return
		}
		g := a.group(r.PathValue("id"))
		if g == nil || a.habits.NoGroups {
			a.fail(w, http.StatusNotFound, "", "no such group")
			return
		}
		handle(w, r, g)
	}
}

func (a *App) getGroup(w http.ResponseWriter, _ *http.Request, g *group) {
	a.answer(w, http.StatusOK, a.showGroup(g, g.members.at(a.seen()), false))
}

func (a *App) putGroup(w http.ResponseWriter, r *http.Request, g *group) {
	if a.habits.NoGroupPut {
		a.fail(w, http.StatusMethodNotAllowed, "", "PUT is not supported")
		return
	}
	var sent struct {
		DisplayName string `json:"displayName"`
		Members     any    `json:"members"`
	}
	if !a.matchesVersion(w, r, etag(g.members.last().version)) || !a.read(w, r, &sent) {
		return
	}
	if sent.DisplayName == "" {
		a.fail(w, http.StatusBadRequest, "invalidValue", "displayName is required")
		return
	}
	a.setMembers(g, values(sent.Members))
	a.answer(w, http.StatusOK, a.showGroup(g, g.members.last(), false))
}

// memberPath is the path of one member (RFC 7644 3.5.2.2).
var memberPath = regexp.MustCompile(`(?i)^members\[value eq ("(?:[^"\\]|\\.)*")\]$`)

func (a *App) patchGroup(w http.ResponseWriter, r *http.Request, g *group) {
	if a.habits.MemberRemoval == NoGroupPatch {
		a.fail(w, http.StatusNotImplemented, "", "PATCH is not implemented")
		return
	}
	sent, ok := a.readPatch(w, r)
	if !ok || !a.matchesVersion(w, r, etag(g.members.last().version)) {
		return
	}
	changed := false
	for _, o := range sent.Operations {
		if !strings.EqualFold(o.Op, "remove") {
			a.fail(w, http.StatusBadRequest, "invalidSyntax", "only remove is simulated on groups")
			return
		}
		ids, scimType, ok := a.removal(g, o.Path, o.Value)
		if !ok {
			a.fail(w, http.StatusBadRequest, scimType, "this form of removal is not supported")
			return
		}
		changed = a.removeMembers(g, ids) || changed
	}
	if a.habits.PatchAnswers == http.StatusNoContent || !changed && a.habits.Unchanged204 {
		a.answer(w, http.StatusNoContent, nil)
		return
	}
	a.answer(w, http.StatusOK, a.showGroup(g, g.members.last(), false))
}

// removal says whom an operation removes.
func (a *App) removal(g *group, path string, value any) (ids []string, scimType string, ok bool) {
	match := memberPath.FindStringSubmatch(path)
	bare := strings.EqualFold(path, "members")
	switch how := a.habits.MemberRemoval; {
	case how == NothingHeard:
		return nil, "", true
	case how == RefusedBare:
		return nil, "", false
	case match != nil && how != EntraOnly:
		var id string
		if json.Unmarshal([]byte(match[1]), &id) != nil {
			return nil, "invalidPath", false
		}
		return []string{id}, "", true
	case bare && how == ValuePath:
		return g.members.last().ids, "", true // the standard: no filter removes every value
	case bare:
		return values(value), "", true
	}
	return nil, "invalidPath", false
}

func (a *App) removeMembers(g *group, ids []string) bool {
	return a.setMembers(g, slices.DeleteFunc(slices.Clone(g.members.last().ids), func(id string) bool { return slices.Contains(ids, id) }))
}

func (a *App) setMembers(g *group, ids []string) bool {
	last := g.members.last()
	if slices.Equal(last.ids, ids) {
		return false
	}
	g.members.set(a.now(), membership{ids: ids, version: last.version + 1})
	return true
}

// values reads a list of {"value": id}; ids may be numbers.
func values(list any) []string {
	ids := []string{}
	items, _ := list.([]any)
	for _, item := range items {
		if member, ok := item.(map[string]any); ok {
			switch id := member["value"].(type) {
			case string:
				ids = append(ids, id)
			case float64:
				ids = append(ids, fmt.Sprintf("%.0f", id))
			}
		}
	}
	return ids
}
