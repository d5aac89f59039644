package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

// fleetClient reaches the applications by their side door.
type fleetClient struct{ address string }

// url is the SCIM base URL of an application.
func (c *fleetClient) url(app string) string { return "http://" + c.address + "/apps/" + app }

// anew puts everybody back.
func (c *fleetClient) anew(ctx context.Context) error {
	return c.ask(ctx, http.MethodPost, "/anew", nil)
}

func (c *fleetClient) state(ctx context.Context) (s state, err error) {
	return s, c.ask(ctx, http.MethodGet, "/state", &s)
}

func (c *fleetClient) ask(ctx context.Context, method, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, nil)
	if err != nil {
		return fmt.Errorf("ask applications: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask applications: %w", err)
	}
	defer resp.Body.Close()
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("ask applications: %w", err)
	}
	return nil
}

// killed tells whether every account of the leaver is locked, its groups left when
// they should be, and everybody else as before.
func killed(before, after state, left bool) error {
	var errs []error
	for i, id := range after.Leavers {
		var account struct {
			Status string
			Groups []string
		}
		if err := json.Unmarshal([]byte(after.Truth[i][id]), &account); err != nil {
			return fmt.Errorf("read truth: %w", err)
		}
		if account.Status != "locked" || left && len(account.Groups) > 0 {
			errs = append(errs, fmt.Errorf("%s: the account is %s, in %d groups", appName(i), account.Status, len(account.Groups)))
		}
		others := func(all map[string]string) map[string]string {
			rest := maps.Clone(all)
			delete(rest, id)
			return rest
		}
		if !maps.Equal(others(before.Truth[i]), others(after.Truth[i])) {
			errs = append(errs, fmt.Errorf("%s: somebody else was touched", appName(i)))
		}
	}
	return errors.Join(errs...)
}

// wire is what a kill looked like on the wire.
type wire struct {
	firstLock    time.Time      // the first write arrived
	fastVerified time.Time      // the last read after a lock was answered, the slow application left out
	verified     time.Time      // and that with it
	sent         map[string]int // requests, by application, method and path
}

func wireOf(exchanges []exchange, slow int) wire {
	w := wire{sent: map[string]int{}}
	locked, verified := map[int]time.Time{}, map[int]time.Time{}
	for _, e := range exchanges {
		w.sent[fmt.Sprintf("%s %s %s", appName(e.App), e.Method, e.Path)]++
		user := strings.HasPrefix(e.Path, "/Users/")
		switch at, done := locked[e.App]; {
		case user && e.Method == http.MethodPatch && !done:
			locked[e.App] = e.Answered
			if w.firstLock.IsZero() || e.Arrived.Before(w.firstLock) {
				w.firstLock = e.Arrived
			}
		case user && e.Method == http.MethodGet && done && verified[e.App].IsZero() && e.Arrived.After(at):
			verified[e.App] = e.Answered
		}
	}
	for app, at := range verified {
		if at.After(w.verified) {
			w.verified = at
		}
		if app != slow && at.After(w.fastVerified) {
			w.fastVerified = at
		}
	}
	return w
}

// differs names a request that two ways did not send equally often, or returns "".
func (w wire) differs(other wire) string {
	for request, n := range w.sent {
		if other.sent[request] != n {
			return fmt.Sprintf("%s: %d times, not %d", request, other.sent[request], n)
		}
	}
	for request, n := range other.sent {
		if w.sent[request] != n {
			return fmt.Sprintf("%s: %d times, not %d", request, n, w.sent[request])
		}
	}
	return ""
}
