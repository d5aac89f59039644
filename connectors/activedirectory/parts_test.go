package activedirectory

import (
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

func TestIDs(t *testing.T) {
	t.Run("an objectGUID is written as Windows writes it", func(t *testing.T) {
		require.Equal(t, "1b671a64-40d5-491e-99b0-da01ff1f3341",
			guid([]byte{0x64, 0x1a, 0x67, 0x1b, 0xd5, 0x40, 0x1e, 0x49, 0x99, 0xb0, 0xda, 0x01, 0xff, 0x1f, 0x33, 0x41}))
	})
	t.Run("every objectGUID comes back from its text, which is an id", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			b := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "guid")
			require.True(t, isGUID(guid(b)))
			require.Equal(t, string(b), guidBytes(guid(b)))
		})
	})
	t.Run("nothing else is an id", func(t *testing.T) {
		for _, s := range []string{"", "me", "1B671A64-40D5-491E-99B0-DA01FF1F3341", "1b671a64-40d5-491e-99b0-da01ff1f334", "1b671a64-40d5-491e-99b0-da01ff1f3341>",
			"<GUID=1b671a64-40d5-491e-99b0-da01ff1f3341>", "CN=Ada Marsh,DC=example,DC=com", "1b671a64-40d5-491e-99b0-da01ff1f3341\n"} {
			require.False(t, isGUID(s), "%q", s)
		}
		require.Empty(t, guid([]byte{1, 2, 3}))
		require.Empty(t, guidBytes("zz"))
	})
	t.Run("a security identifier is written as Windows writes it", func(t *testing.T) {
		require.Equal(t, "S-1-5-32-544", sid([]byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0}))
		require.Empty(t, sid([]byte{1, 2, 0, 0, 0, 0, 0, 5, 32}))
	})
}

func TestInstants(t *testing.T) {
	t.Run("a FILETIME is an instant, and none is never", func(t *testing.T) {
		at := instant("133500000000000001")
		require.NotNil(t, at)
		require.Equal(t, time.Date(2024, 1, 17, 21, 20, 0, 100, time.UTC), *at)
		for _, never := range []string{"", "0", "-1", "soon"} {
			require.Nil(t, instant(never))
		}
	})
}

func TestCredentialNames(t *testing.T) {
	t.Run("a key credential keeps its name when its account moves, and differs from others", func(t *testing.T) {
		before := digest(keyCredentials, "B:8:CAFE0001:CN=Ada Marsh,OU=People,DC=example,DC=com")
		require.Equal(t, before, digest(keyCredentials, "B:8:CAFE0001:CN=Ada Marsh,OU=Disabled,DC=example,DC=com"))
		require.NotEqual(t, before, digest(keyCredentials, "B:8:CAFE0002:CN=Ada Marsh,OU=People,DC=example,DC=com"))
	})
	t.Run("a mapped identity that only looks like one is named by all of it", func(t *testing.T) {
		require.NotEqual(t, digest("altSecurityIdentities", "B:9:CAFE:a"), digest("altSecurityIdentities", "B:9:CAFE:b"))
	})
	t.Run("the same value in two attributes has two names", func(t *testing.T) {
		require.NotEqual(t, digest("altSecurityIdentities", "x"), digest("sshPublicKey", "x"))
	})
}

func TestRanges(t *testing.T) {
	entry := func(name string, values ...string) *ldap.Entry {
		return &ldap.Entry{Attributes: []*ldap.EntryAttribute{{Name: "memberOf"}, {Name: name, Values: values}}}
	}
	for _, c := range []struct {
		name, attribute, next string
		values                []string
	}{
		{"an attribute that comes whole has no more", "memberOf", "", []string{"a"}},
		{"a first range says where to go on", "memberOf;range=0-1499", "memberOf;range=1500-*", []string{"a"}},
		{"a last range has no more", "memberof;Range=1500-*", "", []string{"a"}},
		{"another attribute is none", "member", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			values, next := ranged(entry(c.attribute, "a"), "memberOf")
			require.Equal(t, c.values, values)
			require.Equal(t, c.next, next)
		})
	}
}

func TestNames(t *testing.T) {
	t.Run("a name that is taken gets a part of the id, within 64 characters, whatever it holds", func(t *testing.T) {
		for value, expected := range map[string]string{
			"Ada Marsh":              "Ada Marsh 1b671a64",
			"Marsh, Ada":             "Marsh, Ada 1b671a64",
			strings.Repeat("ä", 64):  strings.Repeat("ä", 55) + " 1b671a64",
			`Ada "Ace" Marsh+Ohm=#;`: `Ada "Ace" Marsh+Ohm=#; 1b671a64`,
		} {
			dn := &ldap.DN{RDNs: []*ldap.RelativeDN{{Attributes: []*ldap.AttributeTypeAndValue{{Type: "CN", Value: value}}}}}
			name, err := ldap.ParseDN(distinct(row{id: "1b671a64-40d5-491e-99b0-da01ff1f3341", dn: dn}))
			require.NoError(t, err)
			require.Len(t, name.RDNs, 1)
			require.Equal(t, expected, name.RDNs[0].Attributes[0].Value)
		}
	})
	t.Run("the domain is the last part of a DN", func(t *testing.T) {
		require.Equal(t, "dc=corp,dc=example,dc=com", domain("OU=People,DC=corp,DC=example,DC=com"))
	})
}

func TestConfiguration(t *testing.T) {
	t.Setenv("AD_PASSWORD", "a password")
	password, err := connectors.ParseSecret("env:AD_PASSWORD")
	require.NoError(t, err)
	good := Config{URL: "ldaps://dc1.example.com", BindDN: "killsignal@example.com", BindPassword: password, BaseDN: "OU=People,DC=example,DC=com"}
	t.Run("the defaults are those of a domain in one site", func(t *testing.T) {
		c, err := New("corp", good)
		require.NoError(t, err)
		info := c.Info()
		require.Equal(t, 10*time.Hour, info.Outlives)
		require.Equal(t, time.Minute, info.Settle)
		require.True(t, info.IdentityProvider)
	})
	for _, c := range []struct {
		name, hint string
		change     func(*Config)
	}{
		{"no address", "url", func(c *Config) { c.URL = "" }},
		{"an address that is not encrypted", "a password cannot be changed otherwise", func(c *Config) { c.URL = "ldap://dc1.example.com" }},
		{"one that is not encrypted, on loopback", "a password cannot be changed otherwise", func(c *Config) { c.URL = "ldap://127.0.0.1" }},
		{"an address with more in it", "alone", func(c *Config) { c.URL = "ldaps://dc1.example.com/DC=example" }},
		{"no name", "bind_dn", func(c *Config) { c.BindDN = "" }},
		{"no password", "bind_password", func(c *Config) { c.BindPassword = connectors.Secret{} }},
		{"no base", "base_dn", func(c *Config) { c.BaseDN = "" }},
		{"a base that is no DN", "base_dn", func(c *Config) { c.BaseDN = "people" }},
		{"a unit for the disabled outside the base", "found again", func(c *Config) { c.DisabledOU = "OU=Disabled,DC=example,DC=com" }},
		{"the base itself as the unit for the disabled", "found again", func(c *Config) { c.DisabledOU = c.BaseDN }},
		{"an attribute of another sort", "employeeID or employeeNumber", func(c *Config) { c.EmployeeNumber = "uid" }},
		{"what is no name of an attribute", "names of attributes", func(c *Config) { c.CredentialAttributes = []string{"a b"} }},
		{"an attribute that is no credential", "names of attributes", func(c *Config) { c.CredentialAttributes = []string{"MemberOf"} }},
		{"pages that are too large", "page_size", func(c *Config) { c.PageSize = 1001 }},
		{"a negative time", "not negative", func(c *Config) { c.TicketLifetime = -1 }},
		{"a file of certificates that is not there", "ca_file", func(c *Config) { c.CAFile = "/nowhere" }},
	} {
		t.Run(c.name+" is refused", func(t *testing.T) {
			bad := good
			c.change(&bad)
			_, err := New("corp", bad)
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.ErrorContains(t, err, c.hint)
		})
	}
}
