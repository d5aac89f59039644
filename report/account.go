package report

import (
	"slices"

	"github.com/killsignal/killsignal/access"
)

// account tells what was done to one account, out of its intents and receipts.
func account(m Materials, ref access.AccountRef) Account {
	intents := filter(m.Intents, func(i access.Intent) bool { return i.Account == ref })
	slices.SortStableFunc(intents, func(a, b access.Intent) int { return a.At.Compare(b.At) })
	receipts := filter(m.Receipts, func(r access.Receipt) bool { return r.Account == ref })

	a := Account{ID: ref.ID, Stages: []Stage{}}
	if len(intents) > 0 {
		a.Name = intents[0].Name
		// The first intent was stored before anything was done, so it knows.
		a.Before = &intents[0].Before
	}
	for _, receipt := range receipts {
		a.Name, a.MatchedBy = first(a.Name, receipt.Name), first(a.MatchedBy, receipt.MatchedBy)
		if a.Before == nil {
			a.Before = receipt.Before
		}
		if receipt.After != nil && receipt.After.Status != "" {
			a.After = receipt.After
		}
		if receipt.Sessions != nil {
			a.Sessions = &Sessions{SessionState: *receipt.Sessions, Says: saysSessions(*receipt.Sessions)}
		}
	}
	for _, stage := range access.Stages() {
		if s, met := stageOf(receipts, stage); met {
			a.Stages = append(a.Stages, s)
		}
	}
	a.Remaining = remaining(receipts)
	a.Removed = removed(receipts, a.Remaining)
	for _, right := range begun(intents, receipts) {
		if !a.lists(right) {
			a.Remaining = append(a.Remaining, remain(right, "its removal was begun, and no later listing tells how it ended"))
		}
	}
	return a
}

// stageOf tells how a stage ended, by its last receipt.
func stageOf(receipts []access.Receipt, stage access.Stage) (s Stage, met bool) {
	receipts = filter(receipts, func(r access.Receipt) bool { return r.Stage == stage })
	if len(receipts) == 0 {
		return s, false
	}
	last := receipts[len(receipts)-1]
	s = Stage{Stage: stage, Disposition: last.Disposition, Outcome: last.Outcome, Proof: last.Proof,
		Says: saysDisposition(last.Disposition), Attempts: len(receipts), Acts: list(last.Acts), Error: last.Error, Requests: list(last.Exchanges)}
	if last.Disposition != access.Verified && last.Disposition != access.Gone {
		return s, true
	}
	s.Says = saysProof(last.Proof)
	if proves(last.Proof) {
		s.VerifiedAt = last.DoneAt
		return s, true
	}
	s.Disposition = access.Manual // whatever the receipt says, nobody has seen it
	return s, true
}

// remaining lists what the last listing of each kind of rights showed.
func remaining(receipts []access.Receipt) []Remaining {
	all := []Remaining{}
	for _, stages := range [][]access.Stage{{access.Revoke, access.Verify}, {access.Reclaim}} {
		for _, receipt := range slices.Backward(receipts) {
			if !slices.Contains(stages, receipt.Stage) || !listed(receipt) {
				continue
			}
			for _, right := range receipt.Remaining {
				all = append(all, remain(right, saysObstacle(right)))
			}
			break
		}
	}
	return all
}

// listed tells whether the receipt holds a listing. One that failed before it has none.
func listed(receipt access.Receipt) bool {
	return receipt.Disposition == access.Verified || receipt.Disposition == access.Gone || len(receipt.Remaining) > 0
}

// removed lists every right that an act took away and that has not come back.
func removed(receipts []access.Receipt, remaining []Remaining) []Removed {
	all := []Removed{}
	for _, receipt := range receipts {
		for _, act := range receipt.Acts {
			if act.Right == nil || act.Error != nil || act.Outcome != access.Applied {
				continue
			}
			right := *act.Right
			gone := Removed{Kind: right.Kind, Type: right.Type, ID: right.ID, Name: right.Name, Proof: act.Proof,
				Says: saysProof(act.Proof), At: receipt.DoneAt, PoolBefore: right.Pool}
			if act.After != nil {
				gone.PoolAfter = act.After.Pool
			}
			if slices.ContainsFunc(remaining, func(r Remaining) bool { return same(r.Kind, r.Type, r.ID, right) }) {
				continue
			}
			// The first receipt that showed it gone tells when.
			if !slices.ContainsFunc(all, func(r Removed) bool { return same(r.Kind, r.Type, r.ID, right) }) {
				all = append(all, gone)
			}
		}
	}
	return all
}

// begun lists the rights that were to be removed, where nothing tells how that ended.
func begun(intents []access.Intent, receipts []access.Receipt) []access.Right {
	var all []access.Right
	for _, intent := range intents {
		s, met := stageOf(receipts, intent.Stage)
		if met && !s.VerifiedAt.IsZero() {
			continue
		}
		all = append(all, filter(intent.Rights, access.Right.Removable)...)
	}
	return all
}

func (a Account) lists(right access.Right) bool {
	return slices.ContainsFunc(a.Removed, func(r Removed) bool { return same(r.Kind, r.Type, r.ID, right) }) ||
		slices.ContainsFunc(a.Remaining, func(r Remaining) bool { return same(r.Kind, r.Type, r.ID, right) })
}

func same(kind access.RightKind, kindOfThing, id string, right access.Right) bool {
	return kind == right.Kind && kindOfThing == right.Type && id == right.ID
}

func remain(right access.Right, why string) Remaining {
	return Remaining{Kind: right.Kind, Type: right.Type, ID: right.ID, Name: right.Name, Obstacle: right.Obstacle, Source: right.Source, Why: why}
}

func first[T ~string](a, b T) T {
	if a != "" {
		return a
	}
	return b
}
