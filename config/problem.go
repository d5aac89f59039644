package config

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Problem is one thing that is wrong with a configuration file, and where. It
// never repeats a value, which may be a secret. It unwraps to an *access.Error
// with the code invalid and the same hint.
type Problem struct {
	Path         string
	Line, Column int // from 1; 0 when it is about the whole file
	What         string
	Hint         string

	cause error
}

func (p *Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.Path, p.What)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.Path, p.Line, p.Column, p.What)
}

// Unwrap returns the problem as an *access.Error.
func (p *Problem) Unwrap() error { return invalid(p.Hint, p.cause) }

// at is a problem with the node.
func at(path string, node ast.Node, what, hint string) *Problem {
	p := &Problem{Path: path, What: what, Hint: hint}
	// The token of a block mapping is its first colon; people look for its key.
	switch m := node.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 && !m.IsFlowStyle {
			node = m.Values[0].Key
		}
	case *ast.MappingValueNode:
		node = m.Key
	}
	if node != nil {
		p.place(node.GetToken())
	}
	return p
}

func (p *Problem) place(t *token.Token) {
	if t != nil && t.Position != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
	}
}

// located turns an error of the YAML library into a problem; node says where when
// the error does not. The library's text quotes the file, so it is kept only
// where it is about form.
func located(path string, node ast.Node, err error) *Problem {
	p := at(path, node, "the value cannot be read", "see config.example.yaml")
	p.cause = err
	positioned, ok := errors.AsType[yaml.Error](err)
	if !ok {
		return p
	}
	p.place(positioned.GetToken())
	if e, ok := positioned.(*yaml.SyntaxError); ok {
		p.What, p.Hint = "not YAML: "+e.Message, "check the indentation and the quotes around this line"
	}
	return p
}
