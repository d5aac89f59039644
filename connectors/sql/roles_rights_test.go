package sql_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/sql"
	"github.com/killsignal/killsignal/internal/servers/postgres"
)

func testRoleDrop(t *testing.T, c *cluster) {
	cleo := access.Subject{Key: "P-1050", UserNames: []string{"cleo.brandt"}}
	hire := func(t *testing.T, heir string) (*office, *pgx.Conn) {
		o := c.open(t, func(c *sql.Config) { c.Lock, c.ReassignOwnedTo = sql.Drop, heir })
		run(t, o.home, `CREATE ROLE "cleo.brandt" LOGIN PASSWORD 'word' IN ROLE eng`)
		run(t, o.app, `CREATE TABLE hr.cleo (id int); INSERT INTO hr.cleo VALUES (1); ALTER TABLE hr.cleo OWNER TO "cleo.brandt"; GRANT SELECT ON sales.orders TO "cleo.brandt"; GRANT SELECT ON hr.cleo TO "ben.okoro"`)
		t.Cleanup(func() {
			run(t, o.app, `DROP TABLE hr.cleo; REVOKE ALL ON sales.orders FROM "ben.okoro"`)
			run(t, o.home, `DROP ROLE IF EXISTS "cleo.brandt"`)
		})
		return o, o.Connect(t, "cleo.brandt", "word", "app")
	}
	t.Run("a dropped role is gone, and what it owned is the heir's", func(t *testing.T) {
		o, session := hire(t, "sales_owner")
		progress := o.drive(t, cleo)
		require.Equal(t, access.Gone, progress.Cells[0].Disposition, "%v", progress.Cells[0].Error)
		require.False(t, works(t, session))
		require.Equal(t, "0", text(t, o.home, "SELECT count(*)::text FROM pg_roles WHERE rolname = 'cleo.brandt'"))
		require.Equal(t, "sales_owner 1", text(t, o.app, "SELECT tableowner || ' ' || (SELECT count(*) FROM hr.cleo) FROM pg_tables WHERE tablename = 'cleo'"))
		require.Equal(t, "true", text(t, o.app, `SELECT has_table_privilege('ben.okoro', 'hr.cleo', 'SELECT')::text`), "what others may do stays")
		require.Empty(t, o.Info().Restores)
	})
	t.Run("a role that owns something and has no heir is disabled, not dropped", func(t *testing.T) {
		o, _ := hire(t, "")
		progress := o.drive(t, cleo)
		require.Equal(t, access.Verified, progress.Cells[0].Disposition, "%v", progress.Cells[0].Error)
		require.False(t, o.signsIn(t, "cleo.brandt", "word"))
		require.Equal(t, "cleo.brandt", text(t, o.app, "SELECT tableowner FROM pg_tables WHERE tablename = 'cleo'"))
		run(t, o.app, `ALTER TABLE hr.cleo OWNER TO postgres; DROP OWNED BY "cleo.brandt"`)
	})
}

// rightsOf lists the types and names of the rights of an account.
func rightsOf(t *testing.T, c *sql.Connector, ref access.AccountRef) (all []access.Right) {
	t.Helper()
	page, err := c.Rights(t.Context(), ref, access.Grant, "")
	require.NoError(t, err)
	require.Empty(t, page.Next)
	return page.Items
}

func typesOf(rights []access.Right) (types []string) {
	for _, r := range rights {
		types = append(types, r.Type)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

func revokeAll(t *testing.T, c *sql.Connector, ref access.AccountRef) {
	t.Helper()
	for _, right := range rightsOf(t, c, ref) {
		if right.Removable() {
			require.NoError(t, c.RevokeRight(t.Context(), ref, right), right.Type)
		}
	}
}

func testRoleRights(t *testing.T, c *cluster) {
	full := func(t *testing.T, configure ...func(*sql.Config)) *office {
		o := c.open(t, configure...)
		run(t, o.home, more)
		run(t, o.app, moreInApp)
		t.Cleanup(func() {
			run(t, o.app, `REASSIGN OWNED BY "ada.marsh" TO postgres; DROP OWNED BY "ada.marsh"`)
			run(t, o.home, `DROP OWNED BY "ada.marsh"; REVOKE ops FROM "ada.marsh"`)
		})
		return o
	}
	t.Run("every type of right is listed and revoked, and nobody else's", func(t *testing.T) {
		o := full(t)
		others := o.truth()
		delete(others, o.oids["ada.marsh"])
		require.Equal(t, []string{"attribute", "database-privileges", "default-privileges", "owned-objects", "role", "schema-privileges"}, typesOf(rightsOf(t, o.Connector, o.ref())))
		revokeAll(t, o.Connector, o.ref())
		require.Empty(t, rightsOf(t, o.Connector, o.ref()))
		after := o.truth()
		delete(after, o.oids["ada.marsh"])
		require.Equal(t, others, after)
		require.Equal(t, "0", text(t, o.home, `SELECT count(*)::text FROM pg_shdepend WHERE refobjid = $1::oid`, o.oids["ada.marsh"]), "nothing in any database names her")
	})
	t.Run("owned objects without an heir are a person's work", func(t *testing.T) {
		o := full(t, func(c *sql.Config) { c.ReassignOwnedTo = "" })
		progress := o.drive(t, ada)
		require.Equal(t, access.Manual, progress.Cells[1].Disposition)
		require.Equal(t, access.Unsupported, progress.Cells[1].Error.Code)
		left := rightsOf(t, o.Connector, o.ref())
		require.Equal(t, []string{"owned-objects"}, typesOf(left))
		require.Equal(t, access.OtherTool, left[0].Obstacle)
		require.Equal(t, "ada.marsh", text(t, o.app, "SELECT tableowner FROM pg_tables WHERE tablename = 'notes'"))
	})
	t.Run("what somebody other than the owner granted is revoked too", func(t *testing.T) {
		o := full(t)
		run(t, o.app, `GRANT DELETE ON sales.orders TO "ada.marshall" WITH GRANT OPTION; SET ROLE "ada.marshall"; GRANT DELETE ON sales.orders TO "ada.marsh"; RESET ROLE`)
		t.Cleanup(func() { run(t, o.app, `REVOKE DELETE ON sales.orders FROM "ada.marshall"`) })
		revokeAll(t, o.Connector, o.ref())
		require.Equal(t, "false", text(t, o.app, `SELECT has_table_privilege('ada.marsh', 'sales.orders', 'DELETE')::text`))
		require.Equal(t, "true", text(t, o.app, `SELECT has_table_privilege('ada.marshall', 'sales.orders', 'DELETE')::text`))
	})
	t.Run("what others hold through the leaver is left to a person", func(t *testing.T) {
		o := full(t)
		run(t, o.app, `GRANT TRUNCATE ON sales.orders TO "ada.marsh" WITH GRANT OPTION; SET ROLE "ada.marsh"; GRANT TRUNCATE ON sales.orders TO "ben.okoro"; RESET ROLE`)
		t.Cleanup(func() { run(t, o.app, `REVOKE ALL ON sales.orders FROM "ada.marsh" CASCADE`) })
		progress := o.drive(t, ada)
		require.Equal(t, access.Verified, progress.Cells[0].Disposition)
		require.Equal(t, access.Manual, progress.Cells[1].Disposition)
		require.Equal(t, access.Unsupported, progress.Cells[1].Error.Code)
		require.Equal(t, "true", text(t, o.app, `SELECT has_table_privilege('ben.okoro', 'sales.orders', 'TRUNCATE')::text`))
	})
	t.Run("a revocation that PostgreSQL only warns about is denied, not done", func(t *testing.T) {
		o := full(t)
		run(t, o.home, `ALTER ROLE killsignal NOSUPERUSER; GRANT pg_signal_backend, sales_owner TO killsignal`)
		run(t, o.app, `GRANT USAGE ON SCHEMA hr TO killsignal; GRANT ALL ON ALL TABLES IN SCHEMA hr TO killsignal; GRANT ALL ON ALL SEQUENCES IN SCHEMA hr TO killsignal`)
		t.Cleanup(func() {
			run(t, o.app, `REVOKE ALL ON ALL TABLES IN SCHEMA hr FROM killsignal; REVOKE ALL ON ALL SEQUENCES IN SCHEMA hr FROM killsignal; REVOKE ALL ON SCHEMA hr FROM killsignal`)
		})
		for _, right := range rightsOf(t, o.Connector, o.ref()) {
			if right.Name == "schema hr in database app" {
				require.Equal(t, access.Denied, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), right)))
				require.Contains(t, rightsOf(t, o.Connector, o.ref()), right)
				return
			}
		}
		require.FailNow(t, "the schema is not listed")
	})
	t.Run("a database that takes no connections is a person's work", func(t *testing.T) {
		o := full(t)
		closed := o.Connect(t, postgres.Superuser, o.Password, "postgres")
		run(t, closed, "CREATE DATABASE closed")
		defer run(t, closed, "DROP DATABASE closed")
		inside := o.Connect(t, postgres.Superuser, o.Password, "closed")
		run(t, inside, `CREATE TABLE t (id int); GRANT SELECT ON t TO "ada.marsh"`)
		require.NoError(t, inside.Close(t.Context()))
		run(t, closed, "UPDATE pg_database SET datallowconn = false WHERE datname = 'closed'")
		revokeAll(t, o.Connector, o.ref())
		left := rightsOf(t, o.Connector, o.ref())
		require.Len(t, left, 1)
		require.Equal(t, access.OtherTool, left[0].Obstacle)
		require.Contains(t, left[0].Name, "closed")
	})
	t.Run("the id of a right that was made up is refused", func(t *testing.T) {
		o := c.open(t)
		for _, id := range []string{"", "role", "role/x", "schema/1", "database/1; DROP", "attribute/LOGIN", "role/1/2"} {
			require.Equal(t, access.Invalid, access.CodeOf(o.RevokeRight(t.Context(), o.ref(), access.Right{Kind: access.Grant, Type: "role", ID: id})), id)
		}
	})
}
