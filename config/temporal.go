package config

import (
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/killsignal/killsignal/access"
)

// Temporal says where the Temporal server is. Temporal's own variables
// (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS…) win over
// this file, and this file wins over a profile of Temporal's own configuration
// file. Such a profile is read when one is named, here or by TEMPORAL_PROFILE or
// TEMPORAL_CONFIG_FILE, or when no address is given here: an address that stands
// alone does not inherit somebody's default credentials.
type Temporal struct {
	Address    string `yaml:"address"`   // host:port; default localhost:7233
	Namespace  string `yaml:"namespace"` // default "default"
	Profile    string `yaml:"profile"`
	ConfigFile string `yaml:"config_file"` // temporal.toml
}

// Client returns the options for a Temporal client. HostPort and Namespace are
// always set.
func (t Temporal) Client() (client.Options, error) {
	request := envconfig.LoadClientConfigProfileOptions{ConfigFilePath: t.ConfigFile, ConfigFileProfile: t.Profile,
		ConfigFileStrict: true, DisableEnv: true}
	if os.Getenv("TEMPORAL_CONFIG_FILE") != "" {
		request.ConfigFilePath = ""
	} else if t.ConfigFile != "" {
		// A file that is named and not there would be passed over in silence.
		if _, err := os.Stat(t.ConfigFile); err != nil {
			return client.Options{}, t.fault("temporal.config_file cannot be read", err)
		}
	}
	if os.Getenv("TEMPORAL_PROFILE") != "" {
		request.ConfigFileProfile = ""
	}
	var profile envconfig.ClientConfigProfile
	if t.profiled() {
		var err error
		if profile, err = envconfig.LoadClientConfigProfile(request); err != nil {
			return client.Options{}, t.fault("Temporal's configuration file or the profile in it cannot be read", err)
		}
	}
	if t.Address != "" {
		profile.Address = t.Address
	}
	if t.Namespace != "" {
		profile.Namespace = t.Namespace
	}
	if err := profile.ApplyEnvVars(nil); err != nil {
		return client.Options{}, t.fault("a TEMPORAL_ variable cannot be read", err)
	}
	options, err := profile.ToClientOptions(envconfig.ToClientOptionsRequest{})
	if err != nil {
		return client.Options{}, t.fault("the TLS settings for Temporal cannot be used", err)
	}
	if options.HostPort == "" {
		options.HostPort = client.DefaultHostPort
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	return options, nil
}

func (t Temporal) profiled() bool {
	return t.Address == "" || t.Profile != "" || t.ConfigFile != "" ||
		os.Getenv("TEMPORAL_PROFILE") != "" || os.Getenv("TEMPORAL_CONFIG_FILE") != ""
}

func (t Temporal) fault(hint string, cause error) error {
	return &access.Error{Code: access.Invalid, Op: "read Temporal settings", Hint: hint, Cause: cause}
}
