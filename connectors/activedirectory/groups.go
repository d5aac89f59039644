package activedirectory

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// membership is a group that an account is a member of.
type membership struct {
	id, sid, name string
}

// extended asks for DNs with GUID and SID before them, as text (MS-ADTS
// 3.1.1.3.4.1.5). One read then tells of every membership what we need.
func extended() ldap.Control {
	return ldap.NewControlString("1.2.840.113556.1.4.529", true, "\x30\x03\x02\x01\x01")
}

var extendedDN = regexp.MustCompile(`^<GUID=([0-9a-f-]{36})>;(?:<SID=(S-[0-9-]+)>;)?(.*)$`)

// grants lists what the account is a member of, what it has through its primary
// group or through other groups, and its place. tokenGroups, which the server works
// out whatever we may see, proves that no group is missing.
func (c *Connector) grants(ctx context.Context, s *directory.Session, op, id string) ([]access.Right, error) {
	r, err := c.fetch(ctx, s, op, id, []ldap.Control{extended()}, "memberOf", "primaryGroupID", "objectSid", "tokenGroups")
	if err != nil {
		return nil, err
	}
	direct, err := c.memberships(ctx, s, op, r)
	if err != nil {
		return nil, err
	}
	tokens := r.GetRawAttributeValues("tokenGroups")
	own := sid(r.GetRawAttributeValue("objectSid"))
	if len(tokens) == 0 || own == "" {
		return nil, &access.Error{Code: access.Denied, System: c.system, Op: op, Hint: "the credential may not " + readGroups}
	}
	rights := []access.Right{}
	explained := map[string]bool{}
	for _, m := range direct {
		explained[m.sid] = true
		rights = append(rights, access.Right{Kind: access.Grant, Type: typeGroup, ID: m.id, Name: m.name})
	}
	primary := own[:strings.LastIndex(own, "-")+1] + r.GetAttributeValue("primaryGroupID")
	explained[primary] = true
	rights = append(rights, primaryGroup(primary))
	inherited, err := c.inherited(ctx, s, op, id, tokens, explained, primary, len(direct) > 0)
	if err != nil {
		return nil, err
	}
	rights = append(rights, inherited...)
	if r.GetAttributeValue("adminCount") == "1" {
		rights = append(rights, access.Right{Kind: access.Grant, Type: typeGuard, ID: "adminCount", Name: "AdminSDHolder", Obstacle: access.Inherent,
			Source: "AdminSDHolder restores the account's access list every hour, so that rights delegated over it do not last; adminCount stays 1 after the groups are gone"})
	}
	if c.config.DisabledOU != "" && !c.away(r) {
		rights = append(rights, access.Right{Kind: access.Grant, Type: typePlace, ID: "parent", Name: (&ldap.DN{RDNs: r.dn.RDNs[1:]}).String()})
	}
	return rights, nil
}

// primaryGroup is the group that an account cannot leave. Domain Users (513) and
// Domain Guests (514) give nothing by themselves; any other must be replaced first.
func primaryGroup(sid string) access.Right {
	right := access.Right{Kind: access.Grant, Type: typePrimary, ID: sid, Obstacle: access.OtherTool,
		Source: "the primary group: make Domain Users the primary group, then the membership can be removed"}
	switch {
	case strings.HasSuffix(sid, "-513"):
		right.Name, right.Obstacle, right.Source = "Domain Users", access.Inherent, "the primary group"
	case strings.HasSuffix(sid, "-514"):
		right.Name, right.Obstacle, right.Source = "Domain Guests", access.Inherent, "the primary group"
	}
	return right
}

// memberships reads memberOf to its end: beyond 1500 values it comes in ranges
// (MS-ADTS 3.1.1.3.1.3.3).
func (c *Connector) memberships(ctx context.Context, s *directory.Session, op string, r row) ([]membership, error) {
	var all []membership
	for e := r.Entry; ; {
		values, next := ranged(e, "memberOf")
		for _, value := range values {
			m := extendedDN.FindStringSubmatch(value)
			if m == nil {
				return nil, &access.Error{Code: access.Unknown, System: c.system, Op: op, Hint: "a membership is shown without the group's id"}
			}
			name := m[3]
			if dn, err := ldap.ParseDN(m[3]); err == nil && len(dn.RDNs) > 0 {
				name = dn.RDNs[0].Attributes[0].Value
			}
			all = append(all, membership{id: m[1], sid: m[2], name: name})
		}
		if next == "" {
			return all, nil
		}
		var err error
		if e, err = s.Read(ctx, directory.Operation{Op: op, Target: r.id}, byGUID(r.id), []string{next}, extended()); err != nil {
			return nil, c.failed(op, err, readAccounts)
		}
		if more, _ := ranged(e, "memberOf"); len(more) == 0 {
			return nil, &access.Error{Code: access.Unknown, System: c.system, Op: op, Hint: "the listing of memberships breaks off"}
		}
	}
}

// ranged returns the values of an attribute, which may come as attribute;range=0-1499,
// and what to ask for next, "" after the last.
func ranged(e *ldap.Entry, attribute string) (values []string, next string) {
	for _, a := range e.Attributes {
		name, option, _ := strings.Cut(strings.ToLower(a.Name), ";range=")
		if !strings.EqualFold(name, attribute) || len(a.Values) == 0 {
			continue
		}
		if _, last, ok := strings.Cut(option, "-"); ok && last != "*" {
			var end int
			if _, err := fmt.Sscan(last, &end); err == nil {
				next = fmt.Sprintf("%s;range=%d-*", attribute, end+1)
			}
		}
		return a.Values, next
	}
	return nil, ""
}

// inherited lists the groups in tokenGroups that are neither direct nor the primary
// one. Those of the primary group come with every account; those of direct groups
// end with them; any other is one that we cannot see, in another domain perhaps, and
// must be looked for by a person.
func (c *Connector) inherited(ctx context.Context, s *directory.Session, op, id string, tokens [][]byte, explained map[string]bool, primary string, direct bool) ([]access.Right, error) {
	unexplained := func() bool {
		return slices.ContainsFunc(tokens, func(t []byte) bool { return !explained[sid(t)] })
	}
	if !unexplained() {
		return nil, nil
	}
	o := directory.Operation{Op: op, Target: id}
	group, err := s.Read(ctx, o, "<SID="+primary+">", []string{"objectGUID"})
	if err != nil && access.CodeOf(err) != access.NotFound {
		return nil, c.failed(op, err, readGroups)
	}
	if err == nil {
		ancestors, err := s.Search(ctx, o, directory.Query{Base: domain(c.config.BaseDN),
			Filter:     directory.All("(objectCategory=group)", "(member:1.2.840.113556.1.4.1941:="+filterValue(group.DN)+")"),
			Attributes: []string{"objectSid"}})
		if err != nil {
			return nil, c.failed(op, err, readGroups)
		}
		for _, e := range ancestors {
			explained[sid(e.GetRawAttributeValue("objectSid"))] = true
		}
	}
	var rights []access.Right
	for _, token := range tokens {
		id := sid(token)
		if explained[id] {
			continue
		}
		right := access.Right{Kind: access.Grant, Type: typeNested, ID: id, Obstacle: access.ByGroup, Source: "a group that the account is a member of"}
		if !direct {
			right.Obstacle, right.Source = access.OtherTool, "a group or an earlier identity (sIDHistory) that this credential does not see"
		}
		rights = append(rights, right)
	}
	return rights, nil
}

// domain is the part of a DN that names the domain.
func domain(dn string) string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return dn
	}
	i := slices.IndexFunc(parsed.RDNs, func(r *ldap.RelativeDN) bool { return strings.EqualFold(r.Attributes[0].Type, "DC") })
	if i < 0 {
		return dn
	}
	return (&ldap.DN{RDNs: parsed.RDNs[i:]}).String()
}

// filterValue escapes a value for a filter that [directory.Equal] cannot write.
func filterValue(value string) string {
	return strings.TrimSuffix(strings.TrimPrefix(directory.Equal("x", value), "(x="), ")")
}

// leave removes the account from one group, and nobody else. What a domain answers
// when it is not a member differs, so a fresh read decides.
func (c *Connector) leave(ctx context.Context, s *directory.Session, id, group string) error {
	const op = "leave group"
	request := ldap.NewModifyRequest(byGUID(group), nil)
	request.Delete("member", []string{byGUID(id)})
	err := s.Modify(ctx, directory.Operation{Op: op, Target: group}, request)
	switch access.CodeOf(err) {
	case access.NotFound, access.NotConverged, access.Unsupported:
	default:
		return c.failed(op, err, writeMembers)
	}
	r, readErr := c.fetch(ctx, s, op, id, []ldap.Control{extended()}, "memberOf")
	if access.CodeOf(readErr) == access.NotFound {
		return nil
	}
	if readErr != nil {
		return readErr
	}
	held, readErr := c.memberships(ctx, s, op, r)
	if readErr != nil {
		return readErr
	}
	if slices.ContainsFunc(held, func(m membership) bool { return m.id == group }) {
		return c.failed(op, err, writeMembers)
	}
	return nil
}
