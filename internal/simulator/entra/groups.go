package entra

import (
	"net/http"
	"slices"
	"time"
)

// group is a group and the ids of its members, which are users.
type group struct {
	Group
	members []string
	left    map[string]time.Time // former members
}

func (g *group) has(user string) bool { return slices.Contains(g.members, user) }

// shows tells whether a reader sees the user among the members at now, when
// removals take lag to arrive.
func (g *group) shows(user string, now time.Time, lag time.Duration) bool {
	left, former := g.left[user]
	return g.has(user) || former && now.Sub(left) < lag
}

func (g *group) drop(user string, now time.Time) {
	if !g.has(user) {
		return
	}
	g.members = slices.DeleteFunc(g.members, func(m string) bool { return m == user })
	g.left[user] = now
}

func (g *group) object() object {
	types := []string{}
	var rule, synced any
	if g.Unified {
		types = append(types, "Unified")
	}
	if g.Rule != "" {
		types, rule = append(types, "DynamicMembership"), g.Rule
	}
	if g.Synced {
		synced = true
	}
	return object{
		"@odata.type": "#microsoft.graph.group", "id": g.ID, "displayName": g.Name, "groupTypes": types,
		"mailEnabled": g.Unified || g.MailEnabled, "securityEnabled": !g.Unified && !g.Distribution,
		"isAssignableToRole": g.RoleAssignable, "membershipRule": rule, "onPremisesSyncEnabled": synced,
	}
}

// usualOfGroup are the members of a group that Graph returns without $select.
func usualOfGroup() []string {
	return []string{"displayName", "groupTypes", "mailEnabled", "securityEnabled", "isAssignableToRole", "membershipRule", "onPremisesSyncEnabled"}
}

func (t *Tenant) listGroups(c *call) {
	if !c.may("GroupMember.Read.All") {
		return
	}
	var rows []object
	for _, g := range t.groups.rows {
		rows = append(rows, c.choose(g.object(), usualOfGroup()...))
	}
	c.list("groups", rows)
}

func (t *Tenant) getGroup(c *call) {
	if !c.may("GroupMember.Read.All") {
		return
	}
	g := t.groups.byID[c.r.PathValue("group")]
	if g == nil {
		c.notFound(c.r.PathValue("group"))
		return
	}
	c.answer(http.StatusOK, c.choose(g.object(), usualOfGroup()...))
}

// listMemberOf lists groups, roles, administrative units and whatever else the user
// is a direct member of. Of groups that the application may not read it shows the
// id and the type alone, as Graph does.
func (t *Tenant) listMemberOf(c *call) {
	u, ok := c.find()
	if !ok || !c.may("User.Read.All") {
		return
	}
	var rows []object
	for _, g := range t.groups.rows {
		if !g.shows(u.ID, t.now(), t.lag) {
			continue
		}
		row := g.object()
		if c.denied["GroupMember.Read.All"] {
			for member := range row {
				if member != "id" && member != "@odata.type" {
					row[member] = nil
				}
			}
		}
		rows = append(rows, row)
	}
	for _, g := range t.grants.seen(t.now(), t.lag) {
		if g.principal == u.ID && g.scope == "/" {
			r := t.roles.byID[g.role]
			rows = append(rows, object{"@odata.type": "#microsoft.graph.directoryRole", "id": r.instance,
				"displayName": r.name, "roleTemplateId": r.id})
		}
	}
	for _, s := range u.units {
		rows = append(rows, object{"@odata.type": s.odataType, "id": s.id, "displayName": s.name})
	}
	c.list("directoryObjects", rows)
}

func (t *Tenant) removeMember(c *call) {
	if !c.may("GroupMember.ReadWrite.All") {
		return
	}
	g, member := t.groups.byID[c.r.PathValue("group")], c.r.PathValue("user")
	switch {
	case g == nil:
		c.notFound(c.r.PathValue("group"))
	case g.Rule != "":
		c.bad("Members of a dynamic group cannot be changed; they are given by its membership rule.")
	case g.Synced:
		c.bad("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
	case g.MailEnabled || g.Distribution:
		c.bad("Cannot Update a mail-enabled security groups and or distribution list.")
	case g.RoleAssignable && !c.may("RoleManagement.ReadWrite.Directory"):
	case !g.has(member):
		c.notFound(member)
	default:
		g.drop(member, t.now())
		t.releaseGroupSeats(g)
		c.w.WriteHeader(http.StatusNoContent)
	}
}
