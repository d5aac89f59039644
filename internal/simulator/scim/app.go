// Package scim simulates SCIM 2.0 applications (RFC 7643, RFC 7644): users,
// groups, filters, paging, PATCH, PUT and DELETE over HTTP, each application with
// [Habits] of its own, taken from real servers. Changes take effect: a session of
// a locked user works on exactly where the application would let it. Tests read
// the truth by a side door, [App.Truth].
package scim

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Options make an App.
type Options struct {
	Clock  func() time.Time // nil is time.Now
	Seed   int64            // ids and tokens follow from it
	Token  string           // the bearer token that requests must carry
	Habits Habits
}

// App is one application. It is an http.Handler for its SCIM base URL, and wants
// that prefix stripped. It is safe for concurrent use.
type App struct {
	options Options
	habits  Habits
	mux     *http.ServeMux

	mu       sync.Mutex
	random   *rand.Rand
	users    []*user
	groups   []*group
	lag      time.Duration
	denied   []string
	limit    int
	window   time.Duration
	opened   time.Time // when the current window opened
	requests int       // within the current window
}

// New makes an empty application.
func New(o Options) *App {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Habits.PageSize == 0 {
		o.Habits.PageSize = 100
	}
	a := &App{options: o, habits: o.Habits, mux: http.NewServeMux(), random: rand.New(rand.NewPCG(uint64(o.Seed), 0x5C13))}
	a.mux.HandleFunc("GET /ServiceProviderConfig", a.serviceProviderConfig)
	a.mux.HandleFunc("GET /Users", a.listUsers)
	a.mux.HandleFunc("GET /Users/{id}", a.withUser(a.getUser))
	a.mux.HandleFunc("PATCH /Users/{id}", a.withUser(a.patchUser))
	a.mux.HandleFunc("PUT /Users/{id}", a.withUser(a.putUser))
	a.mux.HandleFunc("DELETE /Users/{id}", a.withUser(a.deleteUser))
	a.mux.HandleFunc("GET /Groups", a.listGroups)
	a.mux.HandleFunc("GET /Groups/{id}", a.withGroup(a.getGroup))
	a.mux.HandleFunc("PATCH /Groups/{id}", a.withGroup(a.patchGroup))
	a.mux.HandleFunc("PUT /Groups/{id}", a.withGroup(a.putGroup))
	a.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { a.fail(w, http.StatusNotFound, "", "no such endpoint") })
	return a
}

// SetLag makes reads show what was so this long ago.
func (a *App) SetLag(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lag = d
}

// Deny takes permissions from the token: users.read, users.write, groups.read,
// groups.write. Requests that need one are answered 403.
func (a *App) Deny(permissions ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.denied = append(a.denied, permissions...)
}

// Allow gives all permissions back.
func (a *App) Allow() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.denied = nil
}

// SetRate answers 429 with Retry-After from the request after the limit until the
// window, which opens with its first request, is over. A limit of 0 is none.
func (a *App) SetRate(limit int, window time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.limit, a.window, a.opened, a.requests = limit, window, time.Time{}, 0
}

// ServeHTTP answers one request.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if wait := a.throttle(); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		a.fail(w, http.StatusTooManyRequests, "", "too many requests")
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+a.options.Token {
		w.Header().Set("WWW-Authenticate", "Bearer")
		a.fail(w, http.StatusUnauthorized, "", "authentication failed")
		return
	}
	a.mux.ServeHTTP(w, r)
}

func (a *App) throttle() time.Duration {
	if a.limit <= 0 {
		return 0
	}
	now := a.now()
	if a.requests == 0 || now.Sub(a.opened) >= a.window {
		a.opened, a.requests = now, 0
	}
	a.requests++
	if a.requests <= a.limit {
		return 0
	}
	return a.opened.Add(a.window).Sub(now)
}

// may answers 403 when the token lacks the permission.
func (a *App) may(w http.ResponseWriter, permission string) bool {
	if slices.Contains(a.denied, permission) {
		a.fail(w, http.StatusForbidden, "", "the token lacks "+permission)
		return false
	}
	return true
}

func (a *App) now() time.Time { return a.options.Clock() }

// seen is the instant whose state reads show.
func (a *App) seen() time.Time { return a.now().Add(-a.lag) }

func (a *App) uuid() string {
	hi, lo := a.random.Uint64(), a.random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", hi>>32, hi>>16&0xffff, hi&0xfff, lo>>52, lo&0xffffffffffff)
}

func (a *App) serviceProviderConfig(w http.ResponseWriter, _ *http.Request) {
	if a.habits.NoConfig {
		a.fail(w, http.StatusNotFound, "", "no such endpoint")
		return
	}
	is := func(supported bool) map[string]any { return map[string]any{"supported": supported} }
	filter := is(a.habits.UserNameFilter == Answered)
	filter["maxResults"] = a.habits.PageSize
	a.answer(w, http.StatusOK, map[string]any{
		"schemas":    []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"pagination": map[string]any{"cursor": a.habits.CursorPages, "index": !a.habits.CursorPages},
		"patch":      is(a.habits.Patch != NoPatch && a.habits.Patch != NoRoute), "filter": filter,
		"bulk": map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"sort": is(false), "etag": is(a.habits.ETags), "changePassword": is(false),
		"authenticationSchemes": []any{map[string]any{"type": "oauthbearertoken", "name": "Bearer", "description": "a bearer token"}},
	})
}
