package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/killsignal/killsignal/access"
)

// reader reads one file and collects everything that is wrong with it. It walks
// the document beside the Go type that it is read into: the library's own strict
// mode stops at the first fault and knows no line for a value that a type of ours
// refuses.
type reader struct {
	path     string
	problems []error
}

// read decodes the node into the value that into points to.
func (r *reader) read(node ast.Node, into any) {
	before := len(r.problems)
	r.compare(node, reflect.TypeOf(into).Elem())
	if len(r.problems) > before {
		return
	}
	if err := yaml.NodeToValue(node, into, yaml.Strict()); err != nil {
		r.problems = append(r.problems, located(r.path, node, err))
	}
}

func (r *reader) fault(node ast.Node, what, hint string) {
	r.problems = append(r.problems, at(r.path, node, what, hint))
}

// compare walks node and the type together.
func (r *reader) compare(node ast.Node, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if node == nil || node.Type() == ast.NullType {
		return
	}
	if anchor, ok := node.(*ast.AnchorNode); ok {
		node = anchor.Value
	}
	if node.Type() == ast.AliasType || t == reflect.TypeFor[Connection]() {
		return // compared where it is defined, and when the kind of system is known
	}
	if reads(t) {
		r.leaf(node, t)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		r.mapping(node, func(key string) (reflect.Type, []string) { return field(t, key) })
	case reflect.Map:
		r.mapping(node, func(string) (reflect.Type, []string) { return t.Elem(), nil })
	case reflect.Slice:
		sequence, ok := node.(*ast.SequenceNode)
		if !ok {
			r.fault(node, "a list is expected here", "start every item with \"- \", or write [a, b]")
			return
		}
		for _, item := range sequence.Values {
			r.compare(item, t.Elem())
		}
	default:
		r.leaf(node, t)
	}
}

// mapping compares every key; typeOf returns the type of a key's value, or nil
// and the keys there are.
func (r *reader) mapping(node ast.Node, typeOf func(string) (reflect.Type, []string)) {
	var values []*ast.MappingValueNode
	switch m := node.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		r.fault(node, "keys with values are expected here", "write \"key: value\" lines, indented")
		return
	}
	for _, value := range values {
		if value.Key.IsMergeKey() {
			r.fault(value.Key, "merge keys (<<) are not read", "write the keys out, or use the whole of an anchor: key: *anchor")
			continue
		}
		key := value.Key.GetToken().Value
		t, known := typeOf(key)
		if t == nil {
			r.fault(value.Key, fmt.Sprintf("unknown key %q", key), nearest(key, known))
			continue
		}
		r.compare(value.Value, t)
	}
}

// leaf decodes a value that has no keys of its own.
func (r *reader) leaf(node ast.Node, t reflect.Type) {
	err := yaml.NodeToValue(node, reflect.New(t).Interface(), yaml.Strict())
	if err == nil {
		return
	}
	p := at(r.path, node, "the value must be "+expected(t), "see config.example.yaml")
	if e := access.AsError(err, ""); e.Hint != "" {
		p.What, p.Hint = "the value is refused", e.Hint
	}
	r.problems = append(r.problems, p)
}

// reads tells whether values of the type read themselves from YAML.
func reads(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return t == reflect.TypeFor[time.Duration]() ||
		p.Implements(reflect.TypeFor[yaml.InterfaceUnmarshaler]()) || p.Implements(reflect.TypeFor[yaml.NodeUnmarshaler]()) ||
		p.Implements(reflect.TypeFor[yaml.BytesUnmarshaler]())
}

// expected says in words what a value of the type looks like.
func expected(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as \"15m\""
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return "a number"
	}
	return "of another form"
}

// field returns the type of the field with the YAML name, or nil and the names
// that there are. Embedded structs count as their fields.
func field(t reflect.Type, name string) (reflect.Type, []string) {
	var known []string
	for f := range t.Fields() {
		tag, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case tag == "-" || !f.IsExported():
			continue
		case options == "inline":
			found, inner := field(f.Type, name)
			if found != nil {
				return found, nil
			}
			known = append(known, inner...)
			continue
		case tag == "":
			tag = strings.ToLower(f.Name)
		}
		if tag == name {
			return f.Type, nil
		}
		known = append(known, tag)
	}
	return nil, known
}

// nearest is the hint for a key that is not known.
func nearest(key string, known []string) string {
	if len(known) == 0 {
		return "no key is known here"
	}
	best := slices.MinFunc(known, func(a, b string) int { return distance(key, a) - distance(key, b) })
	if distance(key, best) <= max(2, len(key)/3) {
		return fmt.Sprintf("the nearest key is %q", best)
	}
	slices.Sort(known)
	return "the keys here are " + strings.Join(known, ", ")
}

// distance is the number of letters to change, add or drop between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
