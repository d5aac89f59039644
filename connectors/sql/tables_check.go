package sql

import "context"

// check has the server plan every statement, with NULL for every parameter: that
// needs the tables, the columns and our permissions, and changes nothing.
func (t tables) check(ctx context.Context, l link) ([]string, error) {
	all := []statement{t.Find.UserName.Statement.statement, t.Find.Email.Statement.statement, t.Find.EmployeeNumber.Statement.statement,
		t.State.statement, t.Lock.statement, t.Unlock.statement, t.Sessions.List.statement, t.Sessions.Remove.statement, t.List.statement}
	for _, r := range t.Rights {
		all = append(all, r.List.statement, r.Revoke.statement)
	}
	for _, s := range all {
		if s.isZero() {
			continue
		}
		text, args := s.bound(t.engine, nil)
		if _, err := l.read(ctx, "plan statement", "EXPLAIN "+text, args...); err != nil {
			return nil, err
		}
	}
	_, err := t.selected(ctx, l, "read account", t.State.statement, map[string]any{"id": nil}, t.ID, t.Locked.Column)
	return nil, err
}
