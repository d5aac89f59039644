package ldap_test

import (
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/ldap"
)

func TestConfig(t *testing.T) {
	t.Setenv("LDAP_PASSWORD", "canary-password")
	read := func(text string) (*ldap.Connector, error) {
		var c ldap.Config
		if err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict()); err != nil {
			return nil, err
		}
		return ldap.New(system, c)
	}
	const common = "bind_dn: cn=killsignal,ou=services,dc=example,dc=com\nbind_password: env:LDAP_PASSWORD\nbase_dn: ou=people,dc=example,dc=com\n"
	const at = common + "url: ldaps://ldap.example.com\n"
	const minimal = at + "dialect: openldap\n"

	t.Run("a wrong one is refused, and what was wrong is not repeated", func(t *testing.T) {
		for name, text := range map[string]string{
			"no dialect":                       at,
			"an unknown dialect":               at + "dialect: secret",
			"no address":                       common + "dialect: openldap",
			"another protocol":                 common + "dialect: openldap\nurl: https://secret.example.com",
			"plain ldap, not to loopback":      common + "dialect: openldap\nurl: ldap://secret.example.com",
			"starttls over TLS":                minimal + "starttls: true",
			"a name in the address":            common + "dialect: openldap\nurl: ldaps://ada:secret@ldap.example.com",
			"a path in the address":            common + "dialect: openldap\nurl: ldaps://ldap.example.com/dc=secret",
			"a bind_dn that is none":           minimal + "placeholder_dn: secret",
			"no base":                          "dialect: openldap\nurl: ldaps://ldap.example.com\nbind_dn: cn=a,dc=b\nbind_password: env:LDAP_PASSWORD",
			"no password":                      "dialect: openldap\nurl: ldaps://ldap.example.com\nbind_dn: cn=a,dc=b\nbase_dn: dc=b",
			"a ca_file that is not there":      minimal + "ca_file: /nowhere/secret.pem",
			"an unknown id":                    minimal + "id_attribute: secret",
			"an attribute with a filter in it": minimal + "attributes: {user_name: [\"uid=secret)(cn\"]}",
			"no attributes":                    minimal + "attributes: {user_name: [], email: [], employee_number: []}",
			"no classes of users":              minimal + "user_classes: []",
			"an unknown class of groups":       minimal + "group_classes: [secret]",
			"a lock attribute of another kind": minimal + "lock_attribute: secret",
			"no lock attribute":                at + "dialect: generic-attribute\nlocked_value: secret",
			"a lock that is no change":         at + "dialect: generic-attribute\nlock_attribute: secret\nlocked_value: a\nunlocked_value: a",
			"a policy in another dialect":      at + "dialect: 389ds\npolicy_dn: cn=secret",
			"a negative time":                  minimal + "settle: -1s",
			"a note with an address":           minimal + "session_note: ask secret@example.com",
		} {
			t.Run(name, func(t *testing.T) {
				_, err := read(text)
				require.Error(t, err)
				require.Equal(t, access.Invalid, access.CodeOf(err), "%v", err)
				require.NotContains(t, access.AsError(err, "").Error(), "secret")
			})
		}
	})
	t.Run("an unknown key is refused", func(t *testing.T) {
		_, err := read(minimal + "lock: hard")
		require.Error(t, err)
	})
	t.Run("a second read is always made, and open connections are assumed to go on for a day", func(t *testing.T) {
		c, err := read(minimal)
		require.NoError(t, err)
		require.Equal(t, 5*time.Second, c.Info().Settle)
		require.Equal(t, 24*time.Hour, c.Info().Outlives)
		c, err = read(minimal + "settle: 90s\nsessions_outlive: 15m\nsession_note: single sign-on sessions, 15 min at the longest")
		require.NoError(t, err)
		require.Equal(t, 90*time.Second, c.Info().Settle)
		require.Equal(t, 15*time.Minute, c.Info().Outlives)
		require.Equal(t, "single sign-on sessions, 15 min at the longest", c.Info().OutlivesWhat)
	})
	t.Run("what a directory without groups cannot do is left out", func(t *testing.T) {
		c, err := read(minimal)
		require.NoError(t, err)
		require.NotContains(t, connectors.Capabilities(c), connectors.CanRevoke)
		c, err = read(minimal + "group_base_dn: ou=groups,dc=example,dc=com\ngroup_classes: [groupofnames]")
		require.NoError(t, err)
		require.Contains(t, connectors.Capabilities(c), connectors.CanRevoke)
	})
	t.Run("an id of another form is refused before anything is sent", func(t *testing.T) {
		for dialect, id := range map[string]string{"openldap": "11111111-22222222-33333333-44444444", "389ds": "11111111-2222-4333-8444-555555555555"} {
			c, err := read(at + "dialect: " + dialect)
			require.NoError(t, err)
			for _, id := range []string{id, "*", "11111111-2222-4333-8444-55555555555*", "x)(uid=*", ""} {
				_, err = c.State(t.Context(), access.AccountRef{System: system, ID: id})
				require.Equal(t, access.Invalid, access.CodeOf(err), dialect)
				require.Equal(t, access.Invalid, access.CodeOf(c.Lock(t.Context(), access.AccountRef{System: system, ID: id})), dialect)
			}
		}
	})
}
