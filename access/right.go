package access

// RightKind sorts what hangs on an account and gives access or costs money.
type RightKind string

// The kinds of rights.
const (
	Grant      RightKind = "grant"      // a group, a role, an application assignment
	Credential RightKind = "credential" // a password, key, token, factor, OAuth grant
	Seat       RightKind = "seat"       // a paid licence
	Device     RightKind = "device"     // a device registration
	Delegation RightKind = "delegation" // power over somebody else's things
)

// Right is one thing that hangs on an account, listed so that it can be removed
// by itself.
type Right struct {
	Kind RightKind `json:"kind"`
	Type string    `json:"type"`           // the provider's kind of thing: group, admin-role, app-assignment, …
	ID   string    `json:"id"`             // what RevokeRight takes
	Name string    `json:"name,omitempty"` // for people to read: the name of the group, role, application, licence
	// Obstacle is set when this right cannot be removed from the account, and
	// says where it must be removed instead.
	Obstacle Obstacle `json:"obstacle,omitempty"`
	Source   string   `json:"source,omitempty"` // what it comes from: the rule, the group, the directory
	Pool     *Pool    `json:"pool,omitempty"`   // for seats
}

// Removable tells whether the right can be removed from the account itself.
func (r Right) Removable() bool { return r.Obstacle == "" }

// Obstacle says why a right cannot be removed from the account.
type Obstacle string

// The obstacles.
const (
	// Inherent rights are had by every account, give nothing by themselves, and
	// end with it, such as membership in Okta's group Everyone.
	Inherent Obstacle = "inherent"
	// ByRule rights are given by a rule over attributes: dynamic groups, group rules.
	ByRule Obstacle = "by-rule"
	// ByGroup rights are inherited through a group and end with the membership.
	ByGroup Obstacle = "by-group"
	// Synced rights are mastered in another directory and must be removed there.
	Synced Obstacle = "synced"
	// OtherTool rights can only be removed with another tool or a higher role,
	// named in Source.
	OtherTool Obstacle = "other-tool"
	// Invisible stands for rights that the system does not let us list: their
	// absence cannot be proved.
	Invisible Obstacle = "invisible"
)

// Pool counts the seats of a licence.
type Pool struct {
	Total int `json:"total"`
	Used  int `json:"used"`
}
