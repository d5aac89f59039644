package entraid

import (
	"slices"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/killsignal/killsignal/access"
)

// findings are the keys that were asked for, strongest first, and all rows that
// have one of them, each once.
type findings struct {
	asked []access.Identifier
	rows  []models.Userable
}

func (f *findings) add(rows []models.Userable) {
	for _, row := range rows {
		if !slices.ContainsFunc(f.rows, func(known models.Userable) bool { return same(known, row) }) {
			f.rows = append(f.rows, row)
		}
	}
}

// judge returns the accounts that are certainly the subject's, under the strongest
// key by which each is: those named by their id, those that alone own a key, and
// those that alone have one that nobody owns. All others are Ambiguous, since they
// may be somebody else's.
func (f findings) judge(c *Connector, op string) (accounts []access.Account, doubt error) {
	accounts = []access.Account{}
	for _, row := range f.rows {
		if !slices.ContainsFunc(f.asked, func(i access.Identifier) bool { return matches(row, i) }) {
			continue
		}
		if !isGUID(read(row.GetId())) {
			doubt = &access.Error{Code: access.Unavailable, System: c.system, Op: op, Hint: "a user is shown without an id"}
			continue
		}
		certain := slices.IndexFunc(f.asked, func(i access.Identifier) bool { return f.settles(row, i) })
		if certain < 0 {
			doubt = &access.Error{Code: access.Ambiguous, System: c.system, Op: op,
				Hint: "accounts share a key of the subject and may be somebody else's: name those that are the subject's by their ids, and confirm by hand that the others are not"}
			continue
		}
		accounts = append(accounts, c.account(row, f.asked[certain].By))
	}
	return accounts, doubt
}

// settles tells whether the key makes the row the subject's beyond doubt.
func (f findings) settles(row models.Userable, key access.Identifier) bool {
	has := matches
	if owns(row, key) {
		has = owns
	}
	return has(row, key) && !slices.ContainsFunc(f.rows, func(other models.Userable) bool { return !same(other, row) && has(other, key) })
}

func same(a, b models.Userable) bool { return strings.EqualFold(read(a.GetId()), read(b.GetId())) }
