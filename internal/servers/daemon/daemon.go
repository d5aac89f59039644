// Package daemon runs real servers for tests, each as the user that it wants, in a
// temporary folder, until the test ends.
package daemon

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Patience is how long a server may take to answer, and to stop.
const Patience = 30 * time.Second

// Missing skips a test for want of a Debian package, or fails it where the
// environment variable CI is "true".
func Missing(t testing.TB, what, debian string) {
	t.Helper()
	text := what + " is not installed: apt-get install -y --no-install-recommends " + debian
	if os.Getenv("CI") == "true" {
		require.FailNow(t, text)
	}
	t.Skip(text)
}

// FreePort returns a port of the loopback that nobody listened on a moment ago.
func FreePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// User runs programs as somebody else.
type User struct{ credential *syscall.Credential }

// As is the named user when we are root, and ourselves otherwise.
func As(name string) User {
	found, err := user.Lookup(name)
	if os.Geteuid() != 0 || err != nil {
		return User{}
	}
	uid, _ := strconv.ParseUint(found.Uid, 10, 32)
	gid, _ := strconv.ParseUint(found.Gid, 10, 32)
	return User{credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// Folder makes a temporary folder of this user's.
func (u User) Folder(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "server")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(folder) })
	u.Own(t, folder)
	return folder
}

// Own gives a file to the user.
func (u User) Own(t testing.TB, path string) {
	t.Helper()
	if u.credential != nil {
		require.NoError(t, os.Chown(path, int(u.credential.Uid), int(u.credential.Gid)))
	}
}

func (u User) command(program string, args ...string) *exec.Cmd {
	c := exec.Command(program, args...)
	c.Dir = os.TempDir()
	c.Env = []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "LC_ALL=C", "TMPDIR=" + os.TempDir()}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: u.credential}
	return c
}

// Run runs a program to its end.
func (u User) Run(t testing.TB, program string, args ...string) {
	t.Helper()
	output, err := u.command(program, args...).CombinedOutput()
	require.NoError(t, err, string(output))
}

// Start starts a server and stops it, with the signal, when the test ends.
func (u User) Start(t testing.TB, stop syscall.Signal, program string, args ...string) {
	t.Helper()
	var log bytes.Buffer
	c := u.command(program, args...)
	c.Stdout, c.Stderr = &log, &log
	c.WaitDelay = time.Second
	require.NoError(t, c.Start())
	ended := make(chan struct{})
	go func() {
		c.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		c.Process.Signal(stop)
		select {
		case <-ended:
		case <-time.After(Patience):
			c.Process.Kill()
			<-ended
		}
		if t.Failed() {
			t.Logf("the end of what %s said:\n%s", program, tail(log.Bytes()))
		}
	})
}

func tail(b []byte) []byte { return b[max(0, len(b)-4000):] }

// Await tries until the server answers.
func Await(t testing.TB, what string, try func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		err := try(ctx)
		if err == nil {
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			require.NoError(t, err, what+" does not answer")
		}
	}
}
