// Package sqlgate puts a [fault.Injector] in front of a real database server. Every
// statement becomes an HTTP request for the Injector: a GET when it only reads, a
// POST otherwise, with the statement's verb as the path. What the Injector answers
// in the server's place becomes what such a server would have sent.
package sqlgate

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/simulator/fault"
)

// Protocol reads and writes the messages of one connection.
type Protocol interface {
	// Open carries the start of a connection from end to end, until the client may
	// send statements. io.EOF means that there will be none.
	Open(client, server *Wire) error
	// Request reads one whole request. A statement of "" is carried without the
	// Injector, and without waiting for a reply.
	Request(client *Wire) (request []byte, statement string, err error)
	// Reply reads the whole reply to the last request.
	Reply(server *Wire) ([]byte, error)
	// Refusal is how the server says what the HTTP status says.
	Refusal(status int, message string) []byte
}

// Wire is one end of a connection.
type Wire struct {
	*bufio.Reader
	net.Conn
}

func wire(c net.Conn) *Wire { return &Wire{Reader: bufio.NewReader(c), Conn: c} }

// Read reads from the buffer.
func (w *Wire) Read(b []byte) (int, error) { return w.Reader.Read(b) }

// Open listens in front of the server at the address, until the test ends, and
// returns the host and port to connect to.
func Open(t testing.TB, server string, faults *fault.Injector, protocol func() Protocol) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wait sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		listener.Close()
		wait.Wait()
	})
	wait.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			wait.Go(func() { carry(ctx, client, server, faults, protocol()) })
		}
	})
	return listener.Addr().String()
}

// carry serves one connection until either end closes it.
func carry(ctx context.Context, near net.Conn, address string, faults *fault.Injector, protocol Protocol) {
	defer near.Close()
	far, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer far.Close()
	stop := context.AfterFunc(ctx, func() { near.Close(); far.Close() })
	defer stop()
	client, server := wire(near), wire(far)
	if err := protocol.Open(client, server); err != nil {
		return
	}
	for {
		request, statement, err := protocol.Request(client)
		if err != nil {
			return
		}
		if statement == "" {
			if _, err := server.Conn.Write(request); err != nil {
				return
			}
			continue
		}
		if err := exchange(ctx, client, server, faults, protocol, request, statement); err != nil {
			return
		}
	}
}

var errClosed = errors.New("the connection is closed")

// exchange shows one request to the Injector and sends what comes of it.
func exchange(ctx context.Context, client, server *Wire, faults *fault.Injector, protocol Protocol, request []byte, statement string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next := make(chan struct{})
	go func() { // notices a client that goes away
		defer close(next)
		if _, err := client.Peek(1); err != nil {
			cancel()
		}
	}()
	var served []byte
	system := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := server.Conn.Write(request); err != nil {
			panic(http.ErrAbortHandler)
		}
		reply, err := protocol.Reply(server)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		served = reply
		w.Write(reply)
	})
	method, verb := Shape(statement)
	r, err := http.NewRequestWithContext(ctx, method, "http://database/"+verb, http.NoBody)
	if err != nil {
		return err
	}
	answer := &answer{header: http.Header{}}
	if !serve(faults.Wrap(system), answer, r) {
		return errClosed
	}
	switch {
	case answer.status >= 400:
		_, err = client.Conn.Write(protocol.Refusal(answer.status, answer.body.String()))
	case bytes.Equal(served, answer.body.Bytes()):
		_, err = client.Conn.Write(served)
	default: // nonsense, after which nothing can follow
		client.Conn.Write(answer.body.Bytes())
		return errClosed
	}
	<-next // two must not read from one end
	return err
}

// serve tells whether the handler answered, rather than closed the connection.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (answered bool) {
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
	}()
	h.ServeHTTP(w, r)
	return true
}

var acts = regexp.MustCompile(`(?i)pg_terminate_backend`)

// Shape is the request that stands for a statement.
func Shape(statement string) (method, verb string) {
	verb = strings.ToLower(strings.Fields(statement + " nothing")[0])
	switch verb {
	case "select", "show", "explain", "begin", "start", "set", "rollback", "prepare", "nothing":
		if !acts.MatchString(statement) {
			return http.MethodGet, verb
		}
	}
	return http.MethodPost, verb
}

// answer keeps what the Injector lets through.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// exactly reads n bytes.
func exactly(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}
