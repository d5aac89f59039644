// Package devserver runs Temporal's server and its web UI inside this process,
// on loopback, for the demo and for tests. It holds no production setting: there
// is no authentication, and one process is the whole cluster.
//
// Workflows survive the process, killed or not, when there is a database file.
package devserver

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/temporalio/ui-server/v2/server"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/server/temporal"

	"github.com/killsignal/killsignal/access"
)

// MinRetention is how long closed workflows are kept at least. The report of a
// case and the watch for reopened cases read histories long after the end.
const MinRetention = 90 * 24 * time.Hour

// Options configure a Server. The zero value is a server in memory on free ports.
type Options struct {
	// Database is the path of the SQLite file, made when it is not there. "" keeps
	// everything in memory, until the process ends.
	Database string
	// FrontendPort is where clients connect; 0 takes a free one.
	FrontendPort int
	// UIPort is where the web UI answers; 0 takes a free one, less than 0 runs
	// no UI.
	UIPort int
	// UIReadOnly takes every action away from the UI.
	UIReadOnly bool
	// Retention of closed workflows; 0 is MinRetention, and less is Invalid.
	Retention time.Duration
	// Namespace to work in; "" is "default".
	Namespace string
	// SearchAttributes that the namespace shall have.
	SearchAttributes map[string]enums.IndexedValueType
	// Logger takes what the server says; nil drops it.
	Logger *slog.Logger
}

// Server is a running Temporal server.
type Server struct {
	ports    *ports
	database *database
	temporal temporal.Server
	ui       *server.Server
}

// Start runs a server and returns when it answers; ctx bounds the start, not the
// server's life. The namespace's retention and search attributes are brought up
// to date, so that a file from an older version serves too. A taken port or a
// database in use is Unavailable, and then nothing was started.
func Start(ctx context.Context, o Options) (*Server, error) {
	o.Namespace = cmp.Or(o.Namespace, "default")
	o.Retention = cmp.Or(o.Retention, MinRetention)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Retention < MinRetention {
		return nil, &access.Error{Code: access.Invalid, Op: "start temporal server",
			Hint: "closed cases must be kept for 90 days or longer"}
	}
	s := &Server{}
	if err := s.start(ctx, o); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// start fills s step by step, so that Stop can undo whatever was reached.
func (s *Server) start(ctx context.Context, o Options) (err error) {
	if s.ports, err = reserve(o.FrontendPort, o.UIPort); err != nil {
		return err
	}
	if s.database, err = openDatabase(o.Database); err != nil {
		return err
	}
	if err := s.database.createNamespace(o); err != nil {
		return failed("create namespace", err)
	}
	s.ports.release()
	if s.temporal, err = newTemporal(s.database, s.ports, o.Logger); err != nil {
		return failed("configure temporal server", err)
	}
	if err := s.temporal.Start(); err != nil {
		return failed("start temporal server", err)
	}
	if err := bringUpToDate(ctx, s.Address(), o); err != nil {
		return err
	}
	if s.ports.ui > 0 {
		s.ui = newUI(s.ports, o)
		return awaitUI(ctx, s.UIAddress())
	}
	return nil
}

// Address is where clients connect, as host:port.
func (s *Server) Address() string { return local(s.ports.frontend) }

// UIAddress is the UI's URL, or "" when there is none.
func (s *Server) UIAddress() string {
	if s.ports.ui <= 0 {
		return ""
	}
	return "http://" + local(s.ports.ui)
}

// Stop ends the server and returns when it has ended, about a second later. The
// database file stays.
func (s *Server) Stop() {
	if s.ui != nil {
		s.ui.Stop()
	}
	if s.temporal != nil {
		_ = s.temporal.Stop() // it always returns nil
	}
	if s.database != nil {
		s.database.unlock()
	}
	if s.ports != nil {
		s.ports.close()
	}
}

// host is loopback: nothing here is protected.
const host = "127.0.0.1"

func local(port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// failed is the error for what cannot be healed by the caller. The cause's text
// may hold paths and is not printed.
func failed(op string, err error) error {
	return &access.Error{Code: access.CodeOf(err), Op: op, Cause: err}
}
