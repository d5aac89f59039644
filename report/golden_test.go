package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

var goldens = map[string]func() *story{
	"complete": complete, "task": withTask, "attested": attested, "cancelled": cancelled, "absent": absent, "spooled": spooled, "contradicted": contradicted,
}

func TestGolden(t *testing.T) {
	for name, tell := range goldens {
		t.Run(name, func(t *testing.T) {
			r := Build(tell().Materials)
			document, err := r.JSON()
			require.NoError(t, err)
			page, err := r.HTML()
			require.NoError(t, err)
			for file, got := range map[string][]byte{name + ".json": document, name + ".html": page} {
				golden := filepath.Join("testdata", file)
				if *update {
					require.NoError(t, os.MkdirAll("testdata", 0o755))
					require.NoError(t, os.WriteFile(golden, got, 0o644))
				}
				want, err := os.ReadFile(golden)
				require.NoError(t, err)
				require.Equal(t, string(want), string(got), "%s: run the test with -update and read the difference", golden)
			}
		})
	}
}

func TestSchema(t *testing.T) {
	schema := compile(t)
	stories := map[string]func() *story{"large": large, "empty": func() *story { return &story{} }}
	for name, tell := range goldens {
		stories[name] = tell
	}
	for name, tell := range stories {
		t.Run("a report of a case "+name+" follows its schema", func(t *testing.T) {
			require.NoError(t, schema.Validate(document(t, tell())))
		})
	}
	for name, spoil := range map[string]func(map[string]any){
		"a key that it does not know": func(r map[string]any) { r["extra"] = 1 },
		"a verdict that is no word":   func(r map[string]any) { r["verdict"].(map[string]any)["word"] = "fine" },
		"a list that is null":         func(r map[string]any) { r["systems"] = nil },
		"a time without a zone":       func(r map[string]any) { r["written_at"] = "2026-03-02" },
		"a report without a verdict":  func(r map[string]any) { delete(r, "verdict") },
		"an account with a message": func(r map[string]any) {
			r["systems"].([]any)[0].(map[string]any)["accounts"].([]any)[0].(map[string]any)["message"] = "x"
		},
		"an exchange that has a header": func(r map[string]any) { exchange(r)["headers"] = map[string]any{} },
		"a path that has a query":       func(r map[string]any) { exchange(r)["path"] = "/users?filter=ada" },
	} {
		t.Run("the schema refuses "+name, func(t *testing.T) {
			r := document(t, complete()).(map[string]any)
			require.NoError(t, schema.Validate(r))
			spoil(r)
			require.Error(t, schema.Validate(r))
		})
	}
}

// exchange is a request to a provider somewhere in the timeline.
func exchange(r map[string]any) map[string]any {
	for _, receipt := range r["timeline"].([]any) {
		if all, ok := receipt.(map[string]any)["exchanges"].([]any); ok {
			return all[0].(map[string]any)
		}
	}
	return nil
}

func compile(t *testing.T) *jsonschema.Schema {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("report.schema.json", schema))
	compiled, err := compiler.Compile("report.schema.json")
	require.NoError(t, err)
	return compiled
}

func document(t *testing.T, s *story) any {
	data, err := Build(s.Materials).JSON()
	require.NoError(t, err)
	var v any
	require.NoError(t, json.Unmarshal(data, &v))
	return v
}
