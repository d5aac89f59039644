package scim

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	listSchema  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	errorSchema = "urn:ietf:params:scim:api:messages:2.0:Error"
	patchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	userSchema  = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupSchema = "urn:ietf:params:scim:schemas:core:2.0:Group"
)

func (a *App) answer(w http.ResponseWriter, status int, body any) {
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	content, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "cannot encode the answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/scim+json;charset=utf-8")
	w.WriteHeader(status)
	w.Write(content)
}

// fail answers with an error (RFC 7644 3.12), in the application's own manner.
func (a *App) fail(w http.ResponseWriter, status int, scimType, detail string) {
	if a.habits.HTMLErrors {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<!DOCTYPE html><html><body><h1>%d</h1></body></html>", status)
		return
	}
	body := map[string]any{"schemas": []string{errorSchema}, "detail": detail}
	if scimType != "" {
		body["scimType"] = scimType
	}
	switch a.habits.ErrorStatus {
	case StatusString:
		body["status"] = strconv.Itoa(status)
	case StatusNumber:
		body["status"] = status
	}
	a.answer(w, status, body)
}

// list answers with one page of rows (RFC 7644 3.4.2.4, RFC 9865).
func (a *App) list(w http.ResponseWriter, r *http.Request, rows []any) {
	total := len(rows)
	start := max(number(r, "startIndex", 1), 1)
	byCursor := a.habits.CursorPages && r.URL.Query().Has("cursor")
	if a.habits.CursorPages {
		start = max(number(r, "cursor", 1), 1)
	}
	count := min(max(number(r, "count", a.habits.PageSize), 0), a.habits.PageSize)
	rows = rows[min(start-1, total):]
	rows = rows[:min(count, len(rows))]
	switch a.habits.Totals {
	case PageRows:
		total = len(rows)
	case Ghosts:
		rows = nil
	}
	body := map[string]any{"schemas": []string{listSchema}, "totalResults": total, "startIndex": start, "itemsPerPage": len(rows)}
	if len(rows) > 0 || !a.habits.NoResources && a.habits.Totals != Ghosts {
		body["Resources"] = slices.Concat([]any{}, rows)
	}
	if byCursor {
		delete(body, "startIndex")
		delete(body, "totalResults")
		if next := start + len(rows); next <= total {
			body["nextCursor"] = strconv.Itoa(next)
		}
	}
	a.answer(w, http.StatusOK, body)
}

func number(r *http.Request, name string, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return otherwise
	}
	return n
}

// read takes the body off a write. It answers 415 or 400 itself.
func (a *App) read(w http.ResponseWriter, r *http.Request, into any) bool {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "application/scim+json" && media != "application/json" {
		a.fail(w, http.StatusUnsupportedMediaType, "", "send application/scim+json")
		return false
	}
	content, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(content, into) != nil {
		a.fail(w, http.StatusBadRequest, "invalidSyntax", "the body cannot be read")
		return false
	}
	return true
}

// matchesVersion heeds If-Match. It answers 412 itself.
func (a *App) matchesVersion(w http.ResponseWriter, r *http.Request, version string) bool {
	want := r.Header.Get("If-Match")
	if !a.habits.ETags || want == "" || want == "*" || want == version {
		return true
	}
	a.fail(w, http.StatusPreconditionFailed, "", "the resource has changed")
	return false
}

// filter reads `attribute eq "value"`, the only filter that is simulated. Where
// it cannot be read, the attribute is "".
func filter(r *http.Request) (attribute, value string, asked bool) {
	text := r.URL.Query().Get("filter")
	if text == "" {
		return "", "", false
	}
	attribute, rest, _ := strings.Cut(text, " ")
	operator, quoted, _ := strings.Cut(rest, " ")
	if !strings.EqualFold(operator, "eq") || json.Unmarshal([]byte(quoted), &value) != nil {
		return "", "", true
	}
	return strings.ToLower(attribute), value, true
}
