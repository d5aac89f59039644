package scim

import (
	"encoding/json"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// resource is a JSON object of SCIM, read leniently: attribute names in any case
// (RFC 7643 2.1), ids that are numbers, lists of one that are no lists. It may
// be nil.
type resource map[string]any

// value returns an attribute, nil when it is absent.
func (r resource) value(name string) any {
	if v, ok := r[name]; ok {
		return v
	}
	for key, v := range r {
		if strings.EqualFold(key, name) {
			return v
		}
	}
	return nil
}

// text returns an attribute that is a string or a number.
func (r resource) text(name string) string {
	switch v := r.value(name).(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// count returns an attribute that is a number, and whether there is one.
func (r resource) count(name string) (int, bool) {
	n, err := json.Number(r.text(name)).Int64()
	return int(n), err == nil
}

func (r resource) child(name string) resource {
	child, _ := r.value(name).(map[string]any)
	return child
}

// list returns a multi-valued attribute. A plain value in it stands for an object
// with that value (RFC 7643 2.4).
func (r resource) list(name string) []resource {
	items, isList := r.value(name).([]any)
	if !isList {
		if items = []any{r.value(name)}; items[0] == nil {
			return nil
		}
	}
	var all []resource
	for _, item := range items {
		switch v := item.(type) {
		case map[string]any:
			all = append(all, v)
		case string, json.Number:
			all = append(all, resource{"value": v})
		}
	}
	return all
}

// without returns a copy that lacks some attributes.
func (r resource) without(names ...string) resource {
	rest := resource{}
copying:
	for key, v := range r {
		for _, name := range names {
			if strings.EqualFold(key, name) {
				continue copying
			}
		}
		rest[key] = v
	}
	return rest
}

func (r resource) id() string { return r.text("id") }

func (r resource) version() string { return r.child("meta").text("version") }

// values returns the values by which a user is looked up.
func (r resource) values(a Attribute) []string {
	if a != EmailsValue {
		return []string{r.text(string(a))}
	}
	var all []string
	for _, email := range r.list("emails") {
		all = append(all, email.text("value"))
	}
	return all
}

const attributeActive = "active"

// status reads active: a boolean, or the string that some write instead. One that
// is absent means that nothing excludes a sign-in.
func (r resource) status() (access.Status, string) {
	switch active := r.value(attributeActive); {
	case is(active, false):
		return access.Locked, "active=false"
	case is(active, true):
		return access.Active, "active=true"
	case active == nil:
		return access.Active, "active is absent"
	}
	return access.Active, "active is neither true nor false"
}

// member tells whether a group holds the member, and whether it shows any.
func (g resource) member(id string) (held, shown bool) {
	for _, m := range g.list("members") {
		shown = true
		held = held || m.text("value") == id
	}
	return held, shown
}

// is tells whether v means the boolean b: as itself or as a string.
func is(v any, b bool) bool {
	switch v := v.(type) {
	case bool:
		return v == b
	case string:
		return b && strings.EqualFold(v, "true") || !b && strings.EqualFold(v, "false")
	}
	return false
}
