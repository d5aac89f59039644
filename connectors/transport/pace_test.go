package transport_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/transport"
)

// epoch is the Unix time so many seconds ahead.
func epoch(seconds int) string {
	return strconv.FormatInt(time.Now().Add(time.Duration(seconds)*time.Second).Unix(), 10)
}

func httpDate(seconds int) string {
	return time.Now().Add(time.Duration(seconds) * time.Second).UTC().Format(http.TimeFormat)
}

func TestPacing(t *testing.T) {
	for name, headers := range map[string]func() http.Header{
		"X-Rate-Limit": func() http.Header { return header("X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", epoch(3)) },
		"X-Rate-Limit by a provider whose clock is wrong": func() http.Header {
			return header("X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", epoch(-3597), "Date", httpDate(-3600))
		},
		"RateLimit": func() http.Header { return header("RateLimit-Remaining", "0", "RateLimit-Reset", "3") },
	} {
		t.Run("an empty bucket is left alone until it fills again: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{answers: []answer{{status: 200, header: headers()}, {status: 200}}}
				through, started := transport.New(transport.Options{System: "directory", Base: p}), time.Now()
				for range 3 {
					_, err := do(t.Context(), t, through, http.MethodGet, "")
					require.NoError(t, err)
				}
				require.Equal(t, []time.Duration{0, 3 * time.Second, 0}, p.waited(started))
			})
		})
	}
	t.Run("what is left of a bucket is counted down without asking", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &provider{answers: []answer{
				{status: 200, header: header("X-Rate-Limit-Remaining", "2", "X-Rate-Limit-Reset", epoch(5))}, {status: 200}}}
			through, started := transport.New(transport.Options{System: "directory", Base: p}), time.Now()
			for range 4 {
				_, err := do(t.Context(), t, through, http.MethodGet, "")
				require.NoError(t, err)
			}
			require.Equal(t, []time.Duration{0, 0, 0, 5 * time.Second}, p.waited(started))
		})
	})
	t.Run("an older answer does not fill the bucket", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			reset := epoch(5)
			p := &provider{answers: []answer{
				{status: 200, header: header("X-Rate-Limit-Remaining", "1", "X-Rate-Limit-Reset", reset)},
				{status: 200, header: header("X-Rate-Limit-Remaining", "9", "X-Rate-Limit-Reset", reset)}, {status: 200}}}
			through, started := transport.New(transport.Options{System: "directory", Base: p}), time.Now()
			for range 3 {
				_, err := do(t.Context(), t, through, http.MethodGet, "")
				require.NoError(t, err)
			}
			require.Equal(t, []time.Duration{0, 0, 5 * time.Second}, p.waited(started))
		})
	})
	t.Run("what others take from the bucket counts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			reset := epoch(5)
			p := &provider{answers: []answer{
				{status: 200, header: header("X-Rate-Limit-Remaining", "9", "X-Rate-Limit-Reset", reset)},
				{status: 200, header: header("X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", reset)}, {status: 200}}}
			through, started := transport.New(transport.Options{System: "directory", Base: p}), time.Now()
			for range 3 {
				_, err := do(t.Context(), t, through, http.MethodGet, "")
				require.NoError(t, err)
			}
			require.Equal(t, []time.Duration{0, 0, 5 * time.Second}, p.waited(started))
		})
	})
	t.Run("one empty bucket does not hold up another", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &provider{answers: []answer{{status: 200, header: header("RateLimit-Remaining", "0", "RateLimit-Reset", "9")}, {status: 200}}}
			through := transport.New(transport.Options{System: "directory", Base: p, Bucket: func(r *http.Request) string { return r.Method }})
			started := time.Now()
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodGet} {
				_, err := do(t.Context(), t, through, method, "")
				require.NoError(t, err)
			}
			require.Equal(t, []time.Duration{0, 0, 9 * time.Second}, p.waited(started))
		})
	})
	t.Run("a bucket that stays empty for too long is refused at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &provider{answers: []answer{{status: 200, header: header("RateLimit-Remaining", "0", "RateLimit-Reset", "60")}}}
			through := transport.New(transport.Options{System: "directory", Base: p, MaxWait: 30 * time.Second})
			started := time.Now()
			_, err := do(t.Context(), t, through, http.MethodGet, "")
			require.NoError(t, err)
			_, err = do(t.Context(), t, through, http.MethodGet, "")
			require.Equal(t, time.Minute, requireCode(t, err, access.RateLimited).RetryAfter)
			require.Zero(t, time.Since(started))
			require.Len(t, p.times, 1, "nothing was sent")
		})
	})
	t.Run("headers that make no sense do not hold anything up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, h := range []http.Header{
				header("X-Rate-Limit-Remaining", "0"), header("X-Rate-Limit-Remaining", "none", "X-Rate-Limit-Reset", epoch(60)),
				header("RateLimit-Remaining", "0", "RateLimit-Reset", "-1"), header("RateLimit-Remaining", "0", "RateLimit-Reset", "soon"),
				header("X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", epoch(-60)), header("Retry-After", "60"),
			} {
				p := &provider{answers: []answer{{status: 200, header: h}}}
				through, started := transport.New(transport.Options{System: "directory", Base: p}), time.Now()
				for range 2 {
					_, err := do(t.Context(), t, through, http.MethodGet, "")
					require.NoError(t, err)
				}
				require.Zero(t, time.Since(started), "%v", h)
			}
		})
	})
}

func TestLater(t *testing.T) {
	for _, c := range []struct {
		name   string
		first  func() answer
		method string
		waits  time.Duration
	}{
		{"a 429 is sent again when Retry-After says", func() answer { return answer{status: 429, header: header("Retry-After", "4")} }, http.MethodPost, 4 * time.Second},
		{"a 503 is sent again when Retry-After says", func() answer { return answer{status: 503, header: header("Retry-After", "4")} }, http.MethodPatch, 4 * time.Second},
		{"a Retry-After may be a date", func() answer { return answer{status: 429, header: header("Retry-After", httpDate(4))} }, http.MethodGet, 4 * time.Second},
		{"a date is read by the provider's clock", func() answer {
			return answer{status: 503, header: header("Retry-After", httpDate(3604), "Date", httpDate(3600))}
		}, http.MethodGet, 4 * time.Second},
		{"a date in the past means now", func() answer { return answer{status: 429, header: header("Retry-After", httpDate(-60))} }, http.MethodGet, 0},
		{"a 429 without Retry-After waits for the reset of its bucket", func() answer {
			return answer{status: 429, header: header("X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", epoch(6))}
		}, http.MethodGet, 6 * time.Second},
		{"a 429 that says nothing is sent again soon", func() answer { return answer{status: 429} }, http.MethodDelete, 500 * time.Millisecond},
		{"a Retry-After that makes no sense says nothing", func() answer { return answer{status: 503, header: header("Retry-After", "soon")} }, http.MethodGet, 500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, started := &provider{answers: []answer{c.first(), {status: 200, body: `{"ok":true}`}}}, time.Now()
				resp, err := send(t.Context(), t, p, c.method, "", transport.Options{})
				require.NoError(t, err)
				require.Equal(t, `{"ok":true}`, content(t, resp))
				require.Equal(t, []time.Duration{0, c.waits}, p.waited(started))
			})
		})
	}

	for status, code := range map[int]access.Code{429: access.RateLimited, 503: access.Unavailable} {
		name := strconv.Itoa(status)
		t.Run("a longer wait than we may is handed on at once, and nothing more is sent: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{answers: []answer{{status: status, header: header("Retry-After", "11")}}}
				through, started := transport.New(transport.Options{System: "directory", Base: p}), time.Now()
				for range 2 {
					_, err := do(t.Context(), t, through, http.MethodGet, "")
					require.Equal(t, 11*time.Second, requireCode(t, err, code).RetryAfter)
				}
				require.Zero(t, time.Since(started))
				require.Len(t, p.times, 1)
			})
		})
		t.Run("a wait beyond the caller's deadline is handed on at once: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				p, started := &provider{answers: []answer{{status: status, header: header("Retry-After", "3")}}}, time.Now()
				_, err := send(ctx, t, p, http.MethodGet, "", transport.Options{})
				require.Equal(t, 3*time.Second, requireCode(t, err, code).RetryAfter)
				require.Zero(t, time.Since(started))
			})
		})
		t.Run("a wait ends when the caller goes away: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				p, started := &provider{answers: []answer{{status: status, header: header("Retry-After", "3")}}}, time.Now()
				_, err := send(ctx, t, p, http.MethodGet, "", transport.Options{})
				requireCode(t, err, code)
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, time.Second, time.Since(started))
			})
		})
		t.Run("patience ends after four requests: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{answers: []answer{{status: status, header: header("X-Request-Id", "req-1")}}}
				_, err := send(t.Context(), t, p, http.MethodPost, `{"a":1}`, transport.Options{})
				e := requireCode(t, err, code)
				require.Equal(t, status, e.Status)
				require.Equal(t, "req-1", e.RequestID)
				require.Equal(t, []string{`{"a":1}`, `{"a":1}`, `{"a":1}`, `{"a":1}`}, p.bodies, "the body is whole each time")
			})
		})
	}
}
