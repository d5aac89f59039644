package connectortest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest/reference"
)

// broken is a way to break the reference connector, and the check that must
// notice it.
type broken struct {
	how    string
	caught string
	breaks func(m *mutant)
	// permission is what the harness takes away with CanRevoke; MayRevoke when empty.
	permission string
}

func TestMutants(t *testing.T) {
	mutants := slices.Concat(brokenReaders(), brokenActors(), brokenUnderFaults())
	t.Run("every check has a mutant", func(t *testing.T) {
		for _, c := range checks() {
			require.True(t, slices.ContainsFunc(mutants, func(b broken) bool { return b.caught == c.sentence }), c.sentence)
		}
	})
	for _, b := range mutants {
		t.Run(b.how, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(checks(), func(c check) bool { return c.sentence == b.caught })
			require.GreaterOrEqual(t, i, 0, "no check is named %q", b.caught)
			permission := b.permission
			if permission == "" {
				permission = reference.MayRevoke
			}
			fresh := func(breaks func(*mutant)) func() *Harness {
				return func() *Harness {
					company := reference.NewCompany()
					t.Cleanup(company.Close)
					m := &mutant{Connector: company.Connector}
					breaks(m)
					return harness(company, m, permission)
				}
			}
			r := observe(t.Context(), checks()[i], fresh(func(*mutant) {}))
			require.False(t, r.failed || r.skipped, "unbroken, it passes: %s", r.text)
			r = observe(t.Context(), checks()[i], fresh(b.breaks))
			require.True(t, r.failed, "it must be caught by %q", b.caught)
			t.Log(r.text)
		})
	}
}

// recorder is a T that fails by itself.
type recorder struct {
	ctx             context.Context
	failed, skipped bool
	text            string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failed = true
	r.text += fmt.Sprintf(format, args...)
}
func (r *recorder) FailNow()                 { r.failed = true; runtime.Goexit() }
func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Skip(...any)              { r.skipped = true; runtime.Goexit() }

// observe runs a check and tells how it ended.
func observe(ctx context.Context, c check, fresh func() *Harness) *recorder {
	r := &recorder{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.run(r, fresh)
	}()
	<-done
	return r
}

// mutant is the reference connector, but for the methods that are set.
type mutant struct {
	*reference.Connector
	info     func() connectors.Info
	check    func(context.Context) error
	find     func(context.Context, access.Subject) ([]access.Account, error)
	state    func(context.Context, access.AccountRef) (access.AccountState, error)
	accounts func(context.Context, string) (connectors.Page[access.Account], error)
	lock     func(context.Context, access.AccountRef) error
	unlock   func(context.Context, access.AccountState) error
	end      func(context.Context, access.AccountRef) error
	sessions func(context.Context, access.AccountRef) (access.SessionState, error)
	rights   func(context.Context, access.AccountRef, access.RightKind, string) (connectors.Page[access.Right], error)
	revoke   func(context.Context, access.AccountRef, access.Right) error
	pool     func(context.Context, access.Right) (access.Pool, error)
}

// or is f when it is set, and otherwise g.
func or[F any](set bool, f, g F) F {
	if set {
		return f
	}
	return g
}

func (m *mutant) Info() connectors.Info { return or(m.info != nil, m.info, m.Connector.Info)() }

func (m *mutant) Check(ctx context.Context) error {
	return or(m.check != nil, m.check, m.Connector.Check)(ctx)
}

func (m *mutant) Find(ctx context.Context, s access.Subject) ([]access.Account, error) {
	return or(m.find != nil, m.find, m.Connector.Find)(ctx, s)
}

func (m *mutant) State(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
	return or(m.state != nil, m.state, m.Connector.State)(ctx, ref)
}

func (m *mutant) Accounts(ctx context.Context, cursor string) (connectors.Page[access.Account], error) {
	return or(m.accounts != nil, m.accounts, m.Connector.Accounts)(ctx, cursor)
}

func (m *mutant) Lock(ctx context.Context, ref access.AccountRef) error {
	return or(m.lock != nil, m.lock, m.Connector.Lock)(ctx, ref)
}

func (m *mutant) Unlock(ctx context.Context, before access.AccountState) error {
	return or(m.unlock != nil, m.unlock, m.Connector.Unlock)(ctx, before)
}

func (m *mutant) EndSessions(ctx context.Context, ref access.AccountRef) error {
	return or(m.end != nil, m.end, m.Connector.EndSessions)(ctx, ref)
}

func (m *mutant) Sessions(ctx context.Context, ref access.AccountRef) (access.SessionState, error) {
	return or(m.sessions != nil, m.sessions, m.Connector.Sessions)(ctx, ref)
}

func (m *mutant) Rights(ctx context.Context, ref access.AccountRef, kind access.RightKind, cursor string) (connectors.Page[access.Right], error) {
	return or(m.rights != nil, m.rights, m.Connector.Rights)(ctx, ref, kind, cursor)
}

func (m *mutant) RevokeRight(ctx context.Context, ref access.AccountRef, right access.Right) error {
	return or(m.revoke != nil, m.revoke, m.Connector.RevokeRight)(ctx, ref, right)
}

func (m *mutant) Pool(ctx context.Context, seat access.Right) (access.Pool, error) {
	return or(m.pool != nil, m.pool, m.Connector.Pool)(ctx, seat)
}
