package sql

import (
	"cmp"
	"slices"
	"time"

	"github.com/killsignal/killsignal/access"
)

// Tables says how an application keeps its accounts.
type Tables struct {
	// ID is the column, in the answers of find, state and list, that holds the
	// account's id, which never changes; the default is id. Name is the column with
	// the login name.
	ID   string  `yaml:"id"`
	Name string  `yaml:"name"`
	Find Lookups `yaml:"find"`
	// State selects one row: what the account is like.
	State Read `yaml:"state"`
	// Locked says what of State, and of the rows of find and list where they have
	// the column, makes an account locked. Whatever else stands there is active.
	Locked LockedWhen `yaml:"locked"`
	Lock   Write      `yaml:"lock"`
	Unlock Write      `yaml:"unlock"`
	// Sessions lists and ends what the application remembers of sessions.
	Sessions Items `yaml:"sessions"`
	// Rights are lists of what hangs on an account.
	Rights []Rights `yaml:"rights"`
	// List selects all accounts, page by page. ListFrom is what :after is at first.
	List     Listing `yaml:"list"`
	ListFrom string  `yaml:"list_from"`
	// SessionsOutlive is how long sessions go on, at the longest, after the lock and
	// the end of those that are listed. Zero means that nobody has said, and 24 hours
	// are assumed. LockEndsSessions states that none does.
	SessionsOutlive  time.Duration `yaml:"sessions_outlive"`
	LockEndsSessions bool          `yaml:"lock_ends_sessions"`
}

// Lookups are the keys by which the application knows people.
type Lookups struct {
	UserName       Find `yaml:"user_name"`
	Email          Find `yaml:"email"`
	EmployeeNumber Find `yaml:"employee_number"`
}

// Find looks accounts up by one key. Column is the column of the answer that holds
// that key: every row is compared here, user names and addresses without regard to
// case.
type Find struct {
	Statement Lookup `yaml:"statement"`
	Column    string `yaml:"column"`
}

// LockedWhen says that an account is locked when the column holds one of the values,
// as the database writes them: f, 0, disabled.
type LockedWhen struct {
	Column string   `yaml:"column"`
	Values []string `yaml:"values"`
}

// Items lists rows with a column id, and a column name where there is one, and
// removes one of them.
type Items struct {
	List   Read    `yaml:"list"`
	Remove Removal `yaml:"remove"`
}

// Rights are the rights of one type.
type Rights struct {
	Kind   access.RightKind `yaml:"kind"` // grant, credential, seat, device or delegation; the default is grant
	Type   string           `yaml:"type"` // role, api-key, …
	List   Read             `yaml:"list"`
	Revoke Removal          `yaml:"revoke"`
}

// assumedOutlive is the residual for an application of which nobody has said how
// long its sessions live.
const assumedOutlive = 24 * time.Hour

// complete checks what no statement can check by itself and fills in the defaults.
func (t *Tables) complete() error {
	invalid := func(hint string) error {
		return &access.Error{Code: access.Invalid, Op: "configure sql", Hint: hint}
	}
	t.ID = cmp.Or(t.ID, "id")
	finds := 0
	for _, f := range []Find{t.Find.UserName, t.Find.Email, t.Find.EmployeeNumber} {
		if f.Statement.isZero() != (f.Column == "") {
			return invalid("find needs a statement and the column that holds the key, for each key")
		}
		if f.Column != "" {
			finds++
		}
	}
	switch {
	case finds == 0:
		return invalid("find names a statement for user_name, email or employee_number")
	case t.State.isZero():
		return invalid("state is missing: the statement that selects the account by :id")
	case t.Lock.isZero():
		return invalid("lock is missing: the statement that locks the account :id")
	case t.Locked.Column == "" || len(t.Locked.Values) == 0:
		return invalid("locked names the column of state and the values that mean locked")
	case t.Sessions.List.isZero() != t.Sessions.Remove.isZero():
		return invalid("sessions needs list and remove")
	case t.SessionsOutlive < 0:
		return invalid("sessions_outlive is not negative")
	case t.LockEndsSessions && t.SessionsOutlive > 0:
		return invalid("sessions_outlive contradicts lock_ends_sessions")
	}
	var types []string
	for i := range t.Rights {
		r := &t.Rights[i]
		r.Kind = cmp.Or(r.Kind, access.Grant)
		if !slices.Contains([]access.RightKind{access.Grant, access.Credential, access.Seat, access.Device, access.Delegation}, r.Kind) {
			return invalid("the kind of a right is grant, credential, seat, device or delegation")
		}
		if r.Type == "" || slices.Contains(types, r.Type) || r.List.isZero() || r.Revoke.isZero() {
			return invalid("rights need a type of their own, list and revoke")
		}
		types = append(types, r.Type)
	}
	return nil
}
