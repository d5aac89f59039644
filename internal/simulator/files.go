package simulator

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
)

// Files says what stands in the files of a company besides its systems.
type Files struct {
	Temporal string         // address of the Temporal server
	Policy   map[string]any // what stands under policy
	// TokenLifetime is how long the configuration says that access tokens live, and
	// app sessions outlive the lock; zero leaves it to the connectors.
	TokenLifetime time.Duration
	// Settle is how long the configuration says that Entra ID takes to show a
	// change; zero leaves it to the connector.
	Settle time.Duration
}

// WriteFiles writes what a worker and the command line need to reach the company
// into dir: a configuration, a roster, and a file for every secret. It returns the
// path of the configuration. It must be called after Serve.
func (c *Company) WriteFiles(dir string, f Files) (string, error) {
	secrets := filepath.Join(dir, "secrets")
	if err := os.MkdirAll(secrets, 0o700); err != nil {
		return "", fmt.Errorf("write company files: %w", err)
	}
	var systems []yaml.MapSlice
	for _, s := range c.Systems() {
		connection := map[string]any{}
		for key, value := range s.Connection {
			connection[key] = value
		}
		for key, value := range s.Secrets {
			name := s.Name + "-" + key
			if err := os.WriteFile(filepath.Join(secrets, name), []byte(value+"\n"), 0o600); err != nil {
				return "", fmt.Errorf("write company files: %w", err)
			}
			connection[key] = "file:secrets/" + name
		}
		if f.Settle > 0 && s.Name == EntraSystem {
			connection["settle"] = f.Settle.String()
		}
		if f.TokenLifetime > 0 {
			switch {
			case s.Kind != "scim":
				connection["access_token_lifetime"] = f.TokenLifetime.String()
			case connection["lock_ends_sessions"] == nil:
				connection["sessions_outlive"] = f.TokenLifetime.String()
			}
		}
		systems = append(systems, yaml.MapSlice{
			{Key: "name", Value: s.Name}, {Key: "kind", Value: s.Kind}, {Key: "connection", Value: connection},
			{Key: "protected", Value: s.Protected}, {Key: "witness", Value: map[string]any{"email": s.Witness}},
		})
	}
	document := yaml.MapSlice{{Key: "systems", Value: systems}}
	if len(f.Policy) > 0 {
		document = append(document, yaml.MapItem{Key: "policy", Value: f.Policy})
	}
	document = append(document,
		yaml.MapItem{Key: "roster", Value: map[string]any{"file": "roster.csv"}},
		yaml.MapItem{Key: "evidence", Value: map[string]any{"url": "evidence", "spool": "spool"}},
		yaml.MapItem{Key: "temporal", Value: map[string]any{"address": f.Temporal}},
	)
	content, err := yaml.Marshal(document)
	if err != nil {
		return "", fmt.Errorf("write company files: %w", err)
	}
	path := filepath.Join(dir, "config.yaml")
	for name, content := range map[string][]byte{path: content, filepath.Join(dir, "roster.csv"): []byte(c.Roster())} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return "", fmt.Errorf("write company files: %w", err)
		}
	}
	return path, nil
}
