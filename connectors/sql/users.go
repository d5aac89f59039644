package sql

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// users are the logins of a MariaDB server. The id of one is user@host: the server
// keeps a login for every host that a user may come from, each with its own
// password, lock and privileges, and all of them are accounts of the person.
type users struct{ config Config }

const attributeLocked = "account_locked"

func (u users) info() connectors.Info {
	info := connectors.Info{
		Rights: []access.RightKind{access.Grant},
		Permissions: map[connectors.Capability][]string{
			connectors.CanFind:        {"SELECT on mysql.global_priv"},
			connectors.CanList:        {"SELECT on mysql.global_priv"},
			connectors.CanLock:        {"CREATE USER"},
			connectors.CanEndSessions: {"PROCESS", "CONNECTION ADMIN"},
			connectors.CanRevoke:      {"SELECT on the database mysql", "SHOW VIEW and TRIGGER on *.*", "GRANT OPTION for what the leaver holds, ADMIN OPTION on its roles"},
		},
	}
	if u.config.Lock == Drop {
		info.Consumes = []string{"user"}
		return info
	}
	info.Restores = []string{attributeLocked}
	info.Revives = []string{"the password and other means of sign-in", "roles and privileges that the user still has"}
	return info
}

// login is one user at one host.
type login struct{ user, host string }

// loginOf reads an id. A user may hold an @, a host may not.
func loginOf(id string) (login, bool) {
	i := strings.LastIndexByte(id, '@')
	if i < 0 {
		return login{}, false
	}
	l := login{id[:i], id[i+1:]}
	return l, userName(l.user) && hostName(l.host)
}

func (l login) id() string { return l.user + "@" + l.host }

// quoted is the login as an identifier of MariaDB.
func (l login) quoted() string { return backticked(l.user) + "@" + backticked(l.host) }

// backticked is a name as an identifier of MariaDB, whatever the SQL mode
// (https://mariadb.com/kb/en/identifier-names/).
func backticked(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// userName tells whether a user can have the name. The nameless user is nobody.
func userName(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= 128 && sound(name)
}

func hostName(host string) bool {
	return host != "" && len(host) <= 255 && sound(host) && !strings.ContainsAny(host, "@` ")
}

// sound tells whether the server can hold the text.
func sound(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > 0xffff })
}

func (users) wellFormed(id string) bool {
	_, ok := loginOf(id)
	return ok
}

func (u users) knows(by access.Correlator) bool { return u.config.names(by) }

func (u users) check(ctx context.Context, l link) ([]string, error) {
	seen, err := l.read(ctx, "read own user", "SELECT CURRENT_USER(), VERSION(), @@global.read_only")
	if err != nil {
		return nil, err
	}
	if len(seen.rows) != 1 {
		return nil, &access.Error{Code: access.Unknown, Hint: "our own user is not found"}
	}
	own := seen.rows[0]
	switch {
	case !strings.Contains(own.at(1), "MariaDB"):
		return nil, &access.Error{Code: access.Unsupported, Hint: "this server is no MariaDB: its logins cannot be ended from here, tables can"}
	case own.is(2):
		return nil, &access.Error{Code: access.Invalid, Hint: hintStandby}
	}
	if _, err := readLogins(ctx, l, "check look-ups", "WHERE User = ''"); err != nil {
		return nil, err
	}
	for _, needed := range []struct {
		name string
		bit  int
	}{{"CREATE USER", bitCreateUser}, {"PROCESS", bitProcess}, {"CONNECTION ADMIN", bitConnectionAdmin}} {
		if err := permitted(ctx, l, needed.name, needed.bit); err != nil {
			return nil, err
		}
	}
	return []string{own.at(0)}, nil
}

// privilege bits in the global privileges of mysql.global_priv.
const (
	bitProcess         = 1 << 8
	bitCreateUser      = 1 << 25
	bitConnectionAdmin = 1 << 29
)

// permitted is Denied unless we have the global privilege, ourselves or by a role
// that is in effect.
func permitted(ctx context.Context, l link, name string, bit int) error {
	n, err := count(ctx, l, "read own privileges", `SELECT COALESCE(BIT_OR(CAST(COALESCE(JSON_VALUE(Priv, '$.access'), '0') AS UNSIGNED)), 0) & `+strconv.Itoa(bit)+`
		FROM mysql.global_priv WHERE CONCAT(User, '@', Host) = CURRENT_USER()
		OR JSON_VALUE(Priv, '$.is_role') = '1' AND User IN (SELECT ROLE_NAME FROM information_schema.ENABLED_ROLES)`)
	if err == nil && n == 0 {
		err = &access.Error{Code: access.Denied, Hint: "our user needs the privilege " + name + " on *.*"}
	}
	return err
}

// entry is a row of mysql.global_priv.
type entry struct {
	login
	locked, admin bool
}

func (e entry) status() access.Status {
	if e.locked {
		return access.Locked
	}
	return access.Active
}

func (e entry) account() access.Account {
	return access.Account{Ref: access.AccountRef{ID: e.id()}, Name: e.user, Status: e.status()}
}

// administers tells whether a user has CREATE USER and GRANT OPTION (1 << 10): with
// both, it can make itself anything.
const administers = "(CAST(JSON_VALUE(Priv, '$.access') AS UNSIGNED) & 33555456) = 33555456"

// readLogins reads rows of the table of users, roles left out.
func readLogins(ctx context.Context, l link, what, where string, args ...any) ([]entry, error) {
	seen, err := l.read(ctx, what, `SELECT User, Host, COALESCE(JSON_VALUE(Priv, '$.account_locked'), '0'), COALESCE(`+administers+`, 0),
		COALESCE(JSON_VALUE(Priv, '$.is_role'), '0') FROM mysql.global_priv `+where, args...)
	if err != nil {
		return nil, err
	}
	var all []entry
	for _, r := range seen.rows {
		if e := (entry{login{r.at(0), r.at(1)}, r.is(2), r.is(3)}); !r.is(4) && e.user != "" && e.host != "" {
			all = append(all, e)
		}
	}
	return all, nil
}

// byID reads one login; nil when there is none.
func (users) byID(ctx context.Context, l link, id string) (*entry, error) {
	wanted, _ := loginOf(id)
	found, err := readLogins(ctx, l, "read user", "WHERE User = ? AND Host = ?", wanted.user, wanted.host)
	if err != nil {
		return nil, err
	}
	for _, e := range found {
		if e.login == wanted {
			return &e, nil
		}
	}
	return nil, nil
}

// lookup finds the user at every host. Names are compared without regard to case:
// the server tells ADA from ada, but people do not, and a leaver must not be missed
// for it. Two users that differ in nothing else are Ambiguous.
func (u users) lookup(ctx context.Context, l link, key access.Identifier) ([]access.Account, error) {
	if key.By == access.ByID {
		found, err := u.byID(ctx, l, key.Value)
		if err != nil || found == nil {
			return nil, err
		}
		return []access.Account{found.account()}, nil
	}
	if !userName(key.Value) {
		return nil, nil
	}
	found, err := readLogins(ctx, l, "look up user", "WHERE LOWER(CONVERT(User USING utf8mb4)) = LOWER(CONVERT(? USING utf8mb4)) ORDER BY Host", key.Value)
	if err != nil {
		return nil, err
	}
	var accounts []access.Account
	for _, e := range found {
		if !strings.EqualFold(e.user, key.Value) {
			continue
		}
		if len(accounts) > 0 && accounts[0].Name != e.user {
			return nil, &access.Error{Code: access.Ambiguous, Hint: "two users differ in capital letters only: name the right one by its id, user@host"}
		}
		accounts = append(accounts, e.account())
	}
	return accounts, nil
}

func (u users) state(ctx context.Context, l link, id string) (access.AccountState, error) {
	found, err := u.byID(ctx, l, id)
	if err != nil || found == nil {
		return access.AccountState{Status: access.Absent}, err
	}
	state := access.AccountState{Status: found.status(), Word: "ACCOUNT UNLOCK", Attributes: map[string]string{attributeLocked: strconv.FormatBool(found.locked)}}
	if found.locked {
		state.Word = "ACCOUNT LOCK"
	}
	return state, nil
}

func (u users) accounts(ctx context.Context, l link, after string) (connectors.Page[access.Account], error) {
	var page connectors.Page[access.Account]
	last, _ := loginOf(after)
	found, err := readLogins(ctx, l, "list users", "WHERE (User, Host) > (?, ?) ORDER BY User, Host LIMIT "+strconv.Itoa(accountsPerPage), last.user, last.host)
	if err != nil {
		return page, err
	}
	for _, e := range found {
		page.Items = append(page.Items, e.account())
	}
	// Roles are left out, so that a short page may have another after it.
	if len(found) > 0 {
		page.Next = found[len(found)-1].id()
	}
	return page, nil
}
