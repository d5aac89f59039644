package scim

import (
	"context"
	"net/http"

	"github.com/killsignal/killsignal/access"
)

// The forms in which active is changed, in the order in which they are tried.
const (
	byPath      form = iota // a PATCH operation with the path active
	byValue                 // one without a path: active is in the value
	byText                  // the same with "True" or "False", as strings
	byPut                   // a PUT of the whole user (RFC 7644 3.5.1)
	activations             // how many there are
)

const patchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

func patch(operation map[string]any) map[string]any {
	return map[string]any{"schemas": []string{patchSchema}, "Operations": []any{operation}}
}

// Lock deactivates the account, or deletes it where the configuration says so. An
// application that refuses every form, as many do for owners, is Unsupported.
func (c *Connector) Lock(ctx context.Context, ref access.AccountRef) error {
	lock := c.deactivate
	if c.config.Lock == Delete {
		lock = c.remove
	}
	err := lock(ctx, ref.ID)
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	return err
}

func (c *Connector) deactivate(ctx context.Context, id string) error {
	return c.setActive(ctx, id, false)
}

// Unlock restores active. A deleted account cannot be restored: Unsupported.
func (c *Connector) Unlock(ctx context.Context, before access.AccountState) error {
	if c.config.Lock == Delete {
		return &access.Error{Code: access.Unsupported, Op: "unlock", System: c.system, Hint: "the account was deleted for good: provision it anew"}
	}
	if before.Status != access.Active {
		return nil
	}
	return c.setActive(ctx, before.Ref.ID, true)
}

// remove deletes the account (RFC 7644 3.6).
func (c *Connector) remove(ctx context.Context, id string) error {
	path, err := at(users, id)
	if err != nil {
		return err
	}
	_, err = c.send(ctx, request{op: "delete account", method: http.MethodDelete, path: path})
	if !refused(err) {
		return err
	}
	// A router that knows no DELETE says "not found" as well.
	if _, readErr := c.user(ctx, id); readErr != nil {
		return readErr
	}
	return c.refusal("delete account", err)
}

// setActive changes active in the first form that is seen to take effect. A form
// that the application is known to take is not read back here: whoever asked
// reads.
func (c *Connector) setActive(ctx context.Context, id string, want bool) error {
	var refusal error
	shows := false
	for _, f := range c.activation.order(activations) {
		// An application that has accepted a boolean may take a string for true.
		if f == byText && refusal == nil && !c.activation.knows(f) {
			continue
		}
		answer, err := c.sendActive(ctx, f, id, want)
		switch {
		case err != nil && !refused(err):
			return err
		case err == nil && (c.activation.knows(f) || answer.id() == id && is(answer.value(attributeActive), want)):
			c.activation.learn(f)
			return nil
		}
		user, readErr := c.user(ctx, id)
		switch {
		case readErr != nil:
			return readErr
		case is(user.value(attributeActive), want):
			if err == nil {
				c.activation.learn(f)
			}
			return nil // refused because it is so already, or in effect
		case err == nil && c.config.Settle > 0:
			// It may show later. Whoever comes again has waited for that.
			c.activation.prefer(following(f, refusal == nil))
			return nil
		case err != nil:
			refusal = err
		}
		shows = user.value(attributeActive) != nil
	}
	switch {
	case refusal != nil:
		return c.refusal("change active", refusal)
	case !shows:
		return &access.Error{Code: access.Unsupported, Op: "change active", System: c.system,
			Hint: "the application does not know deactivation: remove the account by hand, or configure lock: delete"}
	}
	return &access.Error{Code: access.NotConverged, Op: "change active", System: c.system,
		Hint: "the application accepts the change and a fresh read does not show it"}
}

// following is the form to try when f was accepted and does nothing. Strings are
// left out where booleans are accepted.
func following(f form, booleans bool) form {
	next := (f + 1) % activations
	if next == byText && booleans {
		next++
	}
	return next
}

func (c *Connector) sendActive(ctx context.Context, f form, id string, want bool) (resource, error) {
	path, err := at(users, id)
	if err != nil {
		return nil, err
	}
	r := request{op: "change active", method: http.MethodPatch, path: path}
	switch f {
	case byPath:
		r.body = patch(map[string]any{"op": "replace", "path": attributeActive, "value": want})
	case byValue:
		r.body = patch(map[string]any{"op": "replace", "value": map[string]any{attributeActive: want}})
	case byText:
		text := map[bool]string{true: "True", false: "False"}[want]
		r.body = patch(map[string]any{"op": "replace", "value": map[string]any{attributeActive: text}})
	case byPut:
		user, err := c.user(ctx, id)
		if err != nil {
			return nil, err
		}
		// A PUT without active may make it true.
		whole := user.without("meta", "groups", attributeActive)
		whole[attributeActive] = want
		r.method, r.body, r.version = http.MethodPut, whole, user.version()
	}
	return c.send(ctx, r)
}

// refusal is the error for what an application refused in every form.
func (c *Connector) refusal(op string, err error) error {
	e := *access.AsError(err, op)
	if e.Code == access.Unknown {
		return &e // it failed rather than refused
	}
	e.Code, e.Op = access.Unsupported, op
	e.Hint = "the application refuses it: owners and last administrators must be replaced there first, others changed by hand"
	return &e
}
