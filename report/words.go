package report

import "github.com/killsignal/killsignal/access"

// saysProof explains a proof in one line.
func saysProof(p access.Proof) string {
	switch p {
	case access.StateReadBack:
		return "a fresh read afterwards showed it"
	case access.ListingEmpty:
		return "a fresh listing afterwards no longer holds it"
	case access.SessionsZero:
		return "a fresh count afterwards showed no open session"
	case access.SignInRefused:
		return "a sign-in was tried and refused"
	case access.NotFoundTwice:
		return "not found under its known id, nor under the person's other keys"
	case access.NoRow:
		return "no row under any of the person's keys, in a look-up that does find a known account"
	case access.Attested:
		return "a named person states it; no read shows it"
	case access.Asserted:
		return "the provider says so; nothing can be read that shows it"
	case access.Unprovable:
		return "nobody can tell"
	}
	return "no proof"
}

// proves tells whether a proof is an observation.
func proves(p access.Proof) bool {
	switch p {
	case access.StateReadBack, access.ListingEmpty, access.SessionsZero, access.SignInRefused, access.NotFoundTwice, access.NoRow:
		return true
	}
	return false
}

// saysDisposition explains how a cell stands.
func saysDisposition(d access.Disposition) string {
	switch d {
	case access.Pending:
		return "not done"
	case access.Running:
		return "not done yet, being tried again"
	case access.Verified:
		return "done, and observed afterwards"
	case access.Gone:
		return "no account, and that is proved"
	case access.Manual:
		return "open: a person must do it"
	case access.Vouched:
		return "a named person states that it is done"
	case access.Excepted:
		return "left undone, by decision of a named person"
	}
	return "nothing is known"
}

// saysSessions explains what is known of sessions after they were ended.
func saysSessions(s access.SessionState) string {
	switch {
	case s.Open > 0:
		return "sessions or tokens were still open at the last count"
	case s.Proof == access.StateReadBack:
		return "sessions that began before that instant are void, a fresh read showed"
	}
	return saysProof(s.Proof)
}

// saysObstacle explains why a right is still there.
func saysObstacle(r access.Right) string {
	from := ""
	if r.Source != "" {
		from = " (" + r.Source + ")"
	}
	switch r.Obstacle {
	case access.Inherent:
		return "every account has it; it gives nothing by itself and ends with the account"
	case access.ByRule:
		return "given by a rule" + from + ": the person must be excluded from the rule"
	case access.ByGroup:
		return "inherited through a group" + from + ": it ends with the membership"
	case access.Synced:
		return "mastered in another directory" + from + ": it must be removed there"
	case access.OtherTool:
		return "can only be removed with another tool or a higher role" + from
	case access.Invisible:
		return "the system does not show these: that none is left cannot be proved"
	}
	return "it can be removed and was still there at the last look"
}

// standardLimits are what no report of ours covers.
func standardLimits() []string {
	return []string{
		"Systems that are not configured, and accounts that the person has under keys that the roster does not know.",
		"Shared passwords, copied keys and data that the person knows or has taken.",
		"What a provider may do after the time of the last read.",
		"Who said something is claimed by the sender and proved by nobody; this report is not signed.",
	}
}
