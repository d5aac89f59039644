package activedirectory_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/activedirectory"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/internal/servers/samba"
)

// openTests are about what is open at the lock, and what becomes of it.
func (w *world) openTests(t *testing.T) {
	t.Run("a connection that is open at the lock can go on reading, and cannot set a password", func(t *testing.T) {
		s := w.connect(t)
		open, err := w.Bind(t, "ada.marsh@corp.example.com", adaPassword)
		require.NoError(t, err)
		progress := s.drive(t, &connectortest.Ledger{}, access.Lock, access.Revoke)
		require.NoError(t, progress.Err())

		found, err := open.Search(ldap.NewSearchRequest(company, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, "(mail=ben.okoro@example.com)", []string{"cn"}, nil))
		require.NoError(t, err, "as seen on Samba 4.17: this is why there is a residual")
		require.Len(t, found.Entries, 1)
		change := ldap.NewModifyRequest(w.dn(t, "ada.marsh"), nil)
		change.Delete("unicodePwd", []string{quoted(adaPassword)})
		change.Add("unicodePwd", []string{quoted("Ada-Passw0rd-2!")})
		require.Error(t, open.Modify(change), "the old password, which the change must name, is gone")
		_, err = w.Bind(t, "ada.marsh@corp.example.com", adaPassword)
		require.Error(t, err)

		residual := progress.Receipts[0].Residual
		require.NotNil(t, residual)
		require.Contains(t, residual.What, "open connections")
	})
	t.Run("after the lock a new sign-in by Kerberos is refused, and so is a new ticket; a service ticket from before stays good", func(t *testing.T) {
		s := w.connect(t, func(c *activedirectory.Config) { c.TicketLifetime = 4 * time.Hour })
		const service = "HTTP/app.example.com"
		w.Tool(t, "user", "create", "app", "App-Passw0rd-1!", "-H", w.Database())
		t.Cleanup(func() { require.NoError(t, w.door.Del(ldap.NewDelRequest("CN=app,CN=Users,"+samba.Base, nil))) })
		w.Tool(t, "spn", "add", service, "app", "-H", w.Database())
		keytab := filepath.Join(t.TempDir(), "keytab")
		w.Tool(t, "domain", "exportkeytab", keytab, "--principal="+service)

		held, idle := w.Kerberos(t), w.Kerberos(t)
		said, err := held.SignIn(t, "ada.marsh", adaPassword, "-r", "2d")
		require.NoError(t, err, said)
		said, err = held.Ticket(t, service)
		require.NoError(t, err, said)
		said, err = idle.SignIn(t, "ada.marsh", adaPassword, "-r", "2d")
		require.NoError(t, err, said)

		var last string // the password that the lock set last
		s.faults.OnRequest(func(_ int64, r *http.Request) {
			if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Password "); ok {
				last = strings.Trim(secret, `"`)
			}
		})
		progress := s.drive(t, &connectortest.Ledger{}, access.Lock)
		require.NoError(t, progress.Err())

		said, err = w.Kerberos(t).SignIn(t, "ada.marsh", adaPassword)
		require.Error(t, err)
		require.Contains(t, said, "Password incorrect")
		said, err = w.Kerberos(t).SignIn(t, "ada.marsh", last)
		require.Error(t, err)
		require.Contains(t, said, "credentials have been revoked")
		said, err = idle.Ticket(t, service)
		require.Error(t, err, "as seen on Samba 4.17; Windows may give one for 20 minutes more")
		require.Contains(t, said, "KDC policy rejects request")
		said, err = idle.Renew(t)
		require.Error(t, err, said)
		said, err = held.Ticket(t, service, "-k", keytab)
		require.NoError(t, err, "the service itself accepts what it was given before: %s", said)
		require.Contains(t, said, "keytab entry valid")

		residual := progress.Receipts[0].Residual
		require.NotNil(t, residual)
		require.Contains(t, residual.What, "Kerberos tickets")
		require.WithinDuration(t, time.Now().Add(4*time.Hour), residual.Until, time.Minute)
	})
}
