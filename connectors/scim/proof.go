package scim

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// proved tells whether look-ups by these attributes find an account that is
// there, however its key is written. That is tried once on accounts of the
// application itself: applications answer "no rows" to filters that they do not
// understand, and to keys in another case than they keep.
//
// Where users cannot be listed there is nothing to try on, and the look-ups are
// taken at their word.
func (c *Connector) proved(ctx context.Context, needed []Attribute) (bool, error) {
	c.mu.Lock()
	proofs := maps.Clone(c.proofs)
	c.mu.Unlock()
	untried := slices.DeleteFunc(slices.Clone(needed), func(a Attribute) bool {
		_, tried := proofs[a]
		return tried
	})
	if len(untried) > 0 {
		sample, err := c.page(ctx, "check look-ups", users, "", "")
		if refused(err) && access.CodeOf(err) != access.NotFound {
			return true, nil
		}
		if err != nil || len(sample.Items) == 0 {
			return true, err
		}
		for _, a := range untried {
			found, err := c.finds(ctx, a, sample.Items)
			if err != nil {
				return false, err
			}
			proofs[a] = found
		}
		c.mu.Lock()
		maps.Copy(c.proofs, proofs)
		c.mu.Unlock()
	}
	return !slices.ContainsFunc(needed, func(a Attribute) bool { return !proofs[a] }), nil
}

// finds tries a look-up on the first account that can prove it.
func (c *Connector) finds(ctx context.Context, a Attribute, sample []resource) (bool, error) {
	for _, row := range sample {
		for _, value := range row.values(a) {
			upper, lower := strings.ToUpper(value), strings.ToLower(value)
			switch {
			case value == "":
				continue
			case a == ExternalID, a == identifier:
				return c.findsAs(ctx, a, value, row)
			case upper == lower:
				continue
			}
			// Found in a case that nobody keeps: case is ignored.
			if found, err := c.findsAs(ctx, a, upper, row); found || err != nil {
				return found, err
			}
			// Find asks in lower case too, which is proof where names are kept so.
			if value == lower {
				return false, nil
			}
			return c.findsAs(ctx, a, lower, row)
		}
	}
	return false, nil
}

func (c *Connector) findsAs(ctx context.Context, a Attribute, value string, row resource) (bool, error) {
	rows, err := c.ask(ctx, lookup{attribute: a, value: value})
	if refused(err) {
		return false, nil
	}
	for _, found := range rows {
		if found.id() == row.id() && err == nil {
			return c.readsAttribute(ctx, a, value, row)
		}
	}
	return false, err
}

// readsAttribute tells whether the application heeds which attribute it is asked
// for. Some search the same one always: they find an account whose name is its
// address, and miss those of others.
func (c *Connector) readsAttribute(ctx context.Context, a Attribute, value string, row resource) (bool, error) {
	for _, other := range []Attribute{identifier, ExternalID, UserName, EmailsValue} {
		if other == a || slices.ContainsFunc(row.values(other), func(v string) bool { return strings.EqualFold(v, value) }) {
			continue
		}
		rows, err := c.walk(ctx, "check look-ups", users, equals(string(other), value), func(found resource) bool { return found.id() == row.id() })
		if !refused(err) {
			return len(rows) == 0, err
		}
	}
	return true, nil // there is nothing else that it could be asked for
}
