package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// closed are the types whose values are a closed set of words, with their rooms.
var closed = map[string]string{
	"Strategy": "access", "Authority": "access", "Stage": "access", "Disposition": "access", "Outcome": "access",
	"Proof": "access", "Status": "access", "RightKind": "access", "Obstacle": "access", "Correlator": "access",
	"Code": "access", "Phase": "plan", "Verdict": "plan",
}

func TestTheVocabularyHoldsEveryWordAndNoOther(t *testing.T) {
	sections := tables(documents(t)["docs/vocabulary.md"])
	for name, room := range closed {
		t.Run(room+"."+name, func(t *testing.T) {
			words := constants(t, room, name)
			require.NotEmpty(t, words)
			require.ElementsMatch(t, words, sections[name])
		})
	}
	for section := range sections {
		require.Contains(t, closed, section, "a section without a type")
	}
}

// tables returns the words in code type that begin a row, by the heading above.
func tables(document string) map[string][]string {
	all := map[string][]string{}
	heading := regexp.MustCompile(`^### (\w+)$`)
	row := regexp.MustCompile("^\\| `([^`]+)` \\|")
	section := ""
	for line := range strings.Lines(document) {
		line = strings.TrimSpace(line)
		if found := heading.FindStringSubmatch(line); found != nil {
			section = found[1]
			all[section] = nil
		}
		if found := row.FindStringSubmatch(line); found != nil {
			all[section] = append(all[section], found[1])
		}
	}
	return all
}

// constants lists the values of the exported constants of a type.
func constants(t *testing.T, room, name string) (values []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, room, "*.go"))
	require.NoError(t, err)
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !spec.Names[0].IsExported() {
				return true
			}
			of, typed := spec.Type.(*ast.Ident)
			literal, plain := spec.Values[0].(*ast.BasicLit)
			if typed && plain && of.Name == name && literal.Kind == token.STRING {
				value, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				values = append(values, value)
			}
			return true
		})
	}
	return values
}
