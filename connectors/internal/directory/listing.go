package directory

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Listings that nobody goes on with are closed after a while, and there are never
// many at once: each holds a connection.
const (
	listingIdle = 2 * time.Minute
	maxListings = 16
)

// listings are those that are under way, by cursor. Servers tie the cookie of a
// paged search to the connection on which it began, so that is kept.
type listings struct {
	mu   sync.Mutex
	open map[string]*listing
}

type listing struct {
	session *Session
	query   Query
	cookie  []byte
	pages   int
	idle    *time.Timer
}

// Page returns one page of a query and the cursor of the next, "" after the last.
// The first cursor is "". A cursor is good once, and for two minutes; then the
// listing must begin again, which is Unavailable.
func (c *Client) Page(ctx context.Context, o Operation, q Query, cursor string) ([]*ldap.Entry, string, error) {
	l := &listing{session: c.Session(), query: q}
	if cursor != "" {
		if l = c.listings.take(cursor); l == nil {
			return nil, "", c.failed(o.Op, access.Unavailable, "the listing was cut off: begin it again", nil)
		}
	}
	entries, cookie, err := l.session.page(ctx, o, l.query, l.cookie)
	l.pages++
	switch {
	case err != nil:
		l.session.Close()
		return nil, "", err
	case len(cookie) == 0:
		l.session.Close()
		return entries, "", nil
	case l.pages >= connectors.MaxPages:
		l.session.Close()
		return nil, "", c.failed(o.Op, access.Unknown, "the listing does not end", nil)
	}
	l.cookie = cookie
	next, ok := c.listings.keep(l)
	if !ok {
		l.session.Close()
		return nil, "", c.failed(o.Op, access.RateLimited, "too many listings at once", nil)
	}
	return entries, next, nil
}

// take hands over the listing under the cursor, or nil.
func (ls *listings) take(cursor string) *listing {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.open[cursor]
	if l == nil || !l.idle.Stop() {
		return nil
	}
	delete(ls.open, cursor)
	return l
}

// keep stores the listing under a new cursor, unless there are too many.
func (ls *listings) keep(l *listing) (cursor string, ok bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if len(ls.open) >= maxListings {
		return "", false
	}
	if ls.open == nil {
		ls.open = map[string]*listing{}
	}
	cursor = rand.Text()
	ls.open[cursor] = l
	l.idle = time.AfterFunc(listingIdle, func() {
		ls.mu.Lock()
		defer ls.mu.Unlock()
		delete(ls.open, cursor)
		l.session.Close()
	})
	return cursor, true
}
