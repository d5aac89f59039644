package sql_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/sql"
)

// signsIn tells whether somebody can.
func (c *cluster) signsIn(t *testing.T, user, password string) bool {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.DSN(user, password, "postgres"))
	if err != nil {
		return false
	}
	return conn.Close(t.Context()) == nil
}

// works tells whether a session can still ask something.
func works(t *testing.T, session *pgx.Conn) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := session.Exec(ctx, "SELECT count(*) FROM pg_class")
	return err == nil
}

func (o *office) openSessions(t *testing.T) access.SessionState {
	t.Helper()
	seen, err := o.Sessions(t.Context(), o.ref())
	require.NoError(t, err)
	return seen
}

func (o *office) status(t *testing.T, id string) access.Status {
	t.Helper()
	state, err := o.State(t.Context(), access.AccountRef{System: system, ID: id})
	require.NoError(t, err)
	return state.Status
}

// drive takes the leaver through lock and revoke.
func (o *office) drive(t *testing.T, subject access.Subject) connectors.Progress {
	t.Helper()
	s := connectors.NewSystem(connectors.Options{Name: system, Connector: o.Connector, Ledger: &connectortest.Ledger{}, Witness: marshall})
	require.NoError(t, s.Check(t.Context()))
	return s.Drive(t.Context(), connectors.Job{Case: "case-1", Subject: subject, Stages: []access.Stage{access.Lock, access.Revoke}})
}

func testRoles(t *testing.T, c *cluster) {
	t.Run("a session that was open at the lock goes on until it is ended", func(t *testing.T) {
		o := c.open(t)
		require.True(t, o.signsIn(t, "ada.marsh", "her-word"))
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.False(t, o.signsIn(t, "ada.marsh", "her-word"))
		require.True(t, works(t, o.leaver[0]), "the lock alone ends no session")
		require.Equal(t, access.SessionState{Open: 2}, o.openSessions(t))
		require.NoError(t, o.EndSessions(t.Context(), o.ref()))
		require.False(t, works(t, o.leaver[0]))
		require.False(t, works(t, o.leaver[1]))
		require.Equal(t, access.SessionState{Proof: access.SessionsZero}, o.openSessions(t))
	})
	t.Run("a password that the leaver sets after the lock opens nothing", func(t *testing.T) {
		o := c.open(t)
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		run(t, o.leaver[0], `ALTER ROLE "ada.marsh" PASSWORD 'another'`)
		_, err := o.leaver[0].Exec(t.Context(), `ALTER ROLE "ada.marsh" LOGIN`)
		require.Error(t, err)
		require.False(t, o.signsIn(t, "ada.marsh", "another"))
		require.Equal(t, access.Locked, o.status(t, o.oids["ada.marsh"]))
	})
	t.Run("the last superuser keeps the login and loses the sessions", func(t *testing.T) {
		o := c.open(t)
		run(t, o.home, `ALTER ROLE "ada.marsh" SUPERUSER; ALTER ROLE postgres NOLOGIN`)
		defer run(t, o.home, `ALTER ROLE postgres LOGIN`)
		progress := o.drive(t, ada)
		require.Equal(t, access.Manual, progress.Cells[0].Disposition)
		require.Equal(t, access.Protected, progress.Cells[0].Error.Code)
		require.Equal(t, access.Pending, progress.Cells[1].Disposition)
		require.True(t, o.signsIn(t, "ada.marsh", "her-word"))
		require.False(t, works(t, o.leaver[0]))
		require.Equal(t, access.Protected, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), access.Right{Kind: access.Grant, Type: "attribute", ID: "attribute/superuser"})))
	})
	t.Run("a superuser who is not the last is locked like anyone", func(t *testing.T) {
		o := c.open(t)
		run(t, o.home, `ALTER ROLE "ada.marsh" SUPERUSER`)
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.Equal(t, access.Locked, o.status(t, o.oids["ada.marsh"]))
	})
	t.Run("our own login is protected", func(t *testing.T) {
		o := c.open(t)
		require.NoError(t, o.Check(t.Context()))
		require.Equal(t, []string{o.oids["killsignal"]}, o.Info().OwnAccounts)
		require.Equal(t, access.Protected, access.CodeOf(o.Lock(t.Context(), access.AccountRef{System: system, ID: o.oids["killsignal"]})))
	})
	t.Run("a name full of syntax is a name", func(t *testing.T) {
		o := c.open(t)
		const hostile = `x" LOGIN; DROP ROLE "ben.okoro"; --'$$\`
		run(t, o.home, "CREATE ROLE "+pgx.Identifier{hostile}.Sanitize()+" LOGIN IN ROLE eng")
		defer run(t, o.home, "DROP ROLE "+pgx.Identifier{hostile}.Sanitize())
		progress := o.drive(t, access.Subject{Key: "P-1", UserNames: []string{hostile}})
		require.Equal(t, access.Verified, progress.Cells[0].Disposition, "%v", progress.Cells[0].Error)
		require.Equal(t, access.Verified, progress.Cells[1].Disposition, "%v", progress.Cells[1].Error)
		require.Equal(t, "1", text(t, o.home, "SELECT count(*)::text FROM pg_roles WHERE rolname = 'ben.okoro'"))
	})
	t.Run("two roles that differ in capital letters only are ambiguous", func(t *testing.T) {
		o := c.open(t)
		found, err := o.Find(t.Context(), access.Subject{Key: "P-1", UserNames: []string{"ADA.Marsh"}})
		require.NoError(t, err)
		require.Len(t, found, 1)
		run(t, o.home, `CREATE ROLE "Ada.Marsh" LOGIN`)
		defer run(t, o.home, `DROP ROLE "Ada.Marsh"`)
		_, err = o.Find(t.Context(), ada)
		require.Equal(t, access.Ambiguous, access.CodeOf(err))
	})
	t.Run("a renamed role is the same account", func(t *testing.T) {
		o := c.open(t)
		run(t, o.home, `ALTER ROLE "ada.marsh" RENAME TO "somebody.else"`)
		defer run(t, o.home, `ALTER ROLE "somebody.else" RENAME TO "ada.marsh"`)
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.Equal(t, access.Locked, o.status(t, o.oids["ada.marsh"]))
	})
	t.Run("CREATEROLE and pg_signal_backend are enough for who is no superuser", func(t *testing.T) {
		o := c.open(t)
		run(t, o.home, `ALTER ROLE killsignal NOSUPERUSER; GRANT pg_signal_backend, sales_owner TO killsignal; CREATE ROLE chief LOGIN SUPERUSER`)
		defer run(t, o.home, `DROP ROLE chief`)
		require.NoError(t, o.Check(t.Context()))
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.NoError(t, o.EndSessions(t.Context(), o.ref()))
		require.Equal(t, access.SessionsZero, o.openSessions(t).Proof)
		id := text(t, o.home, "SELECT oid::text FROM pg_roles WHERE rolname = 'chief'")
		require.Equal(t, access.Denied, access.CodeOf(o.Lock(t.Context(), access.AccountRef{System: system, ID: id})))
	})
	t.Run("a statement that waits for others is given up at the server", func(t *testing.T) {
		o := c.open(t, func(c *sql.Config) { c.StatementTimeout = 50 * time.Millisecond })
		tx, err := o.home.Begin(t.Context())
		require.NoError(t, err)
		defer tx.Rollback(context.Background())
		_, err = tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock(5424961301)")
		require.NoError(t, err)
		require.True(t, access.CodeOf(o.Lock(t.Context(), o.ref())).Transient())
		require.True(t, o.signsIn(t, "ada.marsh", "her-word"))
	})
}
