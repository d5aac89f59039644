// Package mariadb starts a real MariaDB server for tests: on loopback, on a free
// port, in a temporary folder, gone when the test ends.
package mariadb

import (
	"context"
	"database/sql"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/servers/authority"
	"github.com/killsignal/killsignal/internal/servers/daemon"
)

// Server is one server. Superuser signs in with Password.
type Server struct {
	Host     string
	Port     int
	Password string
	CAFile   string // who signed its certificate, for 127.0.0.1; it takes plaintext too
}

// Superuser is who owns the server.
const Superuser = "root"

// Start starts a server. Without Debian's package the test is skipped, or fails
// where the environment variable CI is "true".
func Start(t testing.TB) *Server {
	t.Helper()
	server, err := exec.LookPath("mariadbd")
	if err != nil {
		if server, err = exec.LookPath("/usr/sbin/mariadbd"); err != nil {
			daemon.Missing(t, "MariaDB", "mariadb-server")
		}
	}
	s := &Server{Host: "127.0.0.1", Port: daemon.FreePort(t), Password: "Side-Door-1"}
	as := daemon.As("mysql")
	folder := as.Folder(t)
	ca := authority.New(t, folder)
	cert, key := ca.Issue(t, s.Host)
	as.Own(t, key)
	s.CAFile = ca.CAFile()
	data := filepath.Join(folder, "data")
	as.Run(t, "mariadb-install-db", "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
	as.Start(t, syscall.SIGTERM, server, "--no-defaults", "--datadir="+data, "--bind-address="+s.Host, fmt.Sprint("--port=", s.Port),
		"--socket="+filepath.Join(folder, "s"), "--pid-file="+filepath.Join(folder, "pid"), "--skip-name-resolve", "--skip-log-bin",
		"--ssl-cert="+cert, "--ssl-key="+key,
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M")
	daemon.Await(t, "MariaDB", func(ctx context.Context) error {
		db, err := open(s, Superuser, "", "")
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.ExecContext(ctx, "SET PASSWORD FOR 'root'@'127.0.0.1' = PASSWORD('"+s.Password+"')")
		return err
	})
	return s
}

// Address is the host and port.
func (s *Server) Address() string { return fmt.Sprintf("%s:%d", s.Host, s.Port) }

// Connect opens a pool that is closed with the test.
func (s *Server) Connect(t testing.TB, user, password, database string) *sql.DB {
	t.Helper()
	db, err := open(s, user, password, database)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func open(s *Server, user, password, database string) (*sql.DB, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.DBName = user, password, "tcp", s.Address(), database
	c.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}
