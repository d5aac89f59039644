package scim

import "sync/atomic"

// form is one way of saying the same thing to an application.
type form int

// habit remembers which form an application takes.
type habit struct {
	first atomic.Int64 // the form to try first
	sure  atomic.Bool  // it was seen to work
}

// order lists n forms, that to try first first.
func (h *habit) order(n form) []form {
	first := form(h.first.Load())
	all := []form{first}
	for f := range n {
		if f != first {
			all = append(all, f)
		}
	}
	return all
}

// prefer has a form tried first.
func (h *habit) prefer(f form) {
	if !h.sure.Load() {
		h.first.Store(int64(f))
	}
}

// learn records that a form was seen to work.
func (h *habit) learn(f form) {
	h.first.Store(int64(f))
	h.sure.Store(true)
}

// knows tells whether the form was seen to work.
func (h *habit) knows(f form) bool { return h.sure.Load() && form(h.first.Load()) == f }
