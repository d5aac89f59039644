package scim

import (
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// findings are the rows that match a question, each once, and the questions,
// strongest key first.
type findings struct {
	asked []lookup
	rows  []resource
}

// judge returns the accounts that are certainly the subject's: those named by
// their id, those with a user name or an employee number that nobody else has, and
// those that alone own an address. All others are Ambiguous: they may be somebody
// else's.
func (f findings) judge(system string) ([]access.Account, error) {
	settled := map[string]access.Correlator{}
	for _, row := range f.rows {
		if by, ok := f.settle(row); ok {
			settled[row.id()] = by
		}
	}
	var accounts []access.Account
	var doubt error
	for _, row := range f.rows {
		by, certain := settled[row.id()]
		if !certain && !f.settleByAddress(row, settled) {
			doubt = &access.Error{Code: access.Ambiguous, Op: "find accounts", System: system,
				Hint: "accounts share a key of the subject and may be somebody else's: name those that are the subject's by their ids, and confirm by hand that the others are not"}
			continue
		}
		found := account(system, row)
		if found.MatchedBy = by; !certain {
			found.MatchedBy = access.ByEmail
		}
		accounts = append(accounts, found)
	}
	return accounts, doubt
}

// settle returns the strongest key, addresses apart, that makes a row the subject's.
func (f findings) settle(row resource) (access.Correlator, bool) {
	for _, l := range f.asked {
		if l.attribute == EmailsValue || !l.matches(row) {
			continue
		}
		shared := slices.ContainsFunc(f.rows, func(other resource) bool { return other.id() != row.id() && l.matches(other) })
		if l.attribute == "" || !shared {
			return l.by, true
		}
	}
	return "", false
}

// settleByAddress tells whether an address makes a row the subject's that nothing
// else does. It may be shared by several accounts of one person, and with others:
// it settles nothing where another such row owns it too, or where somebody has said
// by ids which of those who list it are the subject's.
func (f findings) settleByAddress(row resource, settled map[string]access.Correlator) bool {
	return slices.ContainsFunc(f.asked, func(l lookup) bool {
		return l.attribute == EmailsValue && owns(row, l.value) && !slices.ContainsFunc(f.rows, func(other resource) bool {
			by, known := settled[other.id()]
			return other.id() != row.id() && l.matches(other) && (known && by == access.ByID || !known && owns(other, l.value))
		})
	})
}

// owns tells whether an address that is listed with a user is the user's own: the
// primary one, the only one or the user name. A further one may be anybody's.
func owns(row resource, address string) bool {
	listed, others := false, false
	for _, email := range row.list("emails") {
		same := strings.EqualFold(email.text("value"), address)
		if same && is(email.value("primary"), true) {
			return true
		}
		listed, others = listed || same, others || !same
	}
	return listed && (!others || strings.EqualFold(row.text(string(UserName)), address))
}
