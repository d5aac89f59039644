package directory

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/transport"
)

// Session is one connection at a time, bound with the client's credential. It is
// for one goroutine.
type Session struct {
	client *Client
	conn   *ldap.Conn
	wire   net.Conn
}

// Session makes a session. It does no I/O; close it all the same.
func (c *Client) Session() *Session { return &Session{client: c} }

// Close ends the connection, if there is one.
func (s *Session) Close() {
	if s.conn == nil {
		return
	}
	// The wire first: go-ldap's own Close waits for a server that does not read.
	s.wire.Close()
	s.conn.Close()
	s.conn, s.wire = nil, nil
}

// Operation says what is tried, for errors and for the evidence.
type Operation struct {
	Op     string // in our words, such as "read account"
	Target string // what it is done to: an id, never a name
	method string
	writes bool
}

// Modify changes one entry, all of it or nothing (RFC 4511 4.6).
func (s *Session) Modify(ctx context.Context, o Operation, r *ldap.ModifyRequest) error {
	o.method, o.writes = "MODIFY", true
	return s.do(ctx, o, func(conn *ldap.Conn) error { return conn.Modify(r) })
}

// Move gives an entry another name or place (RFC 4511 4.9).
func (s *Session) Move(ctx context.Context, o Operation, r *ldap.ModifyDNRequest) error {
	o.method, o.writes = "MODIFYDN", true
	return s.do(ctx, o, func(conn *ldap.Conn) error { return conn.ModifyDN(r) })
}

// SetPassword sets a password by the extended operation of RFC 3062, so that the
// server hashes it as it is configured to.
func (s *Session) SetPassword(ctx context.Context, o Operation, name, password string) error {
	o.method, o.writes = "PASSWD", true
	return s.do(ctx, o, func(conn *ldap.Conn) error {
		_, err := conn.PasswordModify(ldap.NewPasswordModifyRequest(name, "", password))
		return err
	})
}

// Bind tries another name and password on a connection of its own, which is a
// sign-in as far as the server is concerned.
func (c *Client) Bind(ctx context.Context, op, name, password string) error {
	s := c.Session()
	defer s.Close()
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	return s.connect(ctx, op, name, password)
}

// attempts bounds how often one operation is sent to a server that is busy.
const attempts = 4

// do sends one operation, again while the server refuses it as busy or not
// available, which means that it has not been carried out.
func (s *Session) do(ctx context.Context, o Operation, send func(*ldap.Conn) error) error {
	for attempt := 1; ; attempt++ {
		err := s.once(ctx, o, send)
		if err == nil {
			return nil
		}
		if attempt == attempts || !ldap.IsErrorAnyOf(err, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable) {
			return err
		}
		timer := time.NewTimer(time.Duration(attempt) * 500 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

func (s *Session) once(ctx context.Context, o Operation, send func(*ldap.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.client.options.Timeout)
	defer cancel()
	if ctx.Err() != nil {
		return &access.Error{Code: access.Unavailable, System: s.client.options.System, Op: o.Op, Hint: "not sent", Cause: ctx.Err()}
	}
	if s.conn == nil || s.conn.IsClosing() {
		s.Close()
		password, err := s.client.options.Password.Value()
		if err != nil {
			return err
		}
		if err := s.connect(ctx, o.Op, s.client.options.BindDN, password); err != nil {
			return err
		}
	}
	wire := s.wire
	stop := context.AfterFunc(ctx, func() { wire.Close() })
	started := time.Now()
	err := send(s.conn)
	stop()
	note(ctx, o.method, o.Target, err, started)
	if broken(err) {
		s.Close()
	}
	return s.client.failure(ctx, o.Op, err, o.writes)
}

// note puts the exchange on record.
func note(ctx context.Context, method, target string, err error, started time.Time) {
	status := 200
	switch {
	case broken(err):
		status = 0
	case err != nil:
		status = 400
	}
	transport.Note(ctx, access.Exchange{Method: method, Path: "/" + strings.TrimPrefix(target, "/"), Status: status,
		At: started.UTC(), Took: time.Since(started)})
}
