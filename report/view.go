package report

import (
	"github.com/killsignal/killsignal/access"
)

// writeRequests names the provider's request ids of the changes or, where none was made, of the
// reads.
func writeRequests(exchanges []access.Exchange) []string {
	var changes, reads []string
	for _, e := range exchanges {
		switch {
		case e.RequestID == "":
		case e.Method == "GET" || e.Method == "HEAD":
			reads = append(reads, e.RequestID)
		default:
			changes = append(changes, e.RequestID)
		}
	}
	if len(changes) > 0 {
		return changes
	}
	return reads
}

// plain leaves out the rights that were removed, which have a table of their own. Those that
// could not be removed stay.
func plain(acts []access.Act) []access.Act {
	return filter(acts, func(a access.Act) bool { return a.Right == nil || a.Error != nil })
}

// standing is stages of a system that stand alike.
type standing struct {
	Stages, Says string
	Loud         bool
}

// standings puts stages that stand alike on one line, in their order.
func standings(cells []Cell) []standing {
	var all []standing
	for _, cell := range cells {
		s := standing{Stages: string(cell.Stage), Says: string(cell.Disposition), Loud: cell.Disposition != access.Verified && cell.Disposition != access.Gone}
		if cell.Contradicted {
			s.Says = "NOT BORNE OUT"
		}
		if last := len(all) - 1; last >= 0 && all[last].Says == s.Says {
			all[last].Stages += ", " + s.Stages
			continue
		}
		all = append(all, s)
	}
	return all
}

// seat is a reclaimed seat with where it was.
type seat struct {
	Removed
	System, Account string
}

// seats lists the reclaimed seats of all systems.
func seats(systems []System) []seat {
	var all []seat
	for _, s := range systems {
		for _, a := range s.Accounts {
			for _, r := range a.Removed {
				if r.Kind == access.Seat {
					all = append(all, seat{Removed: r, System: s.Name, Account: writeAccount(a.Name, a.ID)})
				}
			}
		}
	}
	return all
}

// rights leaves the seats out, which have a table of their own.
func rights(removed []Removed) []Removed {
	return filter(removed, func(r Removed) bool { return r.Kind != access.Seat })
}
