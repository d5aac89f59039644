package sql_test

import (
	"context"
	databasesql "database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/connectortest"
	"github.com/killsignal/killsignal/connectors/sql"
)

// signsIn tells whether somebody can.
func (s *shop) signsIn(t *testing.T, user, password string) bool {
	t.Helper()
	return s.Connect(t, user, password, "").PingContext(t.Context()) == nil
}

// asks tells whether a session can still ask something.
func asks(c *databasesql.Conn) bool {
	_, err := c.ExecContext(context.Background(), "SELECT COUNT(*) FROM app.orders")
	return err == nil
}

func (o *counter) openSessions(t *testing.T, id string) access.SessionState {
	t.Helper()
	seen, err := o.Sessions(t.Context(), access.AccountRef{System: system, ID: id})
	require.NoError(t, err)
	return seen
}

func (o *counter) drive(t *testing.T, subject access.Subject) connectors.Progress {
	t.Helper()
	s := connectors.NewSystem(connectors.Options{Name: system, Connector: o.Connector, Ledger: &connectortest.Ledger{}, Witness: marshall})
	require.NoError(t, s.Check(t.Context()))
	return s.Drive(t.Context(), connectors.Job{Case: "case-1", Subject: subject, Stages: []access.Stage{access.Lock, access.Revoke}})
}

func testUsers(t *testing.T, s *shop) {
	t.Run("a session that was open at the lock goes on until it is ended", func(t *testing.T) {
		o := s.open(t)
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		require.False(t, o.signsIn(t, "ada.marsh", "her-word"))
		require.True(t, asks(o.leaver), "the lock alone ends no session")
		require.Equal(t, access.SessionState{Open: 1}, o.openSessions(t, "ada.marsh@%"))
		require.NoError(t, o.EndSessions(t.Context(), o.ref()))
		require.False(t, asks(o.leaver))
		require.Equal(t, access.SessionState{Proof: access.SessionsZero}, o.openSessions(t, "ada.marsh@%"))
	})
	t.Run("a password that the leaver sets after the lock opens nothing", func(t *testing.T) {
		o := s.open(t)
		require.NoError(t, o.Lock(t.Context(), o.ref()))
		_, err := o.leaver.ExecContext(t.Context(), "SET PASSWORD = PASSWORD('another')")
		require.NoError(t, err)
		require.False(t, o.signsIn(t, "ada.marsh", "another"))
	})
	t.Run("the user at every host is an account, and all are locked", func(t *testing.T) {
		o := s.open(t)
		o.run(t, "CREATE USER `ada.marsh`@`10.0.0.%` IDENTIFIED BY 'her-word'")
		found, err := o.Find(t.Context(), ada)
		require.NoError(t, err)
		require.Len(t, found, 2)
		progress := o.drive(t, ada)
		require.Equal(t, access.Verified, progress.Cells[0].Disposition, "%v", progress.Cells[0].Error)
		require.Equal(t, 2, progress.Cells[0].Accounts)
		require.Equal(t, "2", o.text(t, "SELECT COUNT(*) FROM mysql.global_priv WHERE User = 'ada.marsh' AND JSON_VALUE(Priv, '$.account_locked') = '1'"))
	})
	t.Run("sessions of a user that was dropped meanwhile are ended", func(t *testing.T) {
		o := s.open(t)
		o.run(t, "DROP USER `ada.marsh`@`%`")
		require.True(t, asks(o.leaver))
		require.Equal(t, 1, o.openSessions(t, "ada.marsh@%").Open)
		require.NoError(t, o.EndSessions(t.Context(), o.ref()))
		require.False(t, asks(o.leaver))
	})
	t.Run("without PROCESS no session is seen, which is not none", func(t *testing.T) {
		o := s.open(t)
		o.run(t, "REVOKE PROCESS ON *.* FROM killsignal@`%`")
		_, err := o.Sessions(t.Context(), o.ref())
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.Equal(t, access.Denied, access.CodeOf(o.EndSessions(t.Context(), o.ref())))
		require.Equal(t, access.Denied, access.CodeOf(o.Check(t.Context())))
	})
	t.Run("a privilege that comes by our default role counts", func(t *testing.T) {
		o := s.open(t)
		o.run(t, "REVOKE PROCESS ON *.* FROM killsignal@`%`; CREATE ROLE watcher; GRANT PROCESS ON *.* TO watcher; GRANT watcher TO killsignal@`%`; SET DEFAULT ROLE watcher FOR killsignal@`%`")
		defer o.run(t, "DROP ROLE watcher")
		require.NoError(t, o.Check(t.Context()))
		require.Equal(t, 1, o.openSessions(t, "ada.marsh@%").Open)
	})
	t.Run("the last administrator keeps the login and loses the sessions", func(t *testing.T) {
		o := s.open(t)
		o.run(t, "GRANT ALL PRIVILEGES ON *.* TO `ada.marsh`@`%` WITH GRANT OPTION")
		lockRoots := func(word string) {
			rows, err := o.side.QueryContext(context.Background(), "SELECT CONCAT('ALTER USER root@`', Host, '` ACCOUNT "+word+"'), '' FROM mysql.global_priv WHERE User = 'root'")
			require.NoError(t, err)
			var all []string
			for rows.Next() {
				var statement, none string
				require.NoError(t, rows.Scan(&statement, &none))
				all = append(all, statement)
			}
			require.NoError(t, rows.Err())
			for _, statement := range all {
				o.run(t, statement)
			}
		}
		lockRoots("LOCK")
		defer lockRoots("UNLOCK")
		progress := o.drive(t, ada)
		require.Equal(t, access.Manual, progress.Cells[0].Disposition)
		require.Equal(t, access.Protected, progress.Cells[0].Error.Code)
		require.False(t, asks(o.leaver))
		require.True(t, o.signsIn(t, "ada.marsh", "her-word"))
		lockRoots("UNLOCK")
		progress = o.drive(t, ada)
		require.Equal(t, access.Verified, progress.Cells[0].Disposition, "%v", progress.Cells[0].Error)
	})
	t.Run("our own login is protected", func(t *testing.T) {
		o := s.open(t)
		require.NoError(t, o.Check(t.Context()))
		require.Equal(t, []string{"killsignal@%"}, o.Info().OwnAccounts)
		require.Equal(t, access.Protected, access.CodeOf(o.Lock(t.Context(), access.AccountRef{System: system, ID: "killsignal@%"})))
	})
	t.Run("a name full of syntax is a name", func(t *testing.T) {
		o := s.open(t)
		for _, name := range []string{"x`@`%` ACCOUNT UNLOCK, `ben.okoro", `o'neil"\`, "ada@example.com"} {
			quoted := "`" + doubled(name) + "`@`%`"
			_, err := o.side.ExecContext(t.Context(), "CREATE USER "+quoted)
			require.NoError(t, err)
			_, err = o.side.ExecContext(t.Context(), "GRANT SELECT ON app.* TO "+quoted)
			require.NoError(t, err)
			progress := o.drive(t, access.Subject{Key: "P-1", UserNames: []string{name}})
			for _, cell := range progress.Cells {
				require.Equal(t, access.Verified, cell.Disposition, "%v", cell.Error)
			}
			_, err = o.side.ExecContext(t.Context(), "DROP USER "+quoted)
			require.NoError(t, err)
		}
	})
	t.Run("a dropped user is gone", func(t *testing.T) {
		o := s.open(t, func(c *sql.Config) { c.Lock = sql.Drop })
		progress := o.drive(t, ada)
		require.Equal(t, access.Gone, progress.Cells[0].Disposition, "%v", progress.Cells[0].Error)
		require.False(t, asks(o.leaver))
		require.Equal(t, "0", o.text(t, "SELECT COUNT(*) FROM mysql.global_priv WHERE User = 'ada.marsh'"))
	})
	t.Run("a user in whose name something runs is locked, not dropped", func(t *testing.T) {
		o := s.open(t, func(c *sql.Config) { c.Lock = sql.Drop })
		o.run(t, "CREATE DEFINER=`ada.marsh`@`%` VIEW app.hers AS SELECT id FROM app.orders")
		defer o.run(t, "DROP VIEW app.hers")
		require.Equal(t, access.Unsupported, access.CodeOf(o.Lock(t.Context(), o.ref())))
		state, err := o.State(t.Context(), o.ref())
		require.NoError(t, err)
		require.Equal(t, access.Locked, state.Status)
	})
}

func testUserRights(t *testing.T, s *shop) {
	const many = "GRANT RELOAD ON *.* TO `ada.marsh`@`%`; GRANT ops TO `ada.marsh`@`%`; GRANT UPDATE ON `ap\\_%`.* TO `ada.marsh`@`%`; " +
		"GRANT SELECT (id), UPDATE (salary) ON app.`pay``roll` TO `ada.marsh`@`%`; GRANT INSERT ON app.orders TO `ada.marsh`@`%`;" +
		"GRANT EXECUTE ON PROCEDURE app.raise TO `ada.marsh`@`%`; GRANT EXECUTE ON FUNCTION app.tax TO `ada.marsh`@`%` WITH GRANT OPTION; GRANT PROXY ON `ben.okoro`@`%` TO `ada.marsh`@`%`"
	t.Run("every type of right is listed and revoked, and nobody else's", func(t *testing.T) {
		o := s.open(t)
		o.run(t, many)
		o.run(t, "GRANT PROXY ON ''@'%' TO killsignal@`%` WITH GRANT OPTION")
		others := o.truth()
		delete(others, "ada.marsh@%")
		require.Equal(t, []string{"database-privileges", "global-privileges", "proxy", "role", "table-privileges"}, typesOf(rightsOf(t, o.Connector, o.ref())))
		revokeAll(t, o.Connector, o.ref())
		require.Empty(t, rightsOf(t, o.Connector, o.ref()))
		require.Equal(t, "0", o.text(t, `SELECT (SELECT COUNT(*) FROM mysql.db WHERE User = 'ada.marsh') + (SELECT COUNT(*) FROM mysql.tables_priv WHERE User = 'ada.marsh')
			+ (SELECT COUNT(*) FROM mysql.columns_priv WHERE User = 'ada.marsh') + (SELECT COUNT(*) FROM mysql.procs_priv WHERE User = 'ada.marsh')`))
		after := o.truth()
		delete(after, "ada.marsh@%")
		require.Equal(t, others, after)
	})
	t.Run("what runs in the leaver's name is a person's work", func(t *testing.T) {
		o := s.open(t)
		o.run(t, "CREATE DEFINER=`ada.marsh`@`%` EVENT app.nightly ON SCHEDULE EVERY 1 DAY DO SELECT 1")
		defer o.run(t, "DROP EVENT app.nightly")
		progress := o.drive(t, ada)
		require.Equal(t, access.Verified, progress.Cells[0].Disposition, "%v", progress.Cells[0].Error)
		require.Equal(t, access.Manual, progress.Cells[1].Disposition)
		require.Equal(t, access.Unsupported, progress.Cells[1].Error.Code)
		require.Equal(t, []string{"objects-in-its-name"}, typesOf(rightsOf(t, o.Connector, o.ref())))
	})
	t.Run("the id of a right that was made up is refused", func(t *testing.T) {
		o := s.open(t)
		for _, id := range []string{"", "role", "role/", "role/!", "role/YQ/YQ", "table-privileges/YQ"} {
			require.Equal(t, access.Invalid, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), access.Right{Kind: access.Grant, Type: "role", ID: id})), id)
		}
	})
}
