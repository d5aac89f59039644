package okta

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// rate is one of Okta's buckets: so many requests in a window.
type rate struct {
	limit, left int
	window      time.Duration
	reset       time.Time
}

// published are Okta's limits per minute.
// https://developer.okta.com/docs/reference/rl-global-mgmt/
func published(bucket string) int {
	switch bucket {
	case "user":
		return 2000
	case "user-write", "users":
		return 600
	case "group":
		return 1000
	case "groups", "app":
		return 500
	case "apps":
		return 100
	case "oauth2":
		return 2000
	}
	return 1200
}

// bucketOf sorts a request into its bucket: user (one user read), user-write,
// users (lists and searches), group, groups, app, apps, oauth2, other.
func bucketOf(r *http.Request) string {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case parts[0] == "oauth2":
		return "oauth2"
	case len(parts) < 3:
		return "other"
	case parts[2] == "users" && len(parts) == 3:
		return "users"
	case parts[2] == "users" && len(parts) == 4 && r.Method == http.MethodGet:
		return "user"
	case parts[2] == "users" && len(parts) == 4:
		return "user-write"
	case parts[2] == "groups" && len(parts) == 4:
		return "group"
	case parts[2] == "groups":
		return "groups"
	case parts[2] == "apps" && len(parts) == 4:
		return "app"
	case parts[2] == "apps":
		return "apps"
	}
	return "other"
}

// SetRate sets the limit of a bucket, from now on. The buckets are user, user-write,
// users, group, groups, app, apps, oauth2 and other.
func (o *Org) SetRate(bucket string, limit int, window time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rates[bucket] = &rate{limit: limit, left: limit, window: window, reset: o.now().Add(window)}
}

// spend takes a request from its bucket, sets the headers, and tells whether
// there was one left.
func (o *Org) spend(w http.ResponseWriter, r *http.Request) bool {
	bucket := bucketOf(r)
	b := o.rates[bucket]
	if b == nil {
		limit := published(bucket)
		b = &rate{limit: limit, left: limit, window: time.Minute}
		o.rates[bucket] = b
	}
	if !o.now().Before(b.reset) {
		b.left, b.reset = b.limit, o.now().Add(b.window)
	}
	within := b.left > 0
	if within {
		b.left--
	}
	w.Header().Set("X-Rate-Limit-Limit", strconv.Itoa(b.limit))
	w.Header().Set("X-Rate-Limit-Remaining", strconv.Itoa(b.left))
	w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(b.reset.Add(time.Second-1).Unix(), 10))
	return within
}
