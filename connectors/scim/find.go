package scim

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/killsignal/killsignal/access"
)

// lookup is one question for the subject's accounts.
type lookup struct {
	attribute Attribute // "" asks for the account under an id
	value     string
	by        access.Correlator
}

// lookups lists every question for the subject, strongest key first. User names
// and addresses are asked in lower case too: some applications keep them so and
// compare exactly.
func (c *Connector) lookups(subject access.Subject) []lookup {
	var all []lookup
	add := func(a Attribute, value string, by access.Correlator) {
		known := func(l lookup) bool { return l.attribute == a && l.value == value }
		if (a == "" || slices.Contains(c.config.Correlators, a)) && !slices.ContainsFunc(all, known) {
			all = append(all, lookup{a, value, by})
		}
	}
	for _, id := range subject.Identifiers(c.system) {
		lower := strings.ToLower(id.Value)
		switch id.By {
		case access.ByID:
			add("", id.Value, id.By)
		case access.ByUserName:
			add(UserName, id.Value, id.By)
			add(UserName, lower, id.By)
		case access.ByEmail:
			add(UserName, id.Value, id.By)
			add(UserName, lower, id.By)
			add(EmailsValue, id.Value, id.By)
			add(EmailsValue, lower, id.By)
		case access.ByEmployeeNumber:
			add(ExternalID, id.Value, id.By)
		}
	}
	return all
}

// keys lists the kinds of keys that lookups makes use of.
func (c *Connector) keys() []access.Correlator {
	asks := func(a Attribute) bool { return slices.Contains(c.config.Correlators, a) }
	var all []access.Correlator
	if asks(UserName) {
		all = append(all, access.ByUserName)
	}
	if asks(UserName) || asks(EmailsValue) {
		all = append(all, access.ByEmail)
	}
	if asks(ExternalID) {
		all = append(all, access.ByEmployeeNumber)
	}
	return all
}

// matches compares a row with the question. Case counts for ids and externalId
// only (RFC 7643 section 3.1, 4.1).
func (l lookup) matches(row resource) bool {
	switch l.attribute {
	case "", identifier:
		return row.id() == l.value
	case ExternalID:
		return row.text(string(ExternalID)) == l.value
	}
	return slices.ContainsFunc(row.values(l.attribute), func(v string) bool { return strings.EqualFold(v, l.value) })
}

// ask returns the rows that match the question. A row that does not match is what
// an application returns that ignores filters, and is dropped.
func (c *Connector) ask(ctx context.Context, l lookup) ([]resource, error) {
	if l.attribute != "" {
		return c.walk(ctx, "look up account", users, equals(string(l.attribute), l.value), l.matches)
	}
	user, err := c.user(ctx, l.value)
	if access.CodeOf(err) == access.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []resource{user}, nil
}

// Find asks by every key of the subject. What the look-ups find is believed to be
// all only if none was refused and each is known to find an account that is there;
// otherwise all users are listed and compared here.
func (c *Connector) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	asked := c.lookups(subject)
	if len(asked) == 0 {
		return nil, &access.Error{Code: access.Invalid, Op: "find accounts", System: c.system,
			Hint: "the subject has no key by which this application can be searched"}
	}
	rows, err := c.gather(ctx, asked)
	accounts, doubt := findings{asked: asked, rows: rows}.judge(c.system)
	return accounts, worse(err, doubt)
}

// gather returns the rows that match any question, each once. Those that come with
// an error are not all.
func (c *Connector) gather(ctx context.Context, asked []lookup) ([]resource, error) {
	var rows []resource
	var trouble error
	refusals := 0
	for _, answer := range c.askAll(ctx, asked) {
		switch {
		case refused(answer.err):
			refusals++
		case answer.err != nil:
			trouble = worse(trouble, answer.err)
		}
		rows = append(rows, answer.rows...)
	}
	if trouble == nil {
		proved := false
		if refusals == 0 {
			proved, trouble = c.proved(ctx, attributes(asked))
		}
		if trouble == nil && !proved {
			var all []resource
			all, trouble = c.compareAll(ctx, asked)
			rows = append(rows, all...)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(rows, func(row resource) bool {
		again := seen[row.id()]
		seen[row.id()] = true
		return again
	}), trouble
}

// worse returns the error that is to be acted on first: one that trying again can
// heal, else the first.
func worse(a, b error) error {
	if a == nil || b != nil && access.CodeOf(b).Transient() && !access.CodeOf(a).Transient() {
		return b
	}
	return a
}

type answer struct {
	rows []resource
	err  error
}

// askAll asks all questions at once: the leaver's access goes on while we wait.
func (c *Connector) askAll(ctx context.Context, asked []lookup) []answer {
	answers := make([]answer, len(asked))
	var wait sync.WaitGroup
	for i, l := range asked {
		wait.Go(func() { answers[i].rows, answers[i].err = c.ask(ctx, l) })
	}
	wait.Wait()
	return answers
}

// compareAll lists every user and compares it with every question.
func (c *Connector) compareAll(ctx context.Context, asked []lookup) ([]resource, error) {
	rows, err := c.walk(ctx, "list users", users, "", func(row resource) bool {
		return slices.ContainsFunc(asked, func(l lookup) bool { return l.matches(row) })
	})
	if refused(err) {
		return nil, &access.Error{Code: access.Unsupported, Op: "find accounts", System: c.system,
			Hint: "the application cannot be searched by every key of the subject and lists nobody: confirm by hand whether there is another account", Cause: err}
	}
	return rows, err
}

func attributes(asked []lookup) []Attribute {
	var all []Attribute
	for _, l := range asked {
		if l.attribute != "" && !slices.Contains(all, l.attribute) {
			all = append(all, l.attribute)
		}
	}
	return all
}
