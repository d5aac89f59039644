package workflows

import (
	"strings"

	"go.temporal.io/sdk/temporal"

	"github.com/killsignal/killsignal/access"
)

// The task queues. A system with a queue Q of its own is served as Q, and as
// Q-emergency for emergencies.
const (
	EmergencyQueue  = "killsignal-emergency"
	Queue           = "killsignal"
	BackgroundQueue = "killsignal-background"

	emergencySuffix = "-emergency"
)

// EmergencyQueueOf is the queue on which emergencies reach a system whose own
// queue is the given one.
func EmergencyQueueOf(queue string) string {
	if queue == "" {
		return EmergencyQueue
	}
	return queue + emergencySuffix
}

const terminationPrefix = "termination/"

// TerminationID is the workflow id of a person's cases. There is one live case per
// person because there is one live workflow per id.
func TerminationID(key access.SubjectKey) string { return terminationPrefix + string(key) }

// SubjectOf is the inverse of TerminationID.
func SubjectOf(workflowID string) (access.SubjectKey, bool) {
	key, ok := strings.CutPrefix(workflowID, terminationPrefix)
	return access.SubjectKey(key), ok
}

// Search attributes, for compliance questions. They hold keys and words, never
// personal data.
var (
	SubjectAttribute     = temporal.NewSearchAttributeKeyKeyword("KillsignalSubject")
	StrategyAttribute    = temporal.NewSearchAttributeKeyKeyword("KillsignalStrategy")
	PhaseAttribute       = temporal.NewSearchAttributeKeyKeyword("KillsignalPhase")
	VerdictAttribute     = temporal.NewSearchAttributeKeyKeyword("KillsignalVerdict")
	CaseAttribute        = temporal.NewSearchAttributeKeyKeyword("KillsignalCase")
	TasksAttribute       = temporal.NewSearchAttributeKeyInt64("KillsignalTasks")
	ContainedAtAttribute = temporal.NewSearchAttributeKeyTime("KillsignalContainedAt")
	EffectiveAttribute   = temporal.NewSearchAttributeKeyTime("KillsignalEffective")
)

// SearchAttributes lists them, for the server to know.
func SearchAttributes() []temporal.SearchAttributeKey {
	return []temporal.SearchAttributeKey{SubjectAttribute, StrategyAttribute, PhaseAttribute, VerdictAttribute,
		CaseAttribute, TasksAttribute, ContainedAtAttribute, EffectiveAttribute}
}

// EmergencyPriority puts emergencies before everything else on their queue.
func EmergencyPriority() temporal.Priority { return temporal.Priority{PriorityKey: 1} }
