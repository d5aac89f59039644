package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// undeclaredQuery names query parameters that the operation does not have: the
// provider would ignore them, and a filter that is ignored returns everybody.
func undeclaredQuery(input *openapi3filter.RequestValidationInput) []string {
	var problems []string
	query := input.Request.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		declared := input.Route.Operation.Parameters.GetByInAndName("query", name) != nil ||
			input.Route.PathItem.Parameters.GetByInAndName("query", name) != nil
		// Graph's own next links carry $skiptoken, which its description leaves out.
		if !declared && name != "$skiptoken" {
			problems = append(problems, fmt.Sprintf("query parameter %q is not described", name))
		}
	}
	return problems
}

// undeclaredMembers names members of a JSON body that no schema declares. The
// descriptions leave most objects open, so that a misspelt member, which the
// provider would ignore, passes plain validation.
func undeclaredMembers(input *openapi3filter.RequestValidationInput, body []byte) []string {
	described := input.Route.Operation.RequestBody
	if described == nil || len(body) == 0 {
		return nil
	}
	media, _, err := mime.ParseMediaType(input.Request.Header.Get("Content-Type"))
	content := described.Value.Content.Get(media)
	if err != nil || content == nil || content.Schema == nil || !strings.HasSuffix(media, "json") {
		return nil
	}
	var value any
	if json.Unmarshal(body, &value) != nil {
		return nil // plain validation has said so
	}
	return undeclared(value, []*openapi3.Schema{content.Schema.Value}, "")
}

// undeclared walks the value along the schemas, any of which may declare a member.
func undeclared(value any, schemas []*openapi3.Schema, at string) []string {
	schemas = flatten(schemas)
	var problems []string
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			problems = append(problems, undeclared(item, itemsOf(schemas), fmt.Sprintf("%s/%d", at, i))...)
		}
	case map[string]any:
		if open(schemas) {
			return nil
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if strings.Contains(name, "@odata.") {
				continue // annotations may stand anywhere
			}
			members := membersOf(schemas, name)
			if len(members) == 0 {
				problems = append(problems, fmt.Sprintf("body member %s/%s is not described", at, name))
				continue
			}
			problems = append(problems, undeclared(v[name], members, at+"/"+name)...)
		}
	}
	return problems
}

// flatten adds the alternatives and parts of the schemas.
func flatten(schemas []*openapi3.Schema) []*openapi3.Schema {
	var all []*openapi3.Schema
	for _, s := range schemas {
		if s == nil {
			continue
		}
		all = append(all, s)
		for _, parts := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
			for _, part := range parts {
				all = append(all, flatten([]*openapi3.Schema{part.Value})...)
			}
		}
	}
	return all
}

// open tells whether members are free by intent: a map, or an object of which
// nothing is said.
func open(schemas []*openapi3.Schema) bool {
	declares := false
	for _, s := range schemas {
		if s.AdditionalProperties.Schema != nil || s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has {
			return true
		}
		declares = declares || len(s.Properties) > 0
	}
	return !declares
}

func membersOf(schemas []*openapi3.Schema, name string) []*openapi3.Schema {
	var members []*openapi3.Schema
	for _, s := range schemas {
		if member := s.Properties[name]; member != nil {
			members = append(members, member.Value)
		}
	}
	return members
}

func itemsOf(schemas []*openapi3.Schema) []*openapi3.Schema {
	var items []*openapi3.Schema
	for _, s := range schemas {
		if s.Items != nil {
			items = append(items, s.Items.Value)
		}
	}
	return items
}
