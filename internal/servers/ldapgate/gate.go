package ldapgate

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/simulator/fault"
)

// Options are what stands behind the gate, and before it.
type Options struct {
	// Dial connects to the server, encrypted where it wants that.
	Dial func(ctx context.Context) (net.Conn, error)
	// Certificate is what clients see; nil means that they come unencrypted.
	Certificate *tls.Certificate
	Faults      *fault.Injector
}

// Start opens a gate on a free port of the loopback address, for as long as the
// test runs, and returns its address.
func Start(t testing.TB, o Options) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address = listener.Addr().String()
	if o.Certificate != nil {
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{*o.Certificate}})
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			wait.Go(func() { o.serve(ctx, client) })
		}
	})
	t.Cleanup(func() {
		cancel()
		listener.Close()
		wait.Wait()
	})
	return address
}

// serve passes on what one client asks, one request after the other. It ends when
// the client goes, or when the Injector has the connection closed.
func (o Options) serve(ctx context.Context, client net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer client.Close()
	defer context.AfterFunc(ctx, func() { client.Close() })()

	requests := make(chan message, 16)
	go func() {
		// Reading on while a request is in hand is how a client's leaving is noticed.
		defer cancel()
		defer close(requests)
		for r := bufio.NewReader(client); ; {
			m, err := read(r)
			if err != nil {
				return
			}
			requests <- m
		}
	}()
	var server *upstream
	defer func() {
		if server != nil {
			server.conn.Close()
		}
	}()
	for m := range requests {
		if m.silent() {
			return
		}
		if server == nil {
			conn, err := o.Dial(ctx)
			if err != nil {
				return
			}
			server = &upstream{conn: conn, r: bufio.NewReader(conn)}
		}
		if !o.handle(ctx, m, server, client) {
			return
		}
	}
}

// handle takes one request through the Injector. It returns false when the
// connection must be closed.
func (o Options) handle(ctx context.Context, m message, server *upstream, client net.Conn) (open bool) {
	answer := &answer{header: http.Header{}}
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			open = false
		}
	}()
	o.Faults.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.exchange(r.Context(), m, w)
	})).ServeHTTP(answer, m.http(ctx))
	if answer.status >= http.StatusBadRequest {
		_, err := client.Write(m.refusal(answer.status, answer.body.String()))
		return err == nil
	}
	_, err := client.Write(answer.body.Bytes())
	return err == nil && whole(answer.body.Bytes())
}

// upstream is the connection to the real server.
type upstream struct {
	conn net.Conn
	r    *bufio.Reader
}

// exchange sends a request and passes on all that belongs to its answer.
func (u *upstream) exchange(ctx context.Context, m message, w http.ResponseWriter) {
	defer context.AfterFunc(ctx, func() { u.conn.Close() })()
	if _, err := u.conn.Write(m.raw); err != nil {
		panic(http.ErrAbortHandler)
	}
	for {
		reply, err := read(u.r)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		w.Write(reply.raw)
		if reply.ends(m) {
			return
		}
	}
}
