// Package config reads the one configuration file, strictly: a key that is not
// known, a value that cannot be meant and a secret in clear are refused with the
// line they stand on. Everything that is wrong is reported at once.
//
// The file names systems, the policy, the roster, the evidence store and the
// Temporal server. Secrets stand in it by reference only (env:NAME, file:/path).
// Relative paths are relative to the folder of the file.
package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/plan"
)

// Config is what the file says, with defaults where it says nothing.
type Config struct {
	Systems  []System `yaml:"systems"`
	Policy   Policy   `yaml:"policy"`
	Roster   Roster   `yaml:"roster"`
	Evidence Evidence `yaml:"evidence"`
	Temporal Temporal `yaml:"temporal"`
	Worker   Worker   `yaml:"worker"`

	path   string
	digest string
}

// Policy is what the organisation has decided; see [plan.Policy].
type Policy struct {
	Patience     time.Duration `yaml:"patience"`
	Budget       time.Duration `yaml:"budget"`
	TaskOwner    string        `yaml:"task_owner"`
	TaskDeadline time.Duration `yaml:"task_deadline"`
}

// Roster says where the HR source of record is.
type Roster struct {
	File string `yaml:"file"` // CSV
}

// Evidence says where evidence is kept.
type Evidence struct {
	URL   string `yaml:"url"`   // a folder, file:///folder or mem://
	Spool string `yaml:"spool"` // folder used while the store is down
}

// Worker says what a worker serves.
type Worker struct {
	Queues []string `yaml:"queues"` // empty: all that the configuration calls for
}

// Load reads and checks a file. What is wrong with it comes back as one error, a
// *[Problem] for each, joined, with the code [access.Invalid]. Load reads no
// secret and connects to nothing.
func Load(path string) (*Config, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	c := &Config{path: path, digest: digest(nil)}
	document, err := parse(path, content)
	if err != nil {
		return nil, err
	}
	r := reader{path: path}
	if document != nil {
		c.digest = digestOf(document)
		r.resolveSecretFiles(document)
		if r.read(document, c); len(r.problems) > 0 {
			return nil, errors.Join(r.problems...)
		}
	}
	r.check(c, document)
	if len(r.problems) > 0 {
		return nil, errors.Join(r.problems...)
	}
	c.complete()
	return c, nil
}

// Path is where the configuration was read from.
func (c *Config) Path() string { return c.path }

// Digest is the SHA-256, in hex, of what the file says: the order of keys,
// comments and layout do not count. Secrets are not in the file, so they are not
// in the digest.
func (c *Config) Digest() string { return c.digest }

// Plan is the policy as planning takes it.
func (p Policy) Plan() plan.Policy { return plan.Policy(p) }

// parse returns the one document of the file, or nil when it is empty.
func parse(path string, content []byte) (ast.Node, error) {
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, nil
	}
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		return nil, located(path, nil, err)
	}
	switch {
	case len(file.Docs) == 0 || file.Docs[0].Body == nil:
		return nil, nil
	case len(file.Docs) > 1 && file.Docs[1].Body != nil:
		return nil, at(path, file.Docs[1].Body, "the file holds more than one document", "write one document, without a second ---")
	}
	return file.Docs[0].Body, nil
}

// complete fills in defaults and makes paths absolute or relative to the file.
func (c *Config) complete() {
	defaults := plan.DefaultPolicy()
	if c.Policy.Patience == 0 {
		c.Policy.Patience = defaults.Patience
	}
	if c.Policy.Budget == 0 {
		c.Policy.Budget = defaults.Budget
	}
	if c.Policy.TaskOwner == "" {
		c.Policy.TaskOwner = defaults.TaskOwner
	}
	if c.Policy.TaskDeadline == 0 {
		c.Policy.TaskDeadline = defaults.TaskDeadline
	}
	for i := range c.Systems {
		if c.Systems[i].Limits == (connectors.Limit{}) {
			c.Systems[i].Limits = defaultLimit
		}
	}
	if c.Evidence.URL == "" {
		c.Evidence.URL = "evidence"
	}
	if c.Evidence.Spool == "" {
		c.Evidence.Spool = "spool"
	}
	c.Evidence.URL = c.evidenceURL()
	c.Evidence.Spool = beside(c.path, c.Evidence.Spool)
	c.Roster.File = beside(c.path, c.Roster.File)
	if c.Temporal.ConfigFile != "" {
		c.Temporal.ConfigFile = beside(c.path, c.Temporal.ConfigFile)
	}
}

// defaultLimit is the brake on a system that is configured without one.
var defaultLimit = connectors.Limit{Accounts: 100, Window: time.Hour}

// beside resolves a path relative to the folder of the file at base.
func beside(base, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	joined := filepath.Join(filepath.Dir(base), path)
	if absolute, err := filepath.Abs(joined); err == nil {
		return absolute
	}
	return joined
}

func unreadable(path string, err error) error {
	p := &Problem{Path: path, What: "the file cannot be read", Hint: "check its permissions", cause: err}
	if errors.Is(err, os.ErrNotExist) {
		p.What, p.Hint = "there is no such file", "name it with --config or $"+Variable+"; config.example.yaml is a start"
	}
	return p
}

// invalid is the access error beneath every problem.
func invalid(hint string, cause error) *access.Error {
	return &access.Error{Code: access.Invalid, Op: "read configuration", Hint: hint, Cause: cause}
}
