package fault_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/simulator/fault"
)

// house is a counting system behind an injector.
type house struct {
	*fault.Injector
	server *httptest.Server
	served atomic.Int64
	last   atomic.Value // the body that the system read last
}

func newHouse(t *testing.T) *house {
	h := &house{Injector: fault.New()}
	h.server = httptest.NewServer(h.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.last.Store(string(body))
		h.served.Add(1)
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "16")
		io.WriteString(w, `{"status":"ok"}`+"\n")
	})))
	t.Cleanup(h.server.Close)
	return h
}

// do sends one request on a connection of its own.
func (h *house) do(ctx context.Context, method, path, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, h.server.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(content), err
}

func TestRules(t *testing.T) {
	statuses := func(t *testing.T, h *house, n int) (all []int) {
		for range n {
			status, _, err := h.do(t.Context(), http.MethodGet, "/users", "")
			require.NoError(t, err)
			all = append(all, status)
		}
		return all
	}
	answer := func(status int) fault.Effect { return fault.Answer(status, nil, "") }

	t.Run("without rules everything passes", func(t *testing.T) {
		h := newHouse(t)
		require.Equal(t, []int{200, 200}, statuses(t, h, 2))
		require.EqualValues(t, 2, h.served.Load())
	})
	t.Run("a rule lets its first requests through and acts as often as it says", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Skip: 1, Times: 2, Effect: answer(500)})
		require.Equal(t, []int{200, 500, 500, 200, 200}, statuses(t, h, 5))
	})
	t.Run("the first rule that acts is the only one that does", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Times: 1, Effect: answer(409)})
		h.Add(fault.Rule{Skip: 1, Effect: answer(503)})
		require.Equal(t, []int{409, 200, 503, 503}, statuses(t, h, 4), "a rule counts only what reaches it")
	})
	t.Run("rules are cleared while serving", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Effect: answer(500)})
		require.Equal(t, []int{500}, statuses(t, h, 1))
		h.Clear()
		require.Equal(t, []int{200}, statuses(t, h, 1))
	})
	t.Run("a rule picks by what it matches", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Match: fault.Writes, Effect: answer(403)})
		h.Add(fault.Rule{Match: fault.Path("/groups"), Effect: answer(404)})
		for _, c := range []struct {
			method, path string
			status       int
		}{
			{http.MethodGet, "/users", 200}, {http.MethodHead, "/users", 200}, {http.MethodGet, "/groups/1", 404},
			{http.MethodPost, "/users", 403}, {http.MethodPatch, "/groups/1", 403}, {http.MethodDelete, "/users", 403},
		} {
			status, _, err := h.do(t.Context(), c.method, c.path, "")
			require.NoError(t, err)
			require.Equal(t, c.status, status, "%s %s", c.method, c.path)
		}
	})
}

func TestEffects(t *testing.T) {
	t.Run("an answer takes the place of the system", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Effect: fault.Answer(429, http.Header{"Retry-After": {"7"}}, `{"error":"slow down"}`)})
		resp, err := http.Get(h.server.URL)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, 429, resp.StatusCode)
		require.Equal(t, "7", resp.Header.Get("Retry-After"))
		require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
		require.Zero(t, h.served.Load())
	})
	t.Run("a dropped reply is served and not heard of", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Times: 1, Effect: fault.DropReply()})
		_, _, err := h.do(t.Context(), http.MethodPost, "/users", "{}")
		require.Error(t, err)
		require.EqualValues(t, 1, h.served.Load())
	})
	t.Run("a cut connection is neither served nor answered", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Effect: fault.Cut()})
		_, _, err := h.do(t.Context(), http.MethodPost, "/users", "{}")
		require.Error(t, err)
		require.Zero(t, h.served.Load())
	})
	t.Run("a hanging system answers nothing until the client has gone", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Effect: fault.Hang()})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, _, err := h.do(ctx, http.MethodPost, "/users", `{"a":1}`)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Zero(t, h.served.Load())
		h.server.Close() // returns only when no request is in hand
	})
	t.Run("a slow system serves after its delay", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Effect: fault.Delay(30 * time.Millisecond)})
		started := time.Now()
		status, _, err := h.do(t.Context(), http.MethodPost, "/users", `{"a":1}`)
		require.NoError(t, err)
		require.Equal(t, 200, status)
		require.GreaterOrEqual(t, time.Since(started), 30*time.Millisecond)
		require.Equal(t, `{"a":1}`, h.last.Load())
	})
	t.Run("a slow system carries out what a vanished client sent", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Effect: fault.Delay(time.Hour)})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, _, err := h.do(ctx, http.MethodPost, "/users", `{"a":1}`)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Eventually(t, func() bool { return h.last.Load() == `{"a":1}` }, 10*time.Second, time.Millisecond)
	})
	t.Run("a page is HTML with status 200", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Effect: fault.Page()})
		status, body, err := h.do(t.Context(), http.MethodGet, "/users", "")
		require.NoError(t, err)
		require.Equal(t, 200, status)
		require.Contains(t, body, "<html>")
		require.Zero(t, h.served.Load())
	})
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		t.Run("a garbled answer to "+method+" is a complete response with broken JSON", func(t *testing.T) {
			h := newHouse(t)
			h.Add(fault.Rule{Effect: fault.Garble()})
			status, body, err := h.do(t.Context(), method, "/users", "")
			require.NoError(t, err)
			require.Equal(t, 200, status)
			require.NotEmpty(t, body)
			require.False(t, json.Valid([]byte(body)))
			require.EqualValues(t, 1, h.served.Load())
		})
	}
}

func TestRequests(t *testing.T) {
	t.Run("every request is seen with the status that was sent", func(t *testing.T) {
		h := newHouse(t)
		h.Add(fault.Rule{Match: fault.Path("/cut"), Effect: fault.Cut()})
		h.Add(fault.Rule{Match: fault.Path("/dropped"), Effect: fault.DropReply()})
		h.Add(fault.Rule{Match: fault.Path("/denied"), Effect: fault.Answer(403, nil, "")})
		for _, path := range []string{"/a%2Fb?q=x%20y", "/cut", "/dropped", "/denied"} {
			h.do(t.Context(), http.MethodPost, path, "{}")
		}
		h.server.Close()
		seen := h.Requests()
		for i := range seen {
			require.WithinDuration(t, time.Now(), seen[i].At, time.Minute)
			seen[i].At = time.Time{}
		}
		require.Equal(t, []fault.Seen{
			{Method: "POST", Path: "/a%2Fb", Query: "q=x%20y", Status: 200},
			{Method: "POST", Path: "/cut"},
			{Method: "POST", Path: "/dropped"},
			{Method: "POST", Path: "/denied", Status: 403},
		}, seen)
	})
	t.Run("whoever asks hears of each request before it is handled, counted from 1", func(t *testing.T) {
		h := newHouse(t)
		var heard []int64
		h.OnRequest(func(n int64, r *http.Request) {
			assert.Equal(t, n-1, h.served.Load())
			heard = append(heard, n)
		})
		for range 3 {
			_, _, err := h.do(t.Context(), http.MethodGet, "/users", "")
			require.NoError(t, err)
		}
		require.Equal(t, []int64{1, 2, 3}, heard)
	})
	t.Run("parallel requests are all seen while rules come and go", func(t *testing.T) {
		h := newHouse(t)
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				h.Add(fault.Rule{Times: 1, Effect: fault.Answer(500, nil, "")})
				h.do(context.Background(), http.MethodGet, "/users", "")
				h.Requests()
				h.Clear()
			})
		}
		wait.Wait()
		require.Len(t, h.Requests(), 8)
	})
}
