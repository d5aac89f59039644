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

// matches compares a row with the question. Case counts for ids and externalId
// only (RFC 7643 section 3.1, 4.1).
func (l lookup) matches(row resource) bool {
	switch l.attribute {
	case "":
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
	return []resource{user}, err
}

// Find asks by every key of the subject. A key by which the application refuses
// to look is passed over. When no key finds anything, none is believed only if
// these look-ups are known to find an account that is there; otherwise all users
// are listed and compared here.
func (c *Connector) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	asked := c.lookups(subject)
	if len(asked) == 0 {
		return nil, &access.Error{Code: access.Invalid, Op: "find accounts", System: c.system,
			Hint: "the subject has no key by which this application can be searched"}
	}
	found := findings{system: c.system, owner: map[lookup]string{}}
	refusals := 0
	for i, answer := range c.askAll(ctx, asked) {
		switch {
		case refused(answer.err):
			refusals++
			continue
		case answer.err != nil:
			return nil, answer.err
		}
		if err := found.add(asked[i], answer.rows); err != nil {
			return nil, err
		}
	}
	if len(found.accounts) > 0 {
		return found.accounts, nil
	}
	if refusals == 0 {
		proved, err := c.proved(ctx, attributes(asked))
		if err != nil || proved {
			return nil, err
		}
	}
	return c.compareAll(ctx, asked, found)
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
func (c *Connector) compareAll(ctx context.Context, asked []lookup, found findings) ([]access.Account, error) {
	rows, err := c.walk(ctx, "list users", users, "", func(row resource) bool {
		return slices.ContainsFunc(asked, func(l lookup) bool { return l.matches(row) })
	})
	if refused(err) {
		return nil, &access.Error{Code: access.Unsupported, Op: "find accounts", System: c.system,
			Hint: "the application can be searched by no key of the subject and lists nobody: confirm by hand whether there is an account", Cause: err}
	}
	if err != nil {
		return nil, err
	}
	for _, l := range asked {
		if err := found.add(l, slices.DeleteFunc(slices.Clone(rows), func(row resource) bool { return !l.matches(row) })); err != nil {
			return nil, err
		}
	}
	return found.accounts, nil
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

// findings are the accounts found so far, each once.
type findings struct {
	system   string
	accounts []access.Account
	owner    map[lookup]string // who has a key that only one account may have
}

// add adds matching rows. A second account with a key that must be unique is
// Ambiguous; an e-mail address may be shared by the accounts of one person.
func (f *findings) add(l lookup, rows []resource) error {
	key := lookup{attribute: l.attribute, value: l.value}
	if l.attribute == UserName {
		key.value = strings.ToLower(l.value)
	}
	for _, row := range rows {
		if other, taken := f.owner[key]; taken && other != row.id() && l.attribute != EmailsValue {
			return &access.Error{Code: access.Ambiguous, Op: "find accounts", System: f.system,
				Hint: "two accounts have the same " + string(l.attribute) + ": name the right one by its id"}
		}
		f.owner[key] = row.id()
		if !slices.ContainsFunc(f.accounts, func(a access.Account) bool { return a.Ref.ID == row.id() }) {
			found := account(f.system, row)
			found.MatchedBy = l.by
			f.accounts = append(f.accounts, found)
		}
	}
	return nil
}
