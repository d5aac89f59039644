package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

// Trouble is one thing that goes wrong in one application.
type Trouble struct {
	Name   string // down, slow, throttled, denied
	System string
	What   string // for people to read
	start  func()
}

// How bad the troubles are.
const (
	downFor  = 8 * time.Second
	slowness = 1500 * time.Millisecond
	rate     = 3 // requests in a window
	window   = 2 * time.Second
)

// Troubles lists the troubles that can be switched on. Each is in an application
// of its own, in which the leaver has an account; a company with fewer than four
// applications has fewer troubles.
func (c *Company) Troubles() []Trouble {
	var all []Trouble
	for i, trouble := range []func(*App) Trouble{c.down, c.slow, c.throttled, c.denied} {
		if i < len(c.Apps) {
			all = append(all, trouble(c.Apps[i*max(len(c.Apps)/5, 1)]))
		}
	}
	return all
}

// SwitchOn starts troubles by name; no names start all. A name that is not known
// is Invalid, and then none has started.
func (c *Company) SwitchOn(names ...string) error {
	var chosen []Trouble
	for _, t := range c.Troubles() {
		if len(names) == 0 || slices.Contains(names, t.Name) {
			chosen = append(chosen, t)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(chosen, func(t Trouble) bool { return t.Name == name }) {
			return &access.Error{Code: access.Invalid, Op: "switch on trouble", Hint: "there is no trouble of this name: see Troubles"}
		}
	}
	for _, t := range chosen {
		t.start()
	}
	return nil
}

// down refuses every connection for a while, from the first one on.
func (c *Company) down(a *App) Trouble {
	var once sync.Once
	var until time.Time
	return Trouble{"down", a.Name, "answers nothing for " + downFor.String(), func() {
		c.faults[a.Name].Add(fault.Rule{Effect: fault.Cut(), Match: func(*http.Request) bool {
			once.Do(func() { until = c.options.Clock().Add(downFor) })
			return c.options.Clock().Before(until)
		}})
	}}
}

func (c *Company) slow(a *App) Trouble {
	return Trouble{"slow", a.Name, "takes " + slowness.String() + " to answer", func() {
		c.faults[a.Name].Add(fault.Rule{Effect: fault.Delay(slowness)})
	}}
}

func (c *Company) throttled(a *App) Trouble {
	return Trouble{"throttled", a.Name, fmt.Sprintf("answers 429 after %d requests in %s", rate, window), func() { a.SetRate(rate, window) }}
}

// denied takes from our credential what the lock needs; everything else works.
func (c *Company) denied(a *App) Trouble {
	return Trouble{"denied", a.Name, "denies the permission to lock anybody", func() { a.Deny("users.write") }}
}
