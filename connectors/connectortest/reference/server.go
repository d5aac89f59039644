package reference

import (
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/killsignal/killsignal/access"
)

// right is a membership as the directory shows it.
type right struct {
	ID       string          `json:"id"`
	Obstacle access.Obstacle `json:"obstacle,omitempty"`
	Pool     *access.Pool    `json:"pool,omitempty"`
}

// page is one page of anything. Next is empty on the last.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// Handler serves the directory.
func (d *Directory) Handler() http.Handler {
	mux := http.NewServeMux()
	serve := func(pattern, permission string, handle func(w http.ResponseWriter, r *http.Request)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			d.mu.Lock()
			defer d.mu.Unlock()
			switch {
			case r.Header.Get("Authorization") != "Bearer "+d.token:
				refuse(w, http.StatusUnauthorized)
			case d.denied[permission]:
				refuse(w, http.StatusForbidden)
			case r.PathValue("id") != "" && d.people[r.PathValue("id")] == nil:
				refuse(w, http.StatusNotFound)
			default:
				handle(w, r)
			}
		})
	}
	serve("GET /people", MayRead, func(w http.ResponseWriter, r *http.Request) {
		sendPage(w, r, d.matching(r.FormValue("by"), r.FormValue("value")), func(id string) Person { return *d.people[id] })
	})
	serve("GET /people/{id}", MayRead, func(w http.ResponseWriter, r *http.Request) { send(w, d.people[r.PathValue("id")]) })
	serve("POST /people/{id}/lock", MayLock, d.activate(func(bool) bool { return false }))
	serve("POST /people/{id}/unlock", MayLock, d.activate(func(bool) bool { return true }))
	serve("POST /people/{id}/toggle", MayLock, d.activate(func(active bool) bool { return !active }))
	serve("GET /people/{id}/sessions", MayEnd, func(w http.ResponseWriter, r *http.Request) {
		send(w, d.people[r.PathValue("id")].Sessions)
	})
	serve("DELETE /people/{id}/sessions", MayEnd, func(w http.ResponseWriter, r *http.Request) {
		d.people[r.PathValue("id")].Sessions = []string{}
		w.WriteHeader(http.StatusNoContent)
	})
	serve("GET /people/{id}/rights/{kind}", MaySee, func(w http.ResponseWriter, r *http.Request) {
		var held []*Group
		for _, g := range d.groups {
			if string(g.Kind) == r.PathValue("kind") && slices.Contains(g.Members, r.PathValue("id")) {
				held = append(held, g)
			}
		}
		sendPage(w, r, held, func(g *Group) right { return right{ID: g.ID, Obstacle: g.Obstacle, Pool: g.pool()} })
	})
	serve("DELETE /people/{id}/rights/{kind}/{group}", MayRevoke, func(w http.ResponseWriter, r *http.Request) {
		g := d.group(r.PathValue("group"))
		switch {
		case g == nil || !slices.Contains(g.Members, r.PathValue("id")):
			refuse(w, http.StatusNotFound)
		case g.Obstacle != "":
			refuse(w, http.StatusBadRequest)
		default:
			g.Members = without(g.Members, r.PathValue("id"))
			w.WriteHeader(http.StatusNoContent)
		}
	})
	serve("DELETE /groups/{group}/members", MayRevoke, func(w http.ResponseWriter, r *http.Request) {
		d.group(r.PathValue("group")).Members = nil
		w.WriteHeader(http.StatusNoContent)
	})
	serve("GET /groups/{group}/pool", MaySee, func(w http.ResponseWriter, r *http.Request) { send(w, d.group(r.PathValue("group")).pool()) })
	return mux
}

func (d *Directory) activate(change func(active bool) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := d.people[r.PathValue("id")]
		p.Active = change(p.Active)
		send(w, p)
	}
}

func (g *Group) pool() *access.Pool {
	if g.Kind != access.Seat {
		return nil
	}
	return &access.Pool{Total: g.Seats, Used: len(g.Members)}
}

// sendPage sends the one row to which the cursor points.
func sendPage[R, T any](w http.ResponseWriter, r *http.Request, rows []R, show func(R) T) {
	at, _ := strconv.Atoi(r.FormValue("cursor"))
	var p page[T]
	if at < len(rows) {
		p.Items = []T{show(rows[at])}
	}
	if at+1 < len(rows) {
		p.Next = strconv.Itoa(at + 1)
	}
	send(w, p)
}

func send(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, encode(value))
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, `{"error":"refused"}`)
}
