package directory

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Query is a search of a whole subtree.
type Query struct {
	Base       string
	Filter     string
	Attributes []string
	PageSize   uint32 // zero means 500
}

const defaultPageSize = 500

func (q Query) request(controls ...ldap.Control) *ldap.SearchRequest {
	return ldap.NewSearchRequest(q.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, q.Filter, q.Attributes, controls)
}

func (q Query) size() uint32 {
	if q.PageSize == 0 {
		return defaultPageSize
	}
	return q.PageSize
}

// Search returns every entry that the server finds, however many pages that
// takes. Less than all is an error, never a shorter list.
func (s *Session) Search(ctx context.Context, o Operation, q Query) ([]*ldap.Entry, error) {
	var all []*ldap.Entry
	var cookie []byte
	for range connectors.MaxPages {
		entries, next, err := s.page(ctx, o, q, cookie)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
		if len(next) == 0 {
			return all, nil
		}
		cookie = next
	}
	return nil, s.client.failed(o.Op, access.Unknown, "the listing does not end", nil)
}

// page asks for one page (RFC 2696). An empty cookie is the first one, and comes
// back with the last one.
func (s *Session) page(ctx context.Context, o Operation, q Query, cookie []byte) (entries []*ldap.Entry, next []byte, err error) {
	o.method = "SEARCH"
	paging := ldap.NewControlPaging(q.size())
	paging.SetCookie(cookie)
	var result *ldap.SearchResult
	if err := s.do(ctx, o, func(conn *ldap.Conn) (err error) {
		result, err = conn.Search(q.request(paging))
		return err
	}); err != nil {
		return nil, nil, err
	}
	if len(result.Referrals) > 0 && !s.client.options.Elsewhere {
		return nil, nil, s.client.failed(o.Op, access.Unsupported, "a part of the tree is on another server: name one that holds all of it, or a base within this one", nil)
	}
	if answer, ok := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging); ok {
		next = answer.Cookie
	}
	return result.Entries, next, nil
}

// First returns the first entries of a query, one page of them at most.
func (s *Session) First(ctx context.Context, o Operation, q Query) ([]*ldap.Entry, error) {
	entries, _, err := s.page(ctx, o, q, nil)
	return entries, err
}

// Read reads one entry by its name. Whatever is not there, or may not be seen, is
// NotFound.
func (s *Session) Read(ctx context.Context, o Operation, name string, attributes []string, controls ...ldap.Control) (*ldap.Entry, error) {
	o.method = "SEARCH"
	request := ldap.NewSearchRequest(name, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", attributes, controls)
	var result *ldap.SearchResult
	if err := s.do(ctx, o, func(conn *ldap.Conn) (err error) {
		result, err = conn.Search(request)
		return err
	}); err != nil {
		return nil, err
	}
	if len(result.Entries) != 1 {
		return nil, s.client.failed(o.Op, access.NotFound, "", nil)
	}
	return result.Entries[0], nil
}

// Equal is the filter for one value of an attribute. Whatever the value holds, it
// stays a value (RFC 4515 section 3).
func Equal(attribute, value string) string {
	var escaped strings.Builder
	for _, b := range []byte(value) {
		if b < 0x20 || b >= 0x7f || strings.IndexByte(`()*\/`, b) >= 0 {
			fmt.Fprintf(&escaped, `\%02x`, b)
		} else {
			escaped.WriteByte(b)
		}
	}
	return "(" + attribute + "=" + escaped.String() + ")"
}

// Any is the filter for entries that fit one of several.
func Any(filters ...string) string { return "(|" + strings.Join(filters, "") + ")" }

// All is the filter for entries that fit each of several.
func All(filters ...string) string { return "(&" + strings.Join(filters, "") + ")" }
