package config

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// System is one configured system.
type System struct {
	Name       string           `yaml:"name"`
	Kind       string           `yaml:"kind"`
	Connection Connection       `yaml:"connection"`
	Stages     []access.Stage   `yaml:"stages"`    // empty: all that it can
	Protected  []string         `yaml:"protected"` // ids or login names, with the wildcards of path.Match
	Limits     connectors.Limit `yaml:"limits"`
	Queue      string           `yaml:"queue"` // "": the queues of the house
	Slow       bool             `yaml:"slow"`  // known to answer slowly
	Witness    Witness          `yaml:"witness"`

	path string
	node ast.Node
}

// Witness is somebody who certainly has an account in the system, so that a
// look-up that finds nobody can be believed.
type Witness struct {
	UserName       string `yaml:"user_name"`
	Email          string `yaml:"email"`
	EmployeeNumber string `yaml:"employee_number"`
}

// Subject is the witness as a person to look for.
func (w Witness) Subject() access.Subject {
	s := access.Subject{Key: "witness", EmployeeNumber: w.EmployeeNumber}
	if w.UserName != "" {
		s.UserNames = []string{w.UserName}
	}
	if w.Email != "" {
		s.Emails = []string{w.Email}
	}
	return s
}

// Connection is how to reach a system. What it holds depends on the kind, so it
// is kept as it stands in the file until [System.Decode].
type Connection struct{ node ast.Node }

// UnmarshalYAML keeps the node.
func (c *Connection) UnmarshalYAML(node ast.Node) error {
	c.node = node
	return nil
}

// Decode reads the connection into the configuration struct of the kind, as
// strictly as the file itself: errors are problems with their lines.
func (s System) Decode(into any) error {
	if s.Connection.node == nil {
		return s.Problem("the system has no connection", "write connection: with what its kind needs, see config.example.yaml", nil)
	}
	r := reader{path: s.path}
	r.read(s.Connection.node, into)
	return errors.Join(r.problems...)
}

// Problem is something wrong with this system, at its line in the file.
func (s System) Problem(what, hint string, cause error) error {
	p := at(s.path, s.node, what, hint)
	p.cause = cause
	return p
}

// resolveSecretFiles makes references to secret files (file:secrets/token)
// relative to the folder of the configuration.
func (r *reader) resolveSecretFiles(document ast.Node) {
	ast.Walk(secretFiles{base: r.path}, document)
}

type secretFiles struct{ base string }

// Visit rewrites one node.
func (v secretFiles) Visit(node ast.Node) ast.Visitor {
	if text, ok := node.(*ast.StringNode); ok {
		name, isFile := strings.CutPrefix(text.Value, "file:")
		if isFile && name != "" && !strings.HasPrefix(name, "//") && !filepath.IsAbs(name) {
			text.Value = "file:" + beside(v.base, name)
		}
	}
	return v
}
