package activedirectory_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
)

func (w *world) add(t *testing.T, dn, class string, attributes map[string][]string) {
	t.Helper()
	r := ldap.NewAddRequest(dn, nil)
	r.Attribute("objectClass", []string{class})
	for name, values := range attributes {
		r.Attribute(name, values)
	}
	require.NoError(t, w.door.Add(r))
}

// addPerson makes an account that can sign in, and remembers its id.
func (w *world) addPerson(t *testing.T, p access.Subject, ou, password string) {
	t.Helper()
	attributes := map[string][]string{"sAMAccountName": p.UserNames, "userPrincipalName": {p.UserNames[0] + "@corp.example.com"},
		"userAccountControl": {"512"}, "unicodePwd": {quoted(password)}, "mail": p.Emails}
	if p.EmployeeNumber != "" {
		attributes["employeeID"] = []string{p.EmployeeNumber}
	}
	w.add(t, "CN="+p.Name+","+ou, "user", attributes)
	entry := w.entry(t, "CN="+p.Name+","+ou, "objectGUID")
	w.ids[p.UserNames[0]] = uuid(entry.GetRawAttributeValue("objectGUID"))
}

func (w *world) modify(t *testing.T, dn string, change func(*ldap.ModifyRequest)) {
	t.Helper()
	r := ldap.NewModifyRequest(dn, nil)
	change(r)
	require.NoError(t, w.door.Modify(r))
}

func (w *world) entry(t *testing.T, dn string, attributes ...string) *ldap.Entry {
	t.Helper()
	found, err := w.door.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", attributes, nil))
	require.NoError(t, err, dn)
	require.Len(t, found.Entries, 1)
	return found.Entries[0]
}

func (w *world) values(t *testing.T, dn, attribute string) []string {
	t.Helper()
	return w.entry(t, dn, attribute).GetAttributeValues(attribute)
}

// dn is where somebody is now.
func (w *world) dn(t *testing.T, name string) string {
	t.Helper()
	return w.entry(t, "<GUID="+w.ids[name]+">", "cn").DN
}

func (w *world) attribute(t *testing.T, name, attribute string) string {
	t.Helper()
	return w.entry(t, "<GUID="+w.ids[name]+">", attribute).GetAttributeValue(attribute)
}

// sid is the security identifier of a group.
func (w *world) sid(t *testing.T, group string) string {
	t.Helper()
	b := w.entry(t, "CN="+group+","+groups, "objectSid").GetRawAttributeValue("objectSid")
	text := fmt.Sprintf("S-%d-%d", b[0], b[7])
	for rest := b[8:]; len(rest) > 0; rest = rest[4:] {
		text += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(rest))
	}
	return text
}

func quoted(password string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(`"` + password + `"`)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return string(b)
}

// uuid is the text of an objectGUID.
func uuid(b []byte) string {
	return fmt.Sprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%x-%x", b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8:10], b[10:])
}

// filetime turns an instant of the directory into one that the suite knows as a time.
func filetime(text string) string {
	ticks, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return text
	}
	return time.Unix(ticks/1e7-11_644_473_600, ticks%1e7*100).UTC().Format(time.RFC3339Nano)
}

func sorted(values []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	return values
}
