package scim

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// pageSize is how many rows are asked for. Applications give fewer as they like.
const pageSize = 100

// position is where a listing stands: the next row (RFC 7644 3.4.2.4) or the
// application's own cursor (RFC 9865), and what the page before showed.
type position struct {
	Start  int    `json:"start"`
	Cursor string `json:"cursor,omitempty"`
	Total  int    `json:"total"` // totalResults of the page before
	First  string `json:"first"` // its first row
	Whole  bool   `json:"whole"` // it announced more than had come: it counts all rows, not one page
}

// page reads one page of users or groups. The filter "" is none. A listing whose
// rows do not add up to what it announces is Unknown, since it proves nothing;
// one that shrank while it was read has shifted, and is NotConverged.
func (c *Connector) page(ctx context.Context, op, endpoint, filter, cursor string) (connectors.Page[resource], error) {
	var none connectors.Page[resource]
	at := position{Start: 1}
	if cursor != "" && json.Unmarshal([]byte(cursor), &at) != nil {
		return none, &access.Error{Code: access.Invalid, Op: op, System: c.system, Hint: "the cursor is not one of ours"}
	}
	query, err := c.query(ctx, at, filter)
	if err != nil {
		return none, err
	}
	list, err := c.send(ctx, request{op: op, method: http.MethodGet, path: endpoint, query: query})
	if err != nil {
		return none, err
	}
	unusable := func(hint string) error {
		return &access.Error{Code: access.Unknown, Op: op, System: c.system, Hint: hint}
	}
	rows := list.list("Resources")
	total, counted := list.count("totalResults")
	if next := list.text("nextCursor"); next != "" || at.Cursor != "" || query.Has("cursor") {
		if list.value("Resources") == nil && !counted && list.value("itemsPerPage") == nil {
			return none, unusable("the answer is not a SCIM list: check the configured address")
		}
		return connectors.Page[resource]{Items: rows, Next: position{Cursor: next}.encode()}, allNamed(rows, unusable)
	}
	read := at.Start - 1 + len(rows)
	switch {
	case list.value("Resources") == nil && !counted:
		return none, unusable("the answer is not a SCIM list: check the configured address")
	case at.Whole && total < at.Total:
		return none, &access.Error{Code: access.NotConverged, Op: op, System: c.system, Hint: "rows went away while they were listed; list again"}
	case len(rows) == 0 && total >= at.Start:
		return none, unusable("the application announces rows that do not come")
	case len(rows) == 0:
		return none, nil
	case rows[0].id() == at.First && total > at.Start-1:
		return none, unusable("the application repeats a page and announces more")
	case rows[0].id() == at.First:
		return none, nil // it ignores startIndex, and has shown all
	}
	page := connectors.Page[resource]{Items: rows}
	// Some count one page where they should count all, so that a count equal to
	// the first page says nothing; a single row is what a look-up expects.
	if over := total == read && (at.Start > 1 || read == 1 && filter != ""); !over {
		page.Next = position{Start: read + 1, Total: total, First: rows[0].id(), Whole: at.Whole || total > read}.encode()
	}
	return page, allNamed(rows, unusable)
}

// query asks for the page at a position.
func (c *Connector) query(ctx context.Context, at position, filter string) (url.Values, error) {
	query := url.Values{"count": {strconv.Itoa(pageSize)}}
	if filter != "" {
		query.Set("filter", filter)
	}
	if at.Cursor != "" {
		query.Set("cursor", at.Cursor)
		return query, nil
	}
	if filter == "" {
		announced, err := c.probe(ctx)
		if err != nil {
			return nil, err
		}
		if announced.cursors && announced.noIndex {
			query.Set("cursor", "") // how RFC 9865 section 2 begins
			return query, nil
		}
	}
	query.Set("startIndex", strconv.Itoa(at.Start))
	return query, nil
}

// encode returns the cursor of a page; "" for none.
func (p position) encode() string {
	if p == (position{}) {
		return ""
	}
	content, err := json.Marshal(p)
	if err != nil {
		return "" // cannot be: numbers and strings only
	}
	return string(content)
}

// allNamed refuses rows without an id: nothing can be done with them.
func allNamed(rows []resource, unusable func(string) error) error {
	for _, row := range rows {
		if row.id() == "" {
			return unusable("the application lists a row without an id")
		}
	}
	return nil
}

// walk reads a listing to its end and keeps the rows that keep wants, each once.
// A listing that shifts while it is read is read again from the start, once.
func (c *Connector) walk(ctx context.Context, op, endpoint, filter string, keep func(resource) bool) ([]resource, error) {
	var seen map[string]bool
	collect := func() ([]resource, error) {
		seen = map[string]bool{}
		return connectors.Collect(ctx, func(ctx context.Context, cursor string) (connectors.Page[resource], error) {
			page, err := c.page(ctx, op, endpoint, filter, cursor)
			var kept []resource
			for _, row := range page.Items {
				if !seen[row.id()] && keep(row) {
					seen[row.id()] = true
					kept = append(kept, row)
				}
			}
			return connectors.Page[resource]{Items: kept, Next: page.Next}, err
		})
	}
	rows, err := collect()
	if access.CodeOf(err) == access.NotConverged {
		rows, err = collect()
	}
	return rows, err
}

// equals is the filter `attribute eq "value"`, the value written as a JSON string
// (RFC 7644 3.4.2.2).
func equals(attribute, value string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	// Applications with a parser of their own know \" and \\ and little else.
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return "" // cannot be: a string
	}
	return attribute + " eq " + strings.TrimSpace(b.String())
}
