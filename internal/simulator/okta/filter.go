package okta

import (
	"regexp"
	"strings"
)

// criteria is a parsed filter or search expression over users.
type criteria func(*profile) bool

var words = regexp.MustCompile(`\s*(\(|\)|"(?:[^"\\]|\\.)*"|[A-Za-z.]+)`)

// parse reads the part of Okta's expression language that matters here: eq and
// pr, and, or, parentheses. It returns nil for anything else.
// https://developer.okta.com/docs/reference/core-okta-api/#filter
func parse(expression string) criteria {
	p := &parser{}
	rest := strings.TrimSpace(expression)
	for rest != "" {
		found := words.FindStringSubmatchIndex(rest)
		if found == nil || found[0] != 0 {
			return nil
		}
		p.words = append(p.words, rest[found[2]:found[3]])
		rest = strings.TrimSpace(rest[found[1]:])
	}
	c := p.either()
	if c == nil || len(p.words) > 0 {
		return nil
	}
	return c
}

type parser struct{ words []string }

func (p *parser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	word := p.words[0]
	p.words = p.words[1:]
	return word
}

func (p *parser) accept(word string) bool {
	if len(p.words) > 0 && strings.EqualFold(p.words[0], word) {
		p.next()
		return true
	}
	return false
}

func (p *parser) either() criteria {
	left := p.both()
	for left != nil && p.accept("or") {
		a, b := left, p.both()
		if b == nil {
			return nil
		}
		left = func(u *profile) bool { return a(u) || b(u) }
	}
	return left
}

func (p *parser) both() criteria {
	left := p.one()
	for left != nil && p.accept("and") {
		a, b := left, p.one()
		if b == nil {
			return nil
		}
		left = func(u *profile) bool { return a(u) && b(u) }
	}
	return left
}

func (p *parser) one() criteria {
	if p.accept("(") {
		inner := p.either()
		if inner == nil || !p.accept(")") {
			return nil
		}
		return inner
	}
	read := attribute(p.next())
	switch {
	case read == nil:
		return nil
	case p.accept("pr"):
		return func(u *profile) bool { return read(u) != "" }
	case p.accept("eq"):
		value := p.next()
		if len(value) < 2 || value[0] != '"' {
			return nil
		}
		value = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(value[1 : len(value)-1])
		return func(u *profile) bool { return strings.EqualFold(read(u), value) }
	}
	return nil
}

func attribute(name string) func(*profile) string {
	switch name {
	case "id":
		return func(u *profile) string { return u.ID }
	case "status":
		return func(u *profile) string { return u.Status }
	case "profile.login":
		return func(u *profile) string { return u.Login }
	case "profile.email":
		return func(u *profile) string { return u.Email }
	case "profile.firstName":
		return func(u *profile) string { return u.FirstName }
	case "profile.lastName":
		return func(u *profile) string { return u.LastName }
	case "profile.department":
		return func(u *profile) string { return u.Department }
	case "profile.employeeNumber":
		return func(u *profile) string { return u.EmployeeNumber }
	}
	return nil
}
