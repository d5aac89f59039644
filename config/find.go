package config

import (
	"os"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// Variable is the environment variable that names the configuration file.
const Variable = "KILLSIGNAL_CONFIG"

// Find says which file to load: the flag, else $KILLSIGNAL_CONFIG, else the first
// that exists of ./killsignal.yaml and ./.killsignal/config.yaml, which the demo
// writes. The error names every place that was looked at.
func Find(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if path := os.Getenv(Variable); path != "" {
		return path, nil
	}
	places := []string{"./killsignal.yaml", "./.killsignal/config.yaml"}
	for _, path := range places {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	return "", &access.Error{Code: access.Invalid, Op: "find configuration",
		Hint: "there is none: looked at --config, $" + Variable + ", " + strings.Join(places, " and ") + "; config.example.yaml is a start"}
}
