// Package postgres starts a real PostgreSQL server for tests: on loopback, on a
// free port, in a temporary folder, gone when the test ends.
package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/servers/authority"
	"github.com/killsignal/killsignal/internal/servers/daemon"
)

// Server is one server. Superuser signs in to any database with Password.
type Server struct {
	Host     string
	Port     int
	Password string
	CAFile   string // who signed its certificate, for 127.0.0.1; it takes plaintext too
}

// Superuser is who owns the server.
const Superuser = "postgres"

// Start starts a server. Without Debian's package the test is skipped, or fails
// where the environment variable CI is "true".
func Start(t testing.TB) *Server {
	t.Helper()
	bin := programs()
	if bin == "" {
		daemon.Missing(t, "PostgreSQL", "postgresql")
	}
	s := &Server{Host: "127.0.0.1", Port: daemon.FreePort(t), Password: "Side-Door-1"}
	as := daemon.As("postgres")
	folder := as.Folder(t)
	ca := authority.New(t, folder)
	cert, key := ca.Issue(t, s.Host)
	as.Own(t, key)
	s.CAFile = ca.CAFile()
	word := filepath.Join(folder, "word")
	require.NoError(t, os.WriteFile(word, []byte(s.Password), 0o600))
	as.Own(t, word)
	data := filepath.Join(folder, "data")
	as.Run(t, filepath.Join(bin, "initdb"), "-D", data, "-A", "md5", "-U", Superuser, "--pwfile", word, "-E", "UTF8", "--locale", "C", "--no-sync")
	as.Start(t, syscall.SIGINT, filepath.Join(bin, "postgres"), "-D", data, "-c", "listen_addresses="+s.Host, "-c", fmt.Sprint("port=", s.Port),
		"-c", "ssl=on", "-c", "ssl_cert_file="+cert, "-c", "ssl_key_file="+key, "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "password_encryption=md5") // quick to check; SCRAM is meant to be slow
	daemon.Await(t, "PostgreSQL", func(ctx context.Context) error {
		c, err := pgx.Connect(ctx, s.DSN(Superuser, s.Password, "postgres"))
		if err != nil {
			return err
		}
		return c.Close(ctx)
	})
	return s
}

// DSN is how to reach a database as somebody.
func (s *Server) DSN(user, password, database string) string {
	return fmt.Sprintf("host=%s port=%d user=%s password=%s dbname=%s sslmode=disable", s.Host, s.Port, user, password, database)
}

// Address is the host and port.
func (s *Server) Address() string { return fmt.Sprintf("%s:%d", s.Host, s.Port) }

// Connect opens a connection that is closed with the test.
func (s *Server) Connect(t testing.TB, user, password, database string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), s.DSN(user, password, database))
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		c.Close(ctx)
	})
	return c
}

// programs is the folder of the newest PostgreSQL, or "".
func programs() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) > 0 {
		return filepath.Dir(slices.Max(found))
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path)
	}
	return ""
}
