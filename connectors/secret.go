package connectors

import (
	"fmt"
	"os"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// Secret is a reference to a secret, "env:NAME" or "file:/path", never the
// secret itself. It is read at every use, so that a rotated secret needs no
// restart.
type Secret struct{ reference string }

// ParseSecret accepts "env:NAME" and "file:/path". The error has the code
// [access.Invalid] and does not repeat what was given, which may be a secret.
func ParseSecret(reference string) (Secret, error) {
	kind, name, ok := strings.Cut(reference, ":")
	if !ok || name == "" || kind != "env" && kind != "file" {
		return Secret{}, &access.Error{Code: access.Invalid, Op: "read secret reference",
			Hint: "write env:NAME or file:/path; the secret itself does not belong here"}
	}
	return Secret{reference: reference}, nil
}

// UnmarshalYAML reads a reference.
func (s *Secret) UnmarshalYAML(unmarshal func(any) error) error {
	var reference string
	if err := unmarshal(&reference); err != nil {
		return fmt.Errorf("read secret reference: %w", err)
	}
	parsed, err := ParseSecret(reference)
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// IsZero tells whether there is no reference.
func (s Secret) IsZero() bool { return s.reference == "" }

// String returns the reference.
func (s Secret) String() string { return s.reference }

// Value reads the secret; surrounding white space is dropped. A missing or empty
// one is Invalid, and the hint names the reference.
func (s Secret) Value() (string, error) {
	kind, name, _ := strings.Cut(s.reference, ":")
	var value string
	switch kind {
	case "env":
		value = os.Getenv(name)
	case "file":
		content, err := os.ReadFile(name)
		if err != nil {
			return "", &access.Error{Code: access.Invalid, Op: "read secret", Hint: "cannot read " + s.reference, Cause: err}
		}
		value = string(content)
	}
	value = strings.TrimSpace(value)
	if value == "" {
		return "", &access.Error{Code: access.Invalid, Op: "read secret", Hint: s.reference + " is empty or not set"}
	}
	return value, nil
}
