package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Where the server keeps its data.
const (
	inMemory = "memory"
	onFile   = "file"
)

const applicationsVerb = "applications"

// serveApplications is the process of the applications. It prints its address.
func serveApplications(ctx context.Context, o options) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: newApplications(o)}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the process that started this one
		server.Close()
	}()
	fmt.Println("applications", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve applications: %w", err)
	}
	return nil
}

// startApplications runs the applications in a process of their own, so that the
// memory of this one is a worker's.
func startApplications(ctx context.Context, o options) (*fleetClient, func(), error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find program: %w", err)
	}
	address, stop, err := start(exec.CommandContext(ctx, self, applicationsVerb, "--apps", fmt.Sprint(o.apps),
		"--fast", o.fast.String(), "--slow", o.slow.String()), "applications")
	return &fleetClient{address: address}, stop, err
}

// buildServer builds the demo, which holds Temporal's server. This program must
// not link it: a worker does not.
func buildServer(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "demo")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/killsignal/killsignal/demo")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("build the server: %w", err)
	}
	return path, nil
}

func startServer(ctx context.Context, program, dir, store string) (address string, stop func(), err error) {
	args := []string{"server", "--ui-port", "-1"}
	if store == onFile {
		args = append(args, "--database", filepath.Join(dir, "temporal.db"))
	}
	return start(exec.CommandContext(ctx, program, args...), "temporal")
}

// start starts a program and waits for the line in which it tells its address.
func start(command *exec.Cmd, word string) (address string, stop func(), err error) {
	input, err := command.StdinPipe()
	if err != nil {
		return "", nil, fmt.Errorf("start %s: %w", word, err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return "", nil, fmt.Errorf("start %s: %w", word, err)
	}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		return "", nil, fmt.Errorf("start %s: %w", word, err)
	}
	stop = func() {
		input.Close()
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait() // it was told to go
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), word+" "); ok {
			go func() { _, _ = io.Copy(io.Discard, output) }()
			return address, stop, nil
		}
	}
	stop()
	return "", nil, fmt.Errorf("%s did not start", word)
}
