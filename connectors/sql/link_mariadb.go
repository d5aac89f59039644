package sql

import (
	"context"
	"database/sql"
	"net"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/killsignal/killsignal/access"
)

type mariadbLink struct {
	pool *sql.DB
	conn *sql.Conn
}

// dialMariaDB signs in.
func dialMariaDB(ctx context.Context, c Config, database, password string) (link, error) {
	config := mysql.NewConfig()
	config.User, config.Passwd, config.DBName = c.User, password, database
	config.Net, config.Addr = "tcp", net.JoinHostPort(c.Host, strconv.Itoa(c.Port))
	config.Timeout, config.ReadTimeout, config.WriteTimeout = c.Timeout, c.Timeout, c.Timeout
	config.Logger = &mysql.NopLogger{}
	config.ClientFoundRows = true // a write that meets two rows has met two, whatever it changed
	config.RejectReadOnly = false
	var err error
	if config.TLS, err = c.secured(); err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, &access.Error{Code: access.Invalid, Hint: "the connection cannot be set up", Cause: err}
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(ctx)
	if err != nil {
		pool.Close()
		e := refusedMariaDB(err, false)
		if e.ProviderCode == "1045" || e.ProviderCode == "1698" { // to a statement, they mean a permission
			e.Code, e.Hint = access.Unauthenticated, hintSignIn
		}
		return nil, e
	}
	l := mariadbLink{pool, conn}
	if err := l.limit(ctx, c.StatementTimeout); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// limit bounds every statement at the server: MariaDB counts in seconds, MySQL in
// milliseconds and for reads only.
func (l mariadbLink) limit(ctx context.Context, d time.Duration) error {
	seconds := strconv.Itoa(max(1, int(d.Seconds())))
	statement := "SET SESSION lock_wait_timeout = " + seconds + ", innodb_lock_wait_timeout = " + seconds
	if _, err := l.read(ctx, "limit time", statement); err != nil {
		return err
	}
	_, err := l.read(ctx, "limit time", "SET SESSION max_statement_time = "+seconds)
	if access.CodeOf(err) == access.Invalid { // MySQL
		_, err = l.read(ctx, "limit time", "SET SESSION max_execution_time = "+milliseconds(d))
	}
	return err
}

func (l mariadbLink) read(ctx context.Context, what, statement string, args ...any) (answer, error) {
	if ctx.Err() != nil {
		return answer{}, &access.Error{Code: access.Unavailable, Hint: "not sent", Cause: ctx.Err()}
	}
	started := time.Now()
	found, err := l.query(ctx, statement, args)
	return found, l.settled(ctx, what, statement, started, false, err)
}

// query collects every row.
func (l mariadbLink) query(ctx context.Context, statement string, args []any) (answer, error) {
	rows, err := l.conn.QueryContext(ctx, statement, args...)
	if err != nil {
		return answer{}, err
	}
	defer rows.Close()
	var found answer
	if found.columns, err = rows.Columns(); err != nil {
		return answer{}, err
	}
	for rows.Next() {
		if len(found.rows) == maxRows {
			return answer{}, tooMany()
		}
		r := make(row, len(found.columns))
		into := make([]any, len(r))
		for i := range r {
			into[i] = &r[i]
		}
		if err := rows.Scan(into...); err != nil {
			return answer{}, err
		}
		found.rows = append(found.rows, r)
	}
	return found, rows.Err()
}

func (l mariadbLink) write(ctx context.Context, what, statement string, args ...any) (int64, error) {
	if ctx.Err() != nil {
		return 0, &access.Error{Code: access.Unavailable, Hint: "not sent", Cause: ctx.Err()}
	}
	started := time.Now()
	result, err := l.conn.ExecContext(ctx, statement, args...)
	if err := l.settled(ctx, what, statement, started, true, err); err != nil {
		return 0, err
	}
	met, err := result.RowsAffected()
	if err != nil {
		return 0, refusedMariaDB(err, true)
	}
	return met, nil
}

// settled notes the exchange and words its error.
func (l mariadbLink) settled(ctx context.Context, what, statement string, started time.Time, writes bool, err error) error {
	if err == nil {
		note(ctx, what, statement, started, 200)
		return nil
	}
	e := refusedMariaDB(err, writes)
	note(ctx, what, statement, started, status(e))
	return e
}

// close signs off. The server undoes what was begun.
func (l mariadbLink) close() {
	l.conn.Close()
	l.pool.Close()
}
