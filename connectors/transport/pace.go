package transport

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/killsignal/killsignal/access"
)

// pacer holds back requests whose bucket the provider says is empty. It knows
// Okta's X-Rate-Limit-*, the RateLimit-* draft, and Retry-After (RFC 9110 10.2.3).
type pacer struct {
	mu      sync.Mutex
	buckets map[string]*bucket
}

// longest is how long a bucket is held back at the most: then the provider is asked
// again, whatever it said.
const longest = 5 * time.Minute

type bucket struct {
	remaining int       // requests left until reset, as far as we know
	known     bool      // whether remaining means anything
	reset     time.Time // when the bucket fills again, by our clock
	blocked   time.Time // nothing is sent before
	because   access.Code
}

func newPacer() *pacer { return &pacer{buckets: map[string]*bucket{}} }

// take takes one request from the bucket and returns 0, or takes none and returns
// how long to wait, and the code that says why.
func (p *pacer) take(name string, now time.Time) (time.Duration, access.Code) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.bucket(name)
	if wait := b.blocked.Sub(now); wait > 0 {
		return wait, b.because
	}
	if b.known && !now.Before(b.reset) {
		b.known = false
	}
	if b.known && b.remaining <= 0 {
		return b.reset.Sub(now), access.RateLimited
	}
	b.remaining--
	return 0, ""
}

// learn reads the rate headers. It returns how long the provider asks to wait,
// and whether it said so at all.
func (p *pacer) learn(name string, resp *http.Response, now time.Time) (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.bucket(name)
	if remaining, reset, ok := window(resp.Header, now); ok {
		// Answers overtake one another: within a window the smallest count is right.
		if !b.known || reset.Sub(b.reset) > time.Second || remaining < b.remaining {
			b.remaining, b.reset, b.known = remaining, reset, true
		}
	}
	code := throttled(resp.StatusCode)
	if code == "" {
		return 0, false
	}
	after, told := retryAfter(resp.Header, now)
	if !told && b.known && b.remaining <= 0 && b.reset.After(now) {
		after, told = b.reset.Sub(now), true
	}
	if told {
		b.blocked, b.because = now.Add(min(after, longest)), code
	}
	return after, told
}

func (p *pacer) bucket(name string) *bucket {
	b := p.buckets[name]
	if b == nil {
		b = &bucket{}
		p.buckets[name] = b
	}
	return b
}

// window reads how many requests are left, and until when.
func window(h http.Header, now time.Time) (remaining int, reset time.Time, ok bool) {
	if n, err := strconv.Atoi(h.Get("X-Rate-Limit-Remaining")); err == nil {
		epoch, err := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64)
		if err != nil {
			return 0, time.Time{}, false
		}
		// The reset is by the provider's clock, which its Date header shows.
		left := time.Until(time.Unix(epoch, 0))
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			left = time.Unix(epoch, 0).Sub(date)
		}
		return n, now.Add(min(max(left, 0), longest)), true
	}
	if n, err := strconv.Atoi(h.Get("RateLimit-Remaining")); err == nil {
		seconds, err := strconv.Atoi(h.Get("RateLimit-Reset"))
		if err != nil || seconds < 0 {
			return 0, time.Time{}, false
		}
		return n, now.Add(min(time.Duration(seconds)*time.Second, longest)), true
	}
	return 0, time.Time{}, false
}

// retryAfter reads Retry-After, in seconds or as a date. One in the past means now.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	value := h.Get("Retry-After")
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(at.Sub(now), 0), true
}
