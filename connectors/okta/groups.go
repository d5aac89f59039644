package okta

import (
	"context"
	"path"
	"slices"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"

	"github.com/killsignal/killsignal/access"
)

// groups lists the memberships. Okta does not say where a membership comes from:
// one in a group into which an active rule puts people, unless it leaves the user
// out, has the rule as its source, and only its removal shows whether it comes back.
func (c *Connector) groups(ctx context.Context, user string) ([]access.Right, error) {
	groups, err := walk(ctx, func() ([]*okta.Group, *okta.Response, error) {
		return c.client.User.ListUserGroups(ctx, user)
	})
	if err != nil {
		return nil, err
	}
	rules, err := walk(ctx, func() ([]*okta.GroupRule, *okta.Response, error) {
		return c.client.Group.ListGroupRules(ctx, query.NewQueryParams(query.WithLimit(200)))
	})
	if err != nil {
		return nil, err
	}
	var rights []access.Right
	for _, group := range groups {
		right := access.Right{Kind: access.Grant, Type: groupMembership, ID: group.Id}
		if group.Profile != nil {
			right.Name = group.Profile.Name
		}
		switch group.Type {
		case "BUILT_IN":
			right.Obstacle = access.Inherent
		case "APP_GROUP":
			right.Obstacle, right.Source = access.Synced, "application "+linked(group.Links, "source")
		default:
			if rule := giving(rules, group.Id, user); rule != nil {
				right.Source = rule.Name
			}
		}
		rights = append(rights, right)
	}
	return rights, nil
}

// giving returns the active rule that may put the user into the group, or nil.
func giving(rules []*okta.GroupRule, group, user string) *okta.GroupRule {
	for _, rule := range rules {
		if rule.Status == "ACTIVE" && rule.Actions != nil && rule.Actions.AssignUserToGroups != nil &&
			slices.Contains(rule.Actions.AssignUserToGroups.GroupIds, group) && !excluded(rule, user) {
			return rule
		}
	}
	return nil
}

func excluded(rule *okta.GroupRule, user string) bool {
	return rule.Conditions != nil && rule.Conditions.People != nil && rule.Conditions.People.Users != nil &&
		slices.Contains(rule.Conditions.People.Users.Exclude, user)
}

// through says what stands in the way of removing a right that a group gives: the
// membership, or what stands in the way of ending that.
func through(groups []access.Right, group string) (access.Obstacle, string) {
	i := slices.IndexFunc(groups, func(r access.Right) bool { return r.ID == group })
	if i < 0 {
		return access.ByGroup, "a group"
	}
	source := groups[i].Name
	if groups[i].Source != "" {
		source += ", by " + groups[i].Source
	}
	if groups[i].Removable() {
		return access.ByGroup, source
	}
	return groups[i].Obstacle, source
}

// leave ends a membership. A rule that gave it leaves the user out from then on, as
// long as it leaves out no more than 100. One that gives it nonetheless is
// Unsupported: a person must change the rule.
// https://help.okta.com/en-us/Content/topics/users-groups-profiles/usgp-group-users-manually.htm
func (c *Connector) leave(ctx context.Context, user string, membership access.Right) error {
	if _, err := c.client.Group.RemoveUserFromGroup(ctx, membership.ID, user); err != nil || membership.Source == "" {
		return err
	}
	groups, err := c.groups(ctx, user)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(groups, func(r access.Right) bool { return r.ID == membership.ID })
	switch {
	case i < 0:
		return nil
	case groups[i].Source != "":
		return &access.Error{Code: access.Unsupported, Hint: "a group rule puts the person back: exclude the person from the rule, see the report for its name"}
	}
	return &access.Error{Code: access.NotConverged, Hint: "the rule leaves the person out now, and a fresh read still shows the membership"}
}

// linked returns the last part of a link among _links, which is the id of what it
// leads to, or "".
func linked(links any, name string) string {
	all, _ := links.(map[string]any)
	link, _ := all[name].(map[string]any)
	href, _ := link["href"].(string)
	if href == "" {
		return ""
	}
	return path.Base(href)
}
