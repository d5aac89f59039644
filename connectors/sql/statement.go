package sql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// A statement of the configuration has named parameters, :key, and nothing is ever
// put into its text. What a statement may do and which parameters it must have is
// its type: one that has not is refused when it is read, at its line.
type (
	// Lookup selects the accounts that have the subject's :key.
	Lookup struct{ statement }
	// Read selects what belongs to the account :id.
	Read struct{ statement }
	// Write changes the account :id.
	Write struct{ statement }
	// Removal takes away one :item of the account :id.
	Removal struct{ statement }
	// Listing selects accounts with an id beyond :after, in the order of ids.
	Listing struct{ statement }
)

// UnmarshalYAML reads a SELECT with :key.
func (s *Lookup) UnmarshalYAML(unmarshal func(any) error) error {
	return s.read(unmarshal, reading, "key")
}

// UnmarshalYAML reads a SELECT with :id.
func (s *Read) UnmarshalYAML(unmarshal func(any) error) error {
	return s.read(unmarshal, reading, "id")
}

// UnmarshalYAML reads an UPDATE, INSERT or DELETE with :id.
func (s *Write) UnmarshalYAML(unmarshal func(any) error) error {
	return s.read(unmarshal, writing, "id")
}

// UnmarshalYAML reads an UPDATE, INSERT or DELETE with :id and :item.
func (s *Removal) UnmarshalYAML(unmarshal func(any) error) error {
	return s.read(unmarshal, writing, "id", "item")
}

// UnmarshalYAML reads a SELECT with :after.
func (s *Listing) UnmarshalYAML(unmarshal func(any) error) error {
	return s.read(unmarshal, reading, "after")
}

var (
	reading = []string{"SELECT"}
	writing = []string{"UPDATE", "DELETE", "INSERT"}
)

// statement is a text in pieces, between which parameters stand.
type statement struct {
	pieces     []string
	parameters []string
}

// isZero tells whether there is no statement.
func (s statement) isZero() bool { return len(s.pieces) == 0 }

func (s *statement) read(unmarshal func(any) error, verbs []string, parameters ...string) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return refused("a statement is text")
	}
	parsed, err := parseStatement(text)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(parsed.pieces[0], "\n", " ")), " ")
	if !slices.Contains(verbs, strings.ToUpper(first)) {
		return refused("this statement starts with " + strings.Join(verbs, ", "))
	}
	for _, p := range parameters {
		if !slices.Contains(parsed.parameters, p) {
			return refused("this statement needs the parameter :" + p)
		}
	}
	for _, p := range parsed.parameters {
		if !slices.Contains(parameters, p) {
			return refused("this statement has no parameters but :" + strings.Join(parameters, " and :"))
		}
	}
	*s = parsed
	return nil
}

func refused(hint string) error {
	return &access.Error{Code: access.Invalid, Op: "read statement", Hint: hint}
}

// parseStatement finds the parameters. What stands in quotes is passed over. Whatever
// the engines read differently, or could hide a second statement, is refused.
func parseStatement(text string) (statement, error) {
	var s statement
	start, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		next := byte(' ')
		if i+1 < len(text) {
			next = text[i+1]
		}
		switch {
		case c < ' ' && c != '\n' && c != '\t' && c != '\r', c == '\\':
			return s, refused("a statement holds no backslash and no control character")
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"' || c == '`':
			quote = c
		case c == ';':
			return s, refused("a statement is one, without a semicolon")
		case c == '-' && next == '-', c == '/' && next == '*', c == '#':
			return s, refused("a statement holds no comment")
		case c == '$' || c == '?' || c == '@':
			return s, refused("parameters are named, such as :id, and variables are not read")
		case c == ':' && next == ':':
			i++ // a cast
		case c == ':' && letter(next):
			end := i + 1
			for end < len(text) && (letter(text[end]) || text[end] >= '0' && text[end] <= '9') {
				end++
			}
			s.pieces = append(s.pieces, text[start:i])
			s.parameters = append(s.parameters, text[i+1:end])
			start, i = end, end-1
		}
	}
	switch {
	case quote != 0:
		return s, refused("a quotation does not end")
	case len(s.parameters) == 0:
		return s, refused("a statement has named parameters, such as :id, and this one has none")
	}
	s.pieces = append(s.pieces, text[start:])
	return s, nil
}

func letter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// bound is the statement with the engine's own marks for parameters, and the values
// in their order.
func (s statement) bound(engine Engine, values map[string]any) (text string, args []any) {
	var b strings.Builder
	var known []string
	for i, p := range s.parameters {
		b.WriteString(s.pieces[i])
		if engine == MariaDB {
			b.WriteByte('?')
			args = append(args, values[p])
			continue
		}
		at := slices.Index(known, p)
		if at < 0 {
			at, known, args = len(known), append(known, p), append(args, values[p])
		}
		fmt.Fprint(&b, "$"+strconv.Itoa(at+1))
	}
	b.WriteString(s.pieces[len(s.pieces)-1])
	return b.String(), args
}
