package config

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/killsignal/killsignal/access"
)

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

const nameHint = "use 1 to 63 small letters, digits and '-', beginning with a letter or digit"

// check finds what is of the right form and cannot be meant.
func (r *reader) check(c *Config, document ast.Node) {
	if len(c.Systems) == 0 {
		r.fault(nil, "no systems are configured", "name at least one under systems:")
	}
	names := map[string]bool{}
	for i := range c.Systems {
		s := &c.Systems[i]
		s.path, s.node = r.path, child(document, "systems", i)
		if names[s.Name] {
			r.fault(s.key("name"), fmt.Sprintf("a second system is named %q", s.Name), "names are unique")
		}
		names[s.Name] = true
		r.checkSystem(s)
	}
	r.checkPolicy(c.Policy, child(document, "policy", -1))
	if c.Roster.File == "" {
		r.fault(nil, "no roster is configured", "name the CSV file of people under roster: file:")
	}
	if scheme := schemeOf(c.Evidence.URL); !slices.Contains([]string{"", "file", "mem"}, scheme) {
		r.fault(child(document, "evidence", -1), "the evidence cannot be kept there", "evidence.url is a folder, file:///folder or mem://")
	}
	for _, queue := range c.Worker.Queues {
		if !namePattern.MatchString(queue) {
			r.fault(child(document, "worker", -1), "a queue has no usable name", nameHint)
		}
	}
}

func (r *reader) checkSystem(s *System) {
	if !namePattern.MatchString(s.Name) {
		r.fault(s.key("name"), "the system has no usable name", nameHint)
	}
	if s.Kind == "" {
		r.fault(s.node, "the system has no kind", "write kind: okta, entraid or scim")
	}
	for _, stage := range s.Stages {
		if !slices.Contains(access.Stages(), stage) {
			r.fault(s.key("stages"), fmt.Sprintf("there is no stage %q", stage), "the stages are lock, revoke, verify and reclaim")
		}
	}
	if len(s.Stages) > 0 && !slices.Contains(s.Stages, access.Lock) {
		r.fault(s.key("stages"), "the stages lack lock", "nothing else is done to an account that is not locked")
	}
	for _, pattern := range s.Protected {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			r.fault(s.key("protected"), "a protected pattern cannot be read", "the wildcards are *, ? and [a-z]; an unreadable pattern would protect everybody")
		}
	}
	if (s.Limits.Accounts > 0) != (s.Limits.Window > 0) || s.Limits.Accounts < 0 || s.Limits.Window < 0 {
		r.fault(s.key("limits"), "a limit needs both accounts and window, above zero", "for example {accounts: 20, window: 1h}")
	}
	if s.Queue != "" && !namePattern.MatchString(s.Queue) {
		r.fault(s.key("queue"), "the queue has no usable name", nameHint)
	}
	if strings.HasSuffix(s.Queue, "-emergency") {
		r.fault(s.key("queue"), "the queue's name ends in -emergency", "name the queue without it; emergencies get a queue of that name by themselves")
	}
}

func (r *reader) checkPolicy(p Policy, node ast.Node) {
	if p.Patience < 0 || p.Budget < 0 || p.TaskDeadline < 0 {
		r.fault(node, "a duration of the policy is below zero", "leave it out for the default")
	}
	if access.ContainsAddress(p.TaskOwner) {
		r.fault(child(node, "task_owner", -1), "task_owner is an e-mail address", "name a team or a role: owners stand in histories, which carry no personal data")
	}
}

// key is the node of a key's value in the system, or the system's own.
func (s System) key(name string) ast.Node {
	if node := child(s.node, name, -1); node != nil {
		return node
	}
	return s.node
}

// child returns the value of a key of a mapping, and the i-th item of it for i >= 0;
// nil when there is none.
func child(node ast.Node, key string, i int) ast.Node {
	var found ast.Node
	switch m := node.(type) {
	case *ast.MappingNode:
		for _, value := range m.Values {
			if value.Key.GetToken().Value == key {
				found = value.Value
			}
		}
	case *ast.MappingValueNode:
		if m.Key.GetToken().Value == key {
			found = m.Value
		}
	}
	if i < 0 || found == nil {
		return found
	}
	if sequence, ok := found.(*ast.SequenceNode); ok && i < len(sequence.Values) {
		return sequence.Values[i]
	}
	return nil
}

// schemeOf returns the scheme of a URL, "" for a plain path.
func schemeOf(address string) string {
	if !strings.Contains(address, "://") {
		return ""
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return "unreadable"
	}
	return parsed.Scheme
}

// evidenceURL turns a folder into a URL, relative to the file.
func (c *Config) evidenceURL() string {
	if schemeOf(c.Evidence.URL) == "mem" {
		return c.Evidence.URL
	}
	return "file://" + beside(c.path, strings.TrimPrefix(c.Evidence.URL, "file://"))
}
