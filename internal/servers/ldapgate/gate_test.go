package ldapgate_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/servers/ldapgate"
	"github.com/killsignal/killsignal/internal/servers/openldap"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func TestGate(t *testing.T) {
	server := openldap.Start(t)
	open := func(t *testing.T) (*ldap.Conn, *fault.Injector) {
		faults := fault.New()
		address := ldapgate.Start(t, ldapgate.Options{Faults: faults, Dial: func(ctx context.Context) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", server.Address)
		}})
		conn, err := ldap.DialURL("ldap://" + address)
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		require.NoError(t, conn.Bind(openldap.AdminDN, openldap.AdminPassword))
		return conn, faults
	}
	search := func(conn *ldap.Conn) error {
		_, err := conn.Search(ldap.NewSearchRequest(openldap.Suffix, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, "(cn=admin*)", nil, nil))
		return err
	}
	describe := func(conn *ldap.Conn, text string) error {
		r := ldap.NewModifyRequest(openldap.Suffix, nil)
		r.Replace("description", []string{text})
		return conn.Modify(r)
	}
	description := func(t *testing.T) string {
		found, err := server.Admin(t).Search(ldap.NewSearchRequest(openldap.Suffix, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"description"}, nil))
		require.NoError(t, err)
		return found.Entries[0].GetAttributeValue("description")
	}
	t.Run("each operation is a request of its own kind", func(t *testing.T) {
		conn, faults := open(t)
		require.NoError(t, search(conn))
		require.NoError(t, describe(conn, "seen"))
		var seen []string
		for _, r := range faults.Requests() {
			seen = append(seen, r.Method+" "+r.Path)
		}
		require.Equal(t, []string{"POST /token", "GET /dc=example,dc=com", "PATCH /dc=example,dc=com"}, seen)
		require.Equal(t, "filter=%28cn%3Dadmin%2A%29", faults.Requests()[1].Query)
	})
	t.Run("a status is the result that stands for it, and the server does not see the request", func(t *testing.T) {
		conn, faults := open(t)
		require.NoError(t, describe(conn, "before"))
		for status, result := range map[int]uint16{401: 49, 403: 50, 404: 32, 409: 16, 429: 51, 500: 80, 503: 52} {
			faults.Add(fault.Rule{Times: 2, Effect: fault.Answer(status, nil, "canary")})
			require.True(t, ldap.IsErrorWithCode(describe(conn, "after"), result), "status %d", status)
			require.True(t, ldap.IsErrorWithCode(search(conn), result), "status %d", status)
		}
		require.Equal(t, "before", description(t))
	})
	t.Run("a lost reply is to a request that was carried out", func(t *testing.T) {
		conn, faults := open(t)
		faults.Add(fault.Rule{Match: fault.Writes, Effect: fault.DropReply()})
		require.Error(t, describe(conn, "lost"))
		require.Equal(t, "lost", description(t))
	})
	t.Run("a request that is cut off was not carried out", func(t *testing.T) {
		conn, faults := open(t)
		before := description(t)
		faults.Add(fault.Rule{Match: fault.Writes, Effect: fault.Cut()})
		require.Error(t, describe(conn, "cut"))
		require.Equal(t, before, description(t))
	})
	for name, effect := range map[string]fault.Effect{"half an answer": fault.Garble(), "a page": fault.Page()} {
		t.Run(name+" ends the connection", func(t *testing.T) {
			conn, faults := open(t)
			faults.Add(fault.Rule{Effect: effect})
			require.Error(t, search(conn))
			faults.Clear()
			require.Error(t, search(conn))
		})
	}
	t.Run("a request hangs until its client goes away", func(t *testing.T) {
		conn, faults := open(t)
		gone := make(chan struct{})
		faults.Add(fault.Rule{Effect: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			defer close(gone)
			fault.Hang()(w, r, next)
		}})
		conn.SetTimeout(50 * time.Millisecond)
		require.Error(t, search(conn))
		conn.Close()
		select {
		case <-gone:
		case <-time.After(30 * time.Second):
			require.FailNow(t, "the request goes on")
		}
	})
}
