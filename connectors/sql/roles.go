package sql

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// roles are the logins of a PostgreSQL server, by the oid of the role.
type roles struct {
	config Config
	dial   func(ctx context.Context, database string) (link, error)
}

const (
	attributeLogin = "login"
	attributeLimit = "connection_limit"
	attributeUntil = "valid_until" // of the password: an instant, infinity or -infinity
)

func (r roles) info() connectors.Info {
	info := connectors.Info{
		Rights: []access.RightKind{access.Grant},
		Permissions: map[connectors.Capability][]string{
			connectors.CanFind:        {"SELECT on pg_roles"},
			connectors.CanList:        {"SELECT on pg_roles"},
			connectors.CanLock:        {"CREATEROLE; SUPERUSER to lock superusers"},
			connectors.CanEndSessions: {"membership in pg_signal_backend; SUPERUSER to end those of superusers"},
			connectors.CanRevoke:      {"SUPERUSER, or membership in the roles that own what the leaver may use, and CONNECT on every database"},
		},
	}
	if r.config.Lock == Drop {
		info.Consumes = []string{"role"}
		return info
	}
	info.Restores = []string{attributeLogin, attributeLimit, attributeUntil}
	info.Consumes = []string{"password"}
	info.Revives = []string{"memberships, privileges and objects that the role still has"}
	return info
}

// wellFormed takes oids in decimal.
func (roles) wellFormed(id string) bool {
	n, err := strconv.ParseUint(id, 10, 32)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == id
}

func (r roles) knows(by access.Correlator) bool { return r.config.names(by) }

// roleName tells whether a role can have the name: PostgreSQL cuts names off after
// 63 bytes, so that a longer one is nobody's.
func roleName(name string) bool {
	return name != "" && len(name) <= 63 && utf8.ValidString(name) && !strings.ContainsRune(name, 0)
}

// quoted is a name as an identifier of PostgreSQL.
func quoted(parts ...string) string { return pgx.Identifier(parts).Sanitize() }

// minVersion is the oldest PostgreSQL whose catalogue this was written for.
const minVersion = 140000

func (r roles) check(ctx context.Context, l link) ([]string, error) {
	seen, err := l.read(ctx, "read own role", `SELECT r.oid::text, current_setting('server_version_num'), r.rolsuper::text, r.rolcreaterole::text,
		pg_has_role('pg_signal_backend', 'MEMBER')::text, pg_is_in_recovery()::text FROM pg_roles r WHERE r.rolname = current_user`)
	if err != nil {
		return nil, err
	}
	if len(seen.rows) != 1 {
		return nil, &access.Error{Code: access.Unknown, Hint: "our own role is not found"}
	}
	own := seen.rows[0]
	version, err := strconv.Atoi(own.at(1))
	switch {
	case err != nil || version < minVersion:
		return nil, &access.Error{Code: access.Unsupported, Hint: "PostgreSQL 14 or later is needed"}
	case own.is(5):
		return nil, &access.Error{Code: access.Invalid, Hint: hintStandby}
	case !own.is(2) && !own.is(3):
		return nil, &access.Error{Code: access.Denied, Hint: "our role needs CREATEROLE, or SUPERUSER to lock superusers as well"}
	case !own.is(2) && !own.is(4):
		return nil, &access.Error{Code: access.Denied, Hint: "our role needs to be a member of pg_signal_backend"}
	}
	if heir := r.config.ReassignOwnedTo; heir != "" {
		found, err := l.read(ctx, "read heir", "SELECT pg_has_role(oid, 'MEMBER')::text FROM pg_roles WHERE rolname = $1", heir)
		switch {
		case err != nil:
			return nil, err
		case len(found.rows) != 1:
			return nil, &access.Error{Code: access.Invalid, Hint: "reassign_owned_to names no role"}
		case !found.rows[0].is(0):
			return nil, &access.Error{Code: access.Denied, Hint: "our role needs to be a member of the role in reassign_owned_to"}
		}
	}
	return []string{own.at(0)}, nil
}

// role is a row of pg_roles.
type role struct {
	id, name, limit, until string
	login, super           bool
}

const selectRole = `SELECT oid::text, rolname::text, rolcanlogin::text, rolsuper::text, rolconnlimit::text,
	CASE WHEN rolvaliduntil IS NULL THEN 'infinity' WHEN NOT isfinite(rolvaliduntil) THEN rolvaliduntil::text
	ELSE to_char(rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END FROM pg_roles `

func readRoles(ctx context.Context, l link, what, where string, args ...any) ([]role, error) {
	seen, err := l.read(ctx, what, selectRole+where, args...)
	if err != nil {
		return nil, err
	}
	var all []role
	for _, r := range seen.rows {
		all = append(all, role{id: r.at(0), name: r.at(1), login: r.is(2), super: r.is(3), limit: r.at(4), until: r.at(5)})
	}
	return all, nil
}

// byID reads one role; nil when there is none.
func (roles) byID(ctx context.Context, l link, id string) (*role, error) {
	found, err := readRoles(ctx, l, "read role", "WHERE oid = $1::oid", id)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, nil
	case len(found) > 1 || found[0].id != id:
		return nil, &access.Error{Code: access.Unknown, Hint: "the answer is not about the role that was asked for"}
	}
	return &found[0], nil
}

func (r role) status() access.Status {
	if r.login {
		return access.Active
	}
	return access.Locked
}

func (r role) account() access.Account {
	return access.Account{Ref: access.AccountRef{ID: r.id}, Name: r.name, Status: r.status()}
}

// lookup compares names without regard to case: people write ADA for ada, and a
// leaver must not be missed for it. Two roles that differ in nothing else are
// Ambiguous.
func (r roles) lookup(ctx context.Context, l link, key access.Identifier) ([]access.Account, error) {
	if key.By == access.ByID {
		found, err := r.byID(ctx, l, key.Value)
		if err != nil || found == nil {
			return nil, err
		}
		return []access.Account{found.account()}, nil
	}
	if !roleName(key.Value) {
		return nil, nil
	}
	found, err := readRoles(ctx, l, "look up role", "WHERE rolname::text = $1::text OR lower(rolname::text) = lower($1::text)", key.Value)
	if err != nil {
		return nil, err
	}
	var accounts []access.Account
	for _, role := range found {
		if strings.EqualFold(role.name, key.Value) && !predefined(role.name) {
			accounts = append(accounts, role.account())
		}
	}
	if len(accounts) > 1 {
		return nil, &access.Error{Code: access.Ambiguous, Hint: "two roles differ in capital letters only: name the right one by its oid"}
	}
	return accounts, nil
}

// predefined tells whether the role is the server's own, which nobody signs in with.
func predefined(name string) bool { return strings.HasPrefix(name, "pg_") }

func (r roles) state(ctx context.Context, l link, id string) (access.AccountState, error) {
	found, err := r.byID(ctx, l, id)
	if err != nil || found == nil {
		return access.AccountState{Status: access.Absent}, err
	}
	state := access.AccountState{Status: found.status(), Word: "LOGIN", Attributes: map[string]string{
		attributeLogin: strconv.FormatBool(found.login), attributeLimit: found.limit, attributeUntil: found.until}}
	if !found.login {
		state.Word = "NOLOGIN"
	}
	return state, nil
}

// accountsPerPage is how many accounts a page of a listing holds.
const accountsPerPage = 500

func (r roles) accounts(ctx context.Context, l link, after string) (connectors.Page[access.Account], error) {
	var page connectors.Page[access.Account]
	if after == "" {
		after = "0"
	}
	found, err := readRoles(ctx, l, "list roles", "WHERE oid > $1::oid ORDER BY oid LIMIT "+strconv.Itoa(accountsPerPage), after)
	if err != nil {
		return page, err
	}
	for _, role := range found {
		if !predefined(role.name) {
			page.Items = append(page.Items, role.account())
		}
	}
	if len(found) == accountsPerPage {
		page.Next = found[len(found)-1].id
	}
	return page, nil
}

// validUntil is an instant as a literal, or "" for what is none. It holds digits
// and signs only.
func validUntil(s string) string {
	if s == "infinity" || s == "-infinity" {
		return s
	}
	at, err := time.Parse("2006-01-02T15:04:05.999999Z", s)
	if err != nil {
		return ""
	}
	return at.Format("2006-01-02T15:04:05.999999Z")
}
