package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/config"
)

func validate(t *testing.T, path string) error {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("config.schema.json")
	require.NoError(t, err)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var value any
	require.NoError(t, yaml.Unmarshal(content, &value))
	asJSON, err := json.Marshal(value)
	require.NoError(t, err)
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	require.NoError(t, err)
	return schema.Validate(instance)
}

func TestSchema(t *testing.T) {
	t.Run("the example is accepted by the schema and by Load", func(t *testing.T) {
		require.NoError(t, validate(t, "../config.example.yaml"))
		_, err := config.Load("../config.example.yaml")
		require.NoError(t, err)
	})
	t.Run("the schema accepts what Load accepts and refuses what it refuses", func(t *testing.T) {
		files, err := filepath.Glob("testdata/*.yaml")
		require.NoError(t, err)
		for _, path := range files {
			switch name := filepath.Base(path); {
			case strings.HasPrefix(name, "syntax"), strings.HasPrefix(name, "merge"), strings.HasPrefix(name, "twice"), strings.HasPrefix(name, "evidence"):
				// Not YAML at all, or beyond a schema.
			case strings.HasSuffix(name, ".good.yaml"):
				require.NoError(t, validate(t, path), path)
			default:
				require.Error(t, validate(t, path), path)
			}
		}
	})
	t.Run("every key of the structs stands in the schema and in the example, and no other", func(t *testing.T) {
		content, err := os.ReadFile("config.schema.json")
		require.NoError(t, err)
		var schema map[string]any
		require.NoError(t, json.Unmarshal(content, &schema))
		inSchema := map[string]bool{}
		propertiesOf(schema, inSchema)
		inStructs := map[string]bool{}
		tagsOf(reflect.TypeFor[config.Config](), inStructs)
		require.Equal(t, inStructs, inSchema)
		example, err := os.ReadFile("../config.example.yaml")
		require.NoError(t, err)
		for key := range inStructs {
			require.Contains(t, string(example), key+":")
		}
	})
}

func propertiesOf(schema any, into map[string]bool) {
	switch s := schema.(type) {
	case map[string]any:
		for key, value := range s {
			if properties, ok := value.(map[string]any); ok && key == "properties" {
				for name := range properties {
					into[name] = true
				}
			}
			propertiesOf(value, into)
		}
	case []any:
		for _, value := range s {
			propertiesOf(value, into)
		}
	}
}

func tagsOf(t reflect.Type, into map[string]bool) {
	switch t.Kind() {
	case reflect.Slice:
		tagsOf(t.Elem(), into)
	case reflect.Struct:
		for f := range t.Fields() {
			if tag := f.Tag.Get("yaml"); tag != "" {
				into[tag] = true
				tagsOf(f.Type, into)
			}
		}
	}
}
