// Package node runs servers from npm for tests: each with a host script, a
// package.json and a package-lock.json of its own, on loopback, until the test ends.
package node

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/servers/daemon"
)

// files are what a host is made of.
var files = []string{"host.mjs", "package.json", "package-lock.json"}

// Start installs a host, once for all tests, and runs it. The host is given a free
// port of the loopback, and then args. Its address is returned when it listens.
//
// Without Debian's packages nodejs and npm, and where npm can install nothing, the
// test is skipped, or fails where the environment variable CI is "true".
func Start(t testing.TB, name string, host embed.FS, args ...string) (address string) {
	t.Helper()
	program, err := exec.LookPath("node")
	if err != nil {
		daemon.Missing(t, "Node.js", "nodejs npm")
	}
	folder := install(t, name, host)
	port := daemon.FreePort(t)
	address = fmt.Sprintf("127.0.0.1:%d", port)
	var user daemon.User // whoever runs the test
	user.Start(t, syscall.SIGTERM, program, append([]string{filepath.Join(folder, files[0]), strconv.Itoa(port)}, args...)...)
	daemon.Await(t, name, func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	return address
}

// install returns the folder of an installed host: below bin/ in the checkout, named
// after what it was made of.
func install(t testing.TB, name string, host embed.FS) string {
	t.Helper()
	sum := sha256.New()
	for _, file := range files {
		content, err := host.ReadFile(file)
		require.NoError(t, err)
		sum.Write(content)
	}
	// The go command looks into no folder whose name begins with an underscore.
	folder := filepath.Join(checkout(t), "bin", "_servers", name+"-"+hex.EncodeToString(sum.Sum(nil)[:6]))
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	program, err := exec.LookPath("npm")
	if err != nil {
		daemon.Missing(t, "npm", "npm")
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(folder), 0o755))
	// Installed apart and then renamed, it is whole or not there.
	fresh, err := os.MkdirTemp(filepath.Dir(folder), "."+name)
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(fresh) })
	for _, file := range files {
		content, err := host.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(fresh, file), content, 0o600))
	}
	npm := exec.CommandContext(t.Context(), program, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = fresh
	if output, err := npm.CombinedOutput(); err != nil {
		text := "npm cannot install " + name + ": " + string(output)
		require.NotEqual(t, "true", os.Getenv("CI"), text)
		t.Skip(text)
	}
	if err := os.Rename(fresh, folder); err != nil {
		_, another := os.Stat(folder) // who was quicker
		require.NoError(t, another, err)
	}
	return folder
}

// checkout is the folder that holds go.mod.
func checkout(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		above := filepath.Dir(folder)
		require.NotEqual(t, folder, above, "the test runs outside the checkout")
		folder = above
	}
}
