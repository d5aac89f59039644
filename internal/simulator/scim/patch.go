package scim

import (
	"net/http"
	"slices"
	"strings"
)

// operations is the body of a PATCH (RFC 7644 3.5.2).
type operations struct {
	Schemas    []string `json:"schemas"`
	Operations []struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	} `json:"Operations"`
}

// readPatch takes the operations off a PATCH. It answers errors itself.
func (a *App) readPatch(w http.ResponseWriter, r *http.Request) (operations, bool) {
	var sent operations
	if !a.read(w, r, &sent) {
		return sent, false
	}
	if !slices.Contains(sent.Schemas, patchSchema) || len(sent.Operations) == 0 {
		a.fail(w, http.StatusBadRequest, "invalidSyntax", "not a PatchOp")
		return sent, false
	}
	return sent, true
}

func (a *App) patchUser(w http.ResponseWriter, r *http.Request, u *user) {
	switch a.habits.Patch {
	case NoPatch:
		a.fail(w, http.StatusNotImplemented, "", "PATCH is not implemented")
		return
	case NoRoute:
		a.fail(w, http.StatusNotFound, "", "no such endpoint")
		return
	}
	sent, ok := a.readPatch(w, r)
	if !ok || !a.matchesVersion(w, r, etag(u.status.last().version)) {
		return
	}
	before := u.status.last().version
	for _, o := range sent.Operations {
		active, path := o.Value, o.Path != ""
		switch {
		case !strings.EqualFold(o.Op, "replace") && !strings.EqualFold(o.Op, "add"):
			a.fail(w, http.StatusBadRequest, "mutability", "only replace is simulated on users")
			return
		case path && !strings.EqualFold(o.Path, "active"):
			a.fail(w, http.StatusBadRequest, "invalidPath", "only active is simulated")
			return
		case path && a.habits.Patch == NoPathOnly, !path && a.habits.Patch == PathOnly:
			a.fail(w, http.StatusBadRequest, "invalidPath", "this form of operation is not supported")
			return
		case path && a.habits.Patch == PathIgnored, a.habits.Patch == AllIgnored:
			continue
		case !path:
			values, _ := o.Value.(map[string]any)
			if active = values["active"]; active == nil {
				a.fail(w, http.StatusBadRequest, "invalidValue", "only active is simulated")
				return
			}
		}
		if !a.setActive(w, u, active) {
			return
		}
	}
	if a.habits.PatchAnswers == http.StatusNoContent || a.habits.Unchanged204 && u.status.last().version == before {
		a.answer(w, http.StatusNoContent, nil)
		return
	}
	a.answer(w, http.StatusOK, a.showUser(u, u.status.last()))
}

// setActive stores active as the application would. It answers refusals itself.
func (a *App) setActive(w http.ResponseWriter, u *user, active any) bool {
	text, isText := active.(string)
	boolean, isBoolean := active.(bool)
	invalid := !isText && !isBoolean || isText && !strings.EqualFold(text, "true") && !strings.EqualFold(text, "false") ||
		isText && a.habits.Booleans == BooleansOnly || isBoolean && a.habits.Booleans == StringsOnly
	if invalid {
		a.fail(w, http.StatusBadRequest, "invalidValue", "active has the wrong type")
		return false
	}
	stored := any(boolean || isText && strings.EqualFold(text, "true"))
	if a.habits.Booleans == StringsStored {
		stored = active
	}
	before, next := u.status.last(), u.status.last()
	next.active = stored
	switch {
	case a.habits.NoDeactivation:
		return true
	case a.habits.OwnersStay && u.Owner && next.locked():
		a.fail(w, http.StatusBadRequest, "", "Cannot deactivate an owner")
		return false
	case before.locked() == next.locked() && a.habits.RepeatsRefused:
		a.fail(w, http.StatusBadRequest, "", "Invalid Patch Operation")
		return false
	case before.active == next.active:
		return true
	}
	next.version++
	u.status.set(a.now(), next)
	if next.locked() && a.habits.LockEndsSessions {
		u.sessions = nil
	}
	return true
}
