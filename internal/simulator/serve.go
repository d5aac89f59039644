package simulator

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// servers are the listeners of a company that serves.
type servers struct {
	mu   sync.Mutex
	base map[string]string // "okta", "entra", "apps" -> URL
	all  []*http.Server
	done sync.WaitGroup
}

// Serve opens three listeners on free ports of loopback, one for Okta, one for
// Entra and one for all applications, and returns; they answer until ctx ends.
// Each system is behind its own [Company.Fault].
func (c *Company) Serve(ctx context.Context) error {
	apps := http.NewServeMux()
	for _, a := range c.Apps {
		apps.Handle(prefix(a.Name)+"/", c.guarded(a.Name, http.StripPrefix(prefix(a.Name), a)))
	}
	for _, s := range []struct {
		name    string
		handler http.Handler
	}{
		{OktaSystem, c.guarded(OktaSystem, c.Okta)},
		{EntraSystem, c.guarded(EntraSystem, c.Entra)},
		{"", apps},
	} {
		if err := c.listen(ctx, s.name, s.handler); err != nil {
			return errors.Join(err, c.Close())
		}
	}
	context.AfterFunc(ctx, func() { _ = c.Close() })
	return nil
}

// guarded puts the check and the faults of a system in front of it.
func (c *Company) guarded(system string, next http.Handler) http.Handler {
	if c.options.Check != nil {
		next = c.options.Check(system, next)
	}
	return c.faults[system].Wrap(next)
}

func (c *Company) listen(ctx context.Context, name string, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	c.servers.mu.Lock()
	defer c.servers.mu.Unlock()
	if c.servers.base == nil {
		c.servers.base = map[string]string{}
	}
	c.servers.base[name] = "http://" + listener.Addr().String()
	c.servers.all = append(c.servers.all, server)
	c.servers.done.Go(func() { _ = server.Serve(listener) })
	return nil
}

// Close ends the listeners, whatever is under way, and waits until they have ended.
func (c *Company) Close() error {
	c.servers.mu.Lock()
	all := c.servers.all
	c.servers.all = nil
	c.servers.mu.Unlock()
	var errs []error
	for _, server := range all {
		errs = append(errs, server.Close())
	}
	c.servers.done.Wait()
	return errors.Join(errs...)
}

// URL returns where a system answers: the org's and the tenant's root, an
// application's SCIM base URL. It is "" before Serve and for a system that is not
// there.
func (c *Company) URL(system string) string {
	c.servers.mu.Lock()
	defer c.servers.mu.Unlock()
	base, ok := c.servers.base[system]
	switch {
	case ok && system != "":
		return base
	case c.faults[system] == nil || c.servers.base[""] == "":
		return ""
	}
	return c.servers.base[""] + prefix(system)
}

func prefix(app string) string { return strings.Join([]string{"/apps", app, "scim", "v2"}, "/") }
