package directory

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
)

// connect makes the connection, encrypts it and binds. Whatever fails, nothing has
// been changed.
func (s *Session) connect(ctx context.Context, op, name, password string) error {
	c := s.client
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.address)
	if err != nil {
		return c.failed(op, access.Unavailable, "no connection: check url, and that the server can be reached from here", err)
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	wire, err := c.encrypt(ctx, op, raw)
	if err != nil {
		return err
	}
	conn := ldap.NewConn(wire, c.tls != nil)
	conn.SetTimeout(c.options.Timeout)
	conn.Start()
	s.conn, s.wire = conn, wire
	if password == "" {
		// A bind without a password is anonymous and succeeds (RFC 4513 5.1.2).
		s.Close()
		return c.failed(op, access.Invalid, "the password is empty", nil)
	}
	started := time.Now()
	err = conn.Bind(name, password)
	note(ctx, "BIND", "", err, started)
	if err != nil {
		s.Close()
		return c.refusedBind(ctx, op, err)
	}
	return nil
}

// encrypt returns the connection in TLS, where that is wanted. It closes a
// connection that cannot be encrypted.
func (c *Client) encrypt(ctx context.Context, op string, wire net.Conn) (net.Conn, error) {
	if c.tls == nil {
		return wire, nil
	}
	if c.options.StartTLS {
		if err := c.startTLS(op, wire); err != nil {
			wire.Close()
			return nil, err
		}
	}
	secured := tls.Client(wire, c.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		wire.Close()
		return nil, c.failed(op, access.Unavailable, handshakeHint(err), err)
	}
	return secured, nil
}

// startTLS asks for encryption (RFC 4511 4.14). The library's own way loses why a
// certificate did not verify.
func (c *Client) startTLS(op string, wire net.Conn) error {
	extended := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedRequest, nil, "")
	extended.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, "1.3.6.1.4.1.1466.20037", ""))
	request := ber.NewSequence("")
	request.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, ""))
	request.AppendChild(extended)
	if _, err := wire.Write(request.Bytes()); err != nil {
		return c.failed(op, access.Unavailable, "no answer", err)
	}
	answer, err := ber.ReadPacket(wire)
	if err == nil {
		err = ldap.GetLDAPError(answer)
	}
	switch {
	case broken(err):
		return c.failed(op, access.Unavailable, "no answer", err)
	case err != nil:
		return c.failed(op, access.Invalid, "the server offers no StartTLS: use ldaps://", err)
	}
	return nil
}
