package evidence

import (
	"cmp"
	"context"
	"slices"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// State stores what somebody said. A statement with the same id again is no error, and the
// first one stays.
func (s *Store) State(ctx context.Context, statement access.Statement) error {
	if statement.Case == "" || statement.ID == "" {
		return invalid(opState, "a statement names its case and has an id")
	}
	_, err := establish(ctx, s, opState, casePrefix(statement.Case)+"statements/"+escape(statement.ID)+".json", statement, long)
	return err
}

// Statements returns what was said about a case, the oldest first.
func (s *Store) Statements(ctx context.Context, caseID string) ([]access.Statement, error) {
	statements, err := gather[access.Statement](ctx, s, opStatements, casePrefix(caseID)+"statements/", long)
	slices.SortStableFunc(statements, func(a, b access.Statement) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	return statements, err
}

// Conclude stores how a case ended. Every conclusion is kept, and the newest answers: a case
// that ended incomplete may be concluded again.
func (s *Store) Conclude(ctx context.Context, conclusion plan.Conclusion) error {
	if conclusion.Case == "" {
		return invalid(opConclude, "a conclusion names its case")
	}
	data, err := encode(opConclude, conclusion)
	if err != nil {
		return err
	}
	return s.append(ctx, opConclude, conclusionsPrefix(conclusion.Case), data)
}

// Conclusion returns how a case ended, and not_found while it has not.
func (s *Store) Conclusion(ctx context.Context, caseID string) (plan.Conclusion, error) {
	names, err := s.list(ctx, opConclusion, conclusionsPrefix(caseID), long)
	if err != nil {
		return plan.Conclusion{}, err
	}
	if len(names) == 0 {
		return plan.Conclusion{}, notFound(opConclusion)
	}
	return fetch[plan.Conclusion](ctx, s, opConclusion, names[len(names)-1], long)
}

func conclusionsPrefix(caseID string) string { return casePrefix(caseID) + "conclusions/" }
