package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// How long a condition is waited for, and how long where a process was killed:
// what it had in hand is noticed first, then done again.
const (
	soon         = 30 * time.Second
	afterAKill   = 60 * time.Second
	askEvery     = 25 * time.Millisecond
	lastLines    = 40
	interrupting = 20 * time.Second
)

// process is one of our programs, running.
type process struct {
	name     string
	command  *exec.Cmd
	out, err *text
	ended    chan struct{}
}

// launch starts a program in a folder. It is killed when the test ends; of a test
// that fails, the end of what it said is shown.
func launch(t *testing.T, folder, name string, arguments ...string) *process {
	t.Helper()
	p := &process{name: name, command: exec.Command(name, arguments...), out: &text{}, err: &text{}, ended: make(chan struct{})}
	p.command.Dir, p.command.Stdout, p.command.Stderr = folder, p.out, p.err
	require.NoError(t, p.command.Start())
	go func() {
		_ = p.command.Wait() // how it ended is in ProcessState
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %s\n%s%s", name, strings.Join(arguments, " "), p.out.end(), p.err.end())
		}
	})
	return p
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may have ended by itself
	<-p.ended
}

// interrupt presses Ctrl-C, and returns the exit code.
func (p *process) interrupt(t *testing.T) int {
	t.Helper()
	require.NoError(t, p.command.Process.Signal(os.Interrupt))
	return p.code(t, interrupting)
}

// code waits until the process ends, and returns its exit code.
func (p *process) code(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		require.Fail(t, p.name+" has not ended", "within %s", within)
	}
	return p.command.ProcessState.ExitCode()
}

// running tells whether the process has not ended.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// said is how a program that ran to its end ended.
type said struct {
	code     int
	out, err string
	took     time.Duration
}

// call runs a program to its end.
func call(t *testing.T, folder, name string, arguments ...string) said {
	t.Helper()
	var out, stderr bytes.Buffer
	command := exec.Command(name, arguments...)
	command.Dir, command.Stdout, command.Stderr = folder, &out, &stderr
	began := time.Now()
	err := command.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); !ended {
		require.NoError(t, err)
	}
	return said{code: command.ProcessState.ExitCode(), out: out.String(), err: stderr.String(), took: time.Since(began)}
}

// until waits for a condition.
func until(t *testing.T, within time.Duration, what string, condition func() bool) {
	t.Helper()
	require.True(t, came(within, condition), "%s: waited for %s in vain", what, within)
}

func came(within time.Duration, condition func() bool) bool {
	for deadline := time.Now().Add(within); !condition(); time.Sleep(askEvery) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// text is what a program says, for several readers.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *text) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *text) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *text) end() string {
	lines := strings.SplitAfter(s.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-lastLines):], "")
}
