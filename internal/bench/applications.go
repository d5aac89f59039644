package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/killsignal/killsignal/internal/simulator/scim"
)

// The people of every application. The bystander has almost the leaver's name.
var (
	leaver    = scim.User{UserName: "ada.marsh@example.com", ExternalID: "E1042", DisplayName: "Ada Marsh", Emails: []string{"ada.marsh@example.com"}}
	bystander = scim.User{UserName: "ada.marshall@example.com", ExternalID: "E1043", DisplayName: "Ada Marshall", Emails: []string{"ada.marshall@example.com"}}
)

const token = "bench-token"

// appName is the name of the i-th application, from 0.
func appName(i int) string { return fmt.Sprintf("app-%03d", i+1) }

// applications are SCIM applications on one address, each below a path of its own.
// Every answer takes its time. It keeps what was sent, and starts anew when told to.
type applications struct {
	o   options
	mux *http.ServeMux

	mu    sync.Mutex
	apps  []*scim.App
	state state
}

// state is what the side door shows.
type state struct {
	// Leavers has the leaver's id in each application.
	Leavers []string `json:"leavers"`
	// Truth has, for each application, user id to everything about the user.
	Truth []map[string]string `json:"truth"`
	// Exchanges are what was sent since the last start, in the order of the answers.
	Exchanges []exchange `json:"exchanges"`
}

// exchange is one request to an application.
type exchange struct {
	App      int       `json:"app"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Arrived  time.Time `json:"arrived"`
	Answered time.Time `json:"answered"`
}

func newApplications(o options) *applications {
	a := &applications{o: o, mux: http.NewServeMux()}
	a.anew()
	a.mux.HandleFunc("POST /anew", func(http.ResponseWriter, *http.Request) { a.anew() })
	a.mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { a.show(w) })
	a.mux.HandleFunc("/apps/{app}/", a.serve)
	return a
}

func (a *applications) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// anew puts everybody back into every application, under the ids they had.
func (a *applications) anew() {
	apps, leavers := make([]*scim.App, a.o.apps), make([]string, a.o.apps)
	for i := range apps {
		app := scim.New(scim.Options{Seed: int64(i), Token: token, Habits: scim.Plain()})
		users, editors := app.AddGroup("Users"), app.AddGroup("Editors")
		for _, person := range []scim.User{bystander, leaver} {
			id := app.AddUser(person)
			app.AddMember(users, id)
			app.AddMember(editors, id)
			leavers[i] = id // the last one
		}
		apps[i] = app
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.apps, a.state = apps, state{Leavers: leavers}
}

func (a *applications) show(w http.ResponseWriter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	shown := a.state
	for _, app := range a.apps {
		shown.Truth = append(shown.Truth, app.Truth())
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(shown) // a caller that has gone needs no answer
}

func (a *applications) serve(w http.ResponseWriter, r *http.Request) {
	arrived := time.Now()
	name := r.PathValue("app")
	i, err := strconv.Atoi(strings.TrimPrefix(name, "app-"))
	if i--; err != nil || i < 0 || i >= a.o.apps {
		http.NotFound(w, r)
		return
	}
	a.mu.Lock()
	app := a.apps[i]
	a.mu.Unlock()
	latency := a.o.fast
	if i == a.o.apps-1 {
		latency = a.o.slow
	}
	time.Sleep(latency)
	http.StripPrefix("/apps/"+name, app).ServeHTTP(w, r)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.Exchanges = append(a.state.Exchanges, exchange{App: i, Method: r.Method, Path: strings.TrimPrefix(r.URL.Path, "/apps/"+name),
		Arrived: arrived, Answered: time.Now()})
}
