package directory_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/internal/directory"
	"github.com/killsignal/killsignal/connectors/transport"
	"github.com/killsignal/killsignal/internal/servers/authority"
)

func TestFilters(t *testing.T) {
	t.Run("whatever a value holds, it stays the value of one comparison", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			value := rapid.OneOf(rapid.String(), rapid.StringMatching(`[()*\\&|!=\x00/a]{0,12}`)).Draw(t, "value")
			packet, err := ldap.CompileFilter(directory.All(directory.Equal("mail", value)))
			require.NoError(t, err)
			require.Len(t, packet.Children, 1)
			equal := packet.Children[0]
			require.EqualValues(t, ldap.FilterEqualityMatch, equal.Tag)
			require.Equal(t, "mail", equal.Children[0].Data.String())
			require.Equal(t, value, equal.Children[1].Data.String())
		})
	})
}

// server is a directory that behaves as no real one would: it answers each request as
// it is told to.
type server struct {
	net.Listener
	connections, requests atomic.Int64
}

// serve starts one. answer returns what to send for a message; nil closes the
// connection.
func serve(t *testing.T, answer func(n int64, id int64, op ber.Tag) []byte) *server {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	s := &server{Listener: listener}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.connections.Add(1)
			go func() {
				defer conn.Close()
				for {
					packet, err := ber.ReadPacket(conn)
					if err != nil || packet.Children[1].Tag == ldap.ApplicationUnbindRequest {
						return
					}
					id, _ := packet.Children[0].Value.(int64)
					op := packet.Children[1].Tag
					if op == ldap.ApplicationBindRequest {
						conn.Write(reply(id, ldap.ApplicationBindResponse, ldap.LDAPResultSuccess, nil))
						continue
					}
					content := answer(s.requests.Add(1), id, op)
					if content == nil {
						return
					}
					if _, err := conn.Write(content); err != nil {
						return
					}
				}
			}()
		}
	}()
	return s
}

// reply is a result, with the control for paging when there is a cookie.
func reply(id int64, tag ber.Tag, code uint16, cookie []byte) []byte {
	result := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	result.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(code), ""))
	for _, text := range []string{"", "canary: Ada Marsh at https://example.com"} {
		result.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, text, ""))
	}
	whole := ber.NewSequence("")
	whole.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	whole.AppendChild(result)
	if cookie != nil {
		paging := ldap.NewControlPaging(0)
		paging.SetCookie(cookie)
		controls := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		controls.AppendChild(paging.Encode())
		whole.AppendChild(controls)
	}
	return whole.Bytes()
}

func options(t *testing.T, url string) directory.Options {
	t.Setenv("DIRECTORY_PASSWORD", "canary-password")
	password, err := connectors.ParseSecret("env:DIRECTORY_PASSWORD")
	require.NoError(t, err)
	return directory.Options{System: "corp", URL: url, Plain: true, BindDN: "cn=us", Password: password, Timeout: 5 * time.Second}
}

func client(t *testing.T, s *server) *directory.Client {
	t.Helper()
	c, err := directory.New(options(t, "ldap://"+s.Addr().String()))
	require.NoError(t, err)
	return c
}

var (
	reading = directory.Operation{Op: "read account"}
	writing = directory.Operation{Op: "lock", Target: "an-id"}
	some    = directory.Query{Base: "dc=example", Filter: "(uid=x)"}
)

func TestResults(t *testing.T) {
	for _, c := range []struct {
		result      uint16
		read, write access.Code
	}{
		{ldap.LDAPResultOperationsError, access.Unavailable, access.Unknown},
		{ldap.LDAPResultOther, access.Unavailable, access.Unknown},
		{ldap.LDAPResultTimeLimitExceeded, access.Unavailable, access.Unknown},
		{ldap.LDAPResultSizeLimitExceeded, access.Denied, access.Denied},
		{ldap.LDAPResultStrongAuthRequired, access.Unauthenticated, access.Unauthenticated},
		{ldap.LDAPResultReferral, access.Unsupported, access.Unsupported},
		{ldap.LDAPResultNoSuchAttribute, access.NotConverged, access.NotConverged},
		{ldap.LDAPResultUndefinedAttributeType, access.Unsupported, access.Unsupported},
		{ldap.LDAPResultConstraintViolation, access.Invalid, access.Invalid},
		{ldap.LDAPResultNoSuchObject, access.NotFound, access.NotFound},
		{ldap.LDAPResultInvalidCredentials, access.Unauthenticated, access.Unauthenticated},
		{ldap.LDAPResultInsufficientAccessRights, access.Denied, access.Denied},
		{ldap.LDAPResultUnwillingToPerform, access.Unsupported, access.Unsupported},
		{ldap.LDAPResultObjectClassViolation, access.Unsupported, access.Unsupported},
		{119, access.Unavailable, access.Unknown},
	} {
		s := serve(t, func(_, id int64, op ber.Tag) []byte {
			if op == ldap.ApplicationSearchRequest {
				return reply(id, ldap.ApplicationSearchResultDone, c.result, nil)
			}
			return reply(id, op+1, c.result, nil)
		})
		session := client(t, s).Session()
		defer session.Close()
		_, readErr := session.Search(t.Context(), reading, some)
		writeErr := session.Modify(t.Context(), writing, ldap.NewModifyRequest("uid=x", nil))
		require.Equal(t, c.read, access.CodeOf(readErr), "a read with result %d", c.result)
		require.Equal(t, c.write, access.CodeOf(writeErr), "a write with result %d", c.result)
		for _, err := range []error{readErr, writeErr} {
			require.NotContains(t, err.Error(), "canary")
			require.NotContains(t, errors.Unwrap(err).Error(), "canary")
		}
		require.EqualValues(t, 1, s.connections.Load(), "a refusal does not cost the connection")
	}
}

func TestSessions(t *testing.T) {
	t.Run("a busy server is asked again, and every exchange is on record", func(t *testing.T) {
		s := serve(t, func(n, id int64, op ber.Tag) []byte {
			return reply(id, op+1, map[bool]uint16{true: ldap.LDAPResultBusy, false: ldap.LDAPResultSuccess}[n == 1], nil)
		})
		session := client(t, s).Session()
		defer session.Close()
		ctx, recording := transport.Record(t.Context())
		require.NoError(t, session.Modify(ctx, writing, ldap.NewModifyRequest("uid=x", nil)))
		var seen []string
		for _, e := range recording.Exchanges() {
			require.NotContains(t, e.Path, "uid", "names are no part of the record")
			seen = append(seen, e.Method+e.Path+map[int]string{200: " done", 400: " refused", 0: " lost"}[e.Status])
		}
		require.Equal(t, []string{"BIND/ done", "MODIFY/an-id refused", "MODIFY/an-id done"}, seen)
	})
	t.Run("an answer that is lost leaves a write unknown and a read unavailable, and the next operation has a new connection", func(t *testing.T) {
		s := serve(t, func(n, id int64, op ber.Tag) []byte {
			if n <= 2 {
				return nil
			}
			return reply(id, op+1, ldap.LDAPResultSuccess, nil)
		})
		session := client(t, s).Session()
		defer session.Close()
		require.Equal(t, access.Unknown, access.CodeOf(session.Modify(t.Context(), writing, ldap.NewModifyRequest("uid=x", nil))))
		_, err := session.Read(t.Context(), reading, "uid=x", nil)
		require.Equal(t, access.Unavailable, access.CodeOf(err))
		require.NoError(t, session.Modify(t.Context(), writing, ldap.NewModifyRequest("uid=x", nil)))
		require.EqualValues(t, 3, s.connections.Load())
		require.EqualValues(t, 3, s.requests.Load(), "nothing was sent twice")
	})
	t.Run("a server that never answers is given up with the context", func(t *testing.T) {
		s := serve(t, func(int64, int64, ber.Tag) []byte { return []byte{} })
		session := client(t, s).Session()
		defer session.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		started := time.Now()
		require.Equal(t, access.Unknown, access.CodeOf(session.Modify(ctx, writing, ldap.NewModifyRequest("uid=x", nil))))
		require.Less(t, time.Since(started), 3*time.Second)
	})
	t.Run("a bind without a password is never sent", func(t *testing.T) {
		s := serve(t, func(int64, int64, ber.Tag) []byte { return nil })
		require.Equal(t, access.Invalid, access.CodeOf(client(t, s).Bind(t.Context(), "try", "cn=us", "")))
	})
}

func TestListings(t *testing.T) {
	endless := func(t *testing.T) *server {
		return serve(t, func(_, id int64, _ ber.Tag) []byte {
			return reply(id, ldap.ApplicationSearchResultDone, ldap.LDAPResultSuccess, []byte("more"))
		})
	}
	t.Run("a search that does not end proves nothing", func(t *testing.T) {
		session := client(t, endless(t)).Session()
		defer session.Close()
		_, err := session.Search(t.Context(), reading, some)
		require.Equal(t, access.Unknown, access.CodeOf(err))
	})
	t.Run("a cursor is good once, and a cursor that is not ours is none", func(t *testing.T) {
		c := client(t, endless(t))
		_, first, err := c.Page(t.Context(), reading, some, "")
		require.NoError(t, err)
		_, second, err := c.Page(t.Context(), reading, some, first)
		require.NoError(t, err)
		require.NotEqual(t, first, second)
		for _, cursor := range []string{first, "anything"} {
			_, _, err = c.Page(t.Context(), reading, some, cursor)
			require.Equal(t, access.Unavailable, access.CodeOf(err))
			require.ErrorContains(t, err, "begin it again")
		}
	})
	t.Run("a listing that was cut off must begin again", func(t *testing.T) {
		s := serve(t, func(n, id int64, _ ber.Tag) []byte {
			if n == 2 {
				return nil
			}
			return reply(id, ldap.ApplicationSearchResultDone, ldap.LDAPResultSuccess, []byte("more"))
		})
		c := client(t, s)
		_, cursor, err := c.Page(t.Context(), reading, some, "")
		require.NoError(t, err)
		for range 2 {
			_, _, err = c.Page(t.Context(), reading, some, cursor)
			require.Equal(t, access.Unavailable, access.CodeOf(err))
		}
	})
	t.Run("there are never many listings at once", func(t *testing.T) {
		c := client(t, endless(t))
		var err error
		for range 17 {
			if _, _, err = c.Page(t.Context(), reading, some, ""); err != nil {
				break
			}
		}
		require.Equal(t, access.RateLimited, access.CodeOf(err))
	})
}

func TestEncryption(t *testing.T) {
	t.Run("a server that does not speak TLS is named as such", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				io.WriteString(conn, "220 mail.example.com ready\r\n")
				conn.Close()
			}
		}()
		c, err := directory.New(options(t, "ldaps://"+listener.Addr().String()))
		require.NoError(t, err)
		session := c.Session()
		defer session.Close()
		_, err = session.Read(t.Context(), reading, "", nil)
		require.Equal(t, access.Unavailable, access.CodeOf(err))
		require.ErrorContains(t, err, "does not answer in TLS")
	})
	t.Run("a server that offers no StartTLS never sees the password", func(t *testing.T) {
		s := serve(t, func(_, id int64, op ber.Tag) []byte { return reply(id, op+1, ldap.LDAPResultProtocolError, nil) })
		o := options(t, "ldap://"+s.Addr().String())
		o.StartTLS = true
		c, err := directory.New(o)
		require.NoError(t, err)
		err = c.Bind(t.Context(), "try", "cn=us", "canary-password")
		require.Equal(t, access.Invalid, access.CodeOf(err))
		require.ErrorContains(t, err, "offers no StartTLS")
		require.EqualValues(t, 1, s.requests.Load(), "the request for encryption, and no bind")
	})
}

func TestOptions(t *testing.T) {
	ca := authority.New(t, t.TempDir()).CAFile()
	for _, c := range []struct {
		name   string
		change func(*directory.Options)
		hint   string // "" is none: it is accepted
	}{
		{"ldaps", func(o *directory.Options) {}, ""},
		{"ldaps with an authority", func(o *directory.Options) { o.CAFile = ca }, ""},
		{"StartTLS", func(o *directory.Options) { o.URL, o.StartTLS = "ldap://dc.example.com", true }, ""},
		{"plain LDAP on loopback", func(o *directory.Options) { o.URL = "ldap://127.0.0.1:3890" }, ""},
		{"plain LDAP elsewhere", func(o *directory.Options) { o.URL = "ldap://dc.example.com" }, "loopback addresses only"},
		{"plain LDAP on loopback where it is not allowed", func(o *directory.Options) { o.URL, o.Plain = "ldap://localhost", false }, "loopback addresses only"},
		{"StartTLS over TLS", func(o *directory.Options) { o.StartTLS = true }, "encrypted already"},
		{"another scheme", func(o *directory.Options) { o.URL = "https://dc.example.com" }, "must be ldaps://"},
		{"a password in the address", func(o *directory.Options) { o.URL = "ldaps://us:canary@dc.example.com" }, "address of the server alone"},
		{"no name", func(o *directory.Options) { o.BindDN = "" }, "bind_dn"},
		{"a negative time", func(o *directory.Options) { o.Timeout = -1 }, "not negative"},
		{"a file that holds no certificate", func(o *directory.Options) { o.CAFile = "directory_test.go" }, "no certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(t, "ldaps://dc.example.com")
			c.change(&o)
			_, err := directory.New(o)
			if c.hint == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, access.Invalid, access.CodeOf(err))
			require.ErrorContains(t, err, c.hint)
			require.NotContains(t, err.Error(), "canary")
		})
	}
	t.Run("a password that is not set is found missing at once", func(t *testing.T) {
		o := options(t, "ldaps://dc.example.com")
		t.Setenv("DIRECTORY_PASSWORD", "")
		_, err := directory.New(o)
		require.Equal(t, access.Invalid, access.CodeOf(err))
	})
}
