package simulator_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/okta"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/internal/simulator"
)

// Entra is left to the tests that link Microsoft's models.
func TestConnectorsLeaveNothingOfTheLeaverButWhatRunsOut(t *testing.T) {
	company, err := simulator.New(simulator.Options{})
	require.NoError(t, err)
	require.NoError(t, company.Serve(t.Context()))
	t.Cleanup(func() { require.NoError(t, company.Close()) })
	leaver, ok := company.Subject(simulator.Leaver)
	require.True(t, ok)
	accounts, before := company.AccountsOf(simulator.Leaver), company.Truth()

	for _, system := range company.Systems() {
		if system.Kind == "entraid" {
			continue
		}
		t.Run(system.Name, func(t *testing.T) {
			c := connector(t, system)
			require.NoError(t, c.Check(t.Context()))
			found, err := c.Find(t.Context(), leaver)
			require.NoError(t, err)
			if accounts[system.Name] == "" {
				require.Empty(t, found, "no account is found where there is none")
				return
			}
			require.Len(t, found, 1)
			require.Equal(t, accounts[system.Name], found[0].Ref.ID)
			strip(t, c, found[0].Ref)
		})
	}

	for _, left := range company.Access(simulator.Leaver) {
		if left.System == simulator.EntraSystem {
			continue
		}
		runsOut := left.Kind == "access-token" && !left.Until.IsZero() || left.Kind == "session" && left.System != simulator.OktaSystem
		require.True(t, runsOut, left.String())
	}
	after := company.Truth()
	for system, id := range accounts {
		delete(before[system], id)
		delete(after[system], id)
	}
	require.Equal(t, before, after, "nobody else is touched")
}

// connector reads the description of a system as a configuration file has it.
func connector(t *testing.T, s simulator.System) connectors.Connector {
	t.Helper()
	connection := map[string]any{}
	for key, value := range s.Connection {
		connection[key] = value
	}
	for key, value := range s.Secrets {
		path := filepath.Join(t.TempDir(), strings.Join([]string{s.Name, key}, "."))
		require.NoError(t, os.WriteFile(path, []byte(value), 0o600))
		connection[key] = "file:" + path
	}
	text, err := yaml.Marshal(connection)
	require.NoError(t, err)
	if s.Kind == "okta" {
		var c okta.Config
		require.NoError(t, yaml.UnmarshalWithOptions(text, &c, yaml.Strict()))
		made, err := okta.New(s.Name, c)
		require.NoError(t, err)
		return made
	}
	var c scim.Config
	require.NoError(t, yaml.UnmarshalWithOptions(text, &c, yaml.Strict()))
	made, err := scim.New(s.Name, c)
	require.NoError(t, err)
	return made
}

// strip locks the account and removes every right, and expects no obstacle but
// those that end by themselves.
func strip(t *testing.T, c connectors.Connector, ref access.AccountRef) {
	t.Helper()
	require.NoError(t, c.(connectors.Locker).Lock(t.Context(), ref))
	state, err := c.State(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, access.Locked, state.Status)
	if ender, ok := c.(connectors.SessionEnder); ok {
		require.NoError(t, ender.EndSessions(t.Context(), ref))
	}
	revoker := c.(connectors.RightRevoker)
	for _, kind := range c.Info().Rights {
		list := func() []access.Right {
			rights, err := connectors.Collect(t.Context(), func(ctx context.Context, cursor string) (connectors.Page[access.Right], error) {
				return revoker.Rights(ctx, ref, kind, cursor)
			})
			require.NoError(t, err)
			return rights
		}
		for _, right := range list() {
			if right.Removable() {
				require.NoError(t, revoker.RevokeRight(t.Context(), ref, right))
			}
		}
		for _, right := range list() {
			require.Equal(t, access.Inherent, right.Obstacle, right.Type)
		}
	}
}
