package sql_test

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/sql"
)

func split(t *testing.T, address string) (host string, port int) {
	t.Helper()
	host, number, err := net.SplitHostPort(address)
	require.NoError(t, err)
	port, err = strconv.Atoi(number)
	require.NoError(t, err)
	return host, port
}

func secret(t *testing.T, reference string) connectors.Secret {
	t.Helper()
	s, err := connectors.ParseSecret(reference)
	require.NoError(t, err)
	return s
}

func doubled(name string) string { return strings.ReplaceAll(name, "`", "``") }

// withoutTLS is a server that offers no TLS: it greets as MariaDB does and lets
// nobody in.
func withoutTLS(t *testing.T, c sql.Config) sql.Config {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	greeting := "\x0a" + "10.11.0-MariaDB\x00" + "\x01\x00\x00\x00" + "saltsalt\x00" + "\x00\xa2" + "\x21" + "\x02\x00" + "\x0f\x00" + "\x15" + strings.Repeat("\x00", 10) + "saltsaltsalt\x00" + "mysql_native_password\x00"
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Write(append([]byte{byte(len(greeting)), 0, 0, 0}, greeting...))
			conn.Close()
		}
	}()
	c.Host, c.Port = split(t, listener.Addr().String())
	return c
}
