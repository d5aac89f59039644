// Package fault stands in front of a simulated system and does to its answers
// what networks, proxies and providers do: delays, refusals, lost replies, cut
// connections, sign-in pages in place of JSON. It imports the standard library
// only.
package fault

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Injector is middleware in front of one simulated system. Rules apply in the
// order in which they were added, and the first that acts is the only one that
// does. It is safe for concurrent use.
type Injector struct {
	mu        sync.Mutex
	rules     []*rule
	seen      []Seen
	onRequest func(n int64, r *http.Request)
}

// Rule says which requests are disturbed, and how.
type Rule struct {
	// Match picks the requests; nil picks all. It must not call the Injector.
	Match func(*http.Request) bool
	// Skip lets this many matching requests through first.
	Skip int
	// Times is how often the rule then acts; 0 is without end.
	Times  int
	Effect Effect
}

// Effect handles a request in place of next, which is the system itself.
type Effect func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Seen is one request that reached the Injector.
type Seen struct {
	Method string
	Path   string // as it was sent, escapes and all
	Query  string // raw
	Status int    // as it was sent; 0 while there is no answer, and when there never was one
	At     time.Time
}

type rule struct {
	Rule
	skipped, acted int
}

// New makes an Injector without rules: it lets everything through.
func New() *Injector { return &Injector{} }

// Wrap puts the Injector in front of a system.
func (i *Injector) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, effect, notify := i.arrive(r)
		if notify != nil {
			notify(int64(n), r)
		}
		answer := &watched{ResponseWriter: w}
		whole := false
		defer func() { i.leave(n, answer, whole) }()
		if effect != nil {
			effect(answer, r, next)
		} else {
			next.ServeHTTP(answer, r)
		}
		whole = true
	})
}

// Add adds a rule after those that are there.
func (i *Injector) Add(r Rule) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rules = append(i.rules, &rule{Rule: r})
}

// Clear removes every rule. Requests in hand keep the effect that they met.
func (i *Injector) Clear() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rules = nil
}

// OnRequest sets the function that is called before each request is handled; nil
// sets none. n counts the requests from 1. It may call the Injector, but what it
// adds meets only later requests.
func (i *Injector) OnRequest(f func(n int64, r *http.Request)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.onRequest = f
}

// Requests returns every request seen so far, in the order of arrival.
func (i *Injector) Requests() []Seen {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.seen)
}

// Writes matches every request that may change something.
func Writes(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

// Path matches requests whose URL path contains the fragment.
func Path(fragment string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.Contains(r.URL.Path, fragment) }
}

// arrive counts the request and picks the effect of the first rule that acts.
func (i *Injector) arrive(r *http.Request) (n int, effect Effect, notify func(int64, *http.Request)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.seen = append(i.seen, Seen{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, At: time.Now()})
	for _, rule := range i.rules {
		if rule.acts(r) {
			effect = rule.Effect
			break
		}
	}
	return len(i.seen), effect, i.onRequest
}

func (r *rule) acts(req *http.Request) bool {
	switch {
	case r.Match != nil && !r.Match(req):
		return false
	case r.skipped < r.Skip:
		r.skipped++
		return false
	case r.Times > 0 && r.acted >= r.Times:
		return false
	}
	r.acted++
	return true
}

// leave notes the status that was sent. whole is false when the handler gave up,
// so that the client saw its connection close.
func (i *Injector) leave(n int, answer *watched, whole bool) {
	if whole && answer.status == 0 {
		answer.status = http.StatusOK // what net/http sends for a handler that writes nothing
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.seen[n-1].Status = answer.status
}

// watched notes the status on its way to the client.
type watched struct {
	http.ResponseWriter
	status int
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
