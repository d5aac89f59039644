package plan

import (
	"slices"
	"time"

	"github.com/killsignal/killsignal/access"
)

// System is what planning knows of one configured system.
type System struct {
	Name             string        `json:"name"`
	Queue            string        `json:"queue,omitempty"` // task queue of the workers that reach it; "" is the case's own
	IdentityProvider bool          `json:"idp,omitempty"`   // locked first, by an activity of its own
	Slow             bool          `json:"slow,omitempty"`  // known to be slow: an activity of its own at once
	Settle           time.Duration `json:"settle,omitempty"`
	// Stages the system takes part in; empty means lock and revoke, which is
	// what most do.
	Stages []access.Stage `json:"stages,omitempty"`
}

// TakesPart tells whether the system has a cell for the stage.
func (s System) TakesPart(stage access.Stage) bool {
	if len(s.Stages) == 0 {
		return stage == access.Lock || stage == access.Revoke
	}
	return slices.Contains(s.Stages, stage)
}

// Policy is what an organisation has decided. It is pinned when a case is admitted.
type Policy struct {
	// Patience is how long trouble that may heal is tried again before a person is
	// told as well. Trying goes on.
	Patience time.Duration `json:"patience"`
	// Budget is how long one wave may take before what is unfinished goes on alone.
	Budget time.Duration `json:"budget"`
	// TaskOwner is who gets manual tasks, and TaskDeadline how long they have.
	TaskOwner    string        `json:"task_owner"`
	TaskDeadline time.Duration `json:"task_deadline"`
}

// DefaultPolicy is what holds where the configuration says nothing.
func DefaultPolicy() Policy {
	return Policy{Patience: 15 * time.Minute, Budget: 3 * time.Second, TaskOwner: "security", TaskDeadline: 24 * time.Hour}
}

// MaxWave is the most systems that one activity drives; twice as many where it
// mostly reads, since a crash repeats no more than reads then.
const MaxWave = 30

// Wave is the systems that one activity drives together.
type Wave struct {
	Queue   string
	Systems []string
}

// Waves groups the systems that take part in any of the stages: identity providers and
// slow ones alone and first, all others in waves of ⌈n/10⌉, 30 at most, of one
// queue each, or of twice that to verify. The order of systems is kept, so the same
// systems make the same waves.
func Waves(systems []System, stages ...access.Stage) []Wave {
	var alone, waves []Wave
	grouped := map[string][]string{}
	var queues []string
	for _, s := range systems {
		if !slices.ContainsFunc(stages, s.TakesPart) {
			continue
		}
		if s.IdentityProvider || s.Slow {
			alone = append(alone, Wave{Queue: s.Queue, Systems: []string{s.Name}})
			continue
		}
		if _, seen := grouped[s.Queue]; !seen {
			queues = append(queues, s.Queue)
		}
		grouped[s.Queue] = append(grouped[s.Queue], s.Name)
	}
	slices.SortStableFunc(alone, func(a, b Wave) int { return first(systems, b) - first(systems, a) })
	for _, queue := range queues {
		names := grouped[queue]
		size := min((len(names)+9)/10, MaxWave)
		if slices.Equal(stages, []access.Stage{access.Verify}) {
			size *= 2
		}
		for chunk := range slices.Chunk(names, size) {
			waves = append(waves, Wave{Queue: queue, Systems: chunk})
		}
	}
	return append(alone, waves...)
}

// first is 1 for a wave of an identity provider, else 0.
func first(systems []System, w Wave) int {
	if slices.ContainsFunc(systems, func(s System) bool { return s.Name == w.Systems[0] && s.IdentityProvider }) {
		return 1
	}
	return 0
}

// Settling returns the systems that are read again after the given settle time.
func Settling(systems []System, settle time.Duration) []System {
	return slices.DeleteFunc(slices.Clone(systems), func(s System) bool {
		return s.Settle != settle || !s.TakesPart(access.Verify)
	})
}

// Settles returns the distinct settle times of the systems that are read again, in
// rising order.
func Settles(systems []System) []time.Duration {
	var all []time.Duration
	for _, s := range systems {
		if s.TakesPart(access.Verify) {
			all = append(all, s.Settle)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
