package sql

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/killsignal/killsignal/access"
)

// maxMessage bounds one message of the server, in bytes.
const maxMessage = 16 << 20

type postgresLink struct {
	conn *pgconn.PgConn
}

// dialPostgres signs in. Every setting is given, since the driver takes what is not
// given from PG* variables and from files in the home folder.
func dialPostgres(ctx context.Context, c Config, database, password string) (link, error) {
	config, err := pgconn.ParseConfig("host=localhost port=5432 user=nobody password=nothing dbname=nothing sslmode=disable passfile=/dev/null")
	if err != nil {
		return nil, &access.Error{Code: access.Invalid, Hint: "a PG* variable of this process cannot be read: remove it", Cause: err}
	}
	config.Host, config.Port, config.User, config.Password, config.Database = c.Host, uint16(c.Port), c.User, password, database
	if config.TLSConfig, err = c.secured(); err != nil {
		return nil, err
	}
	config.Fallbacks, config.ValidateConnect, config.ConnectTimeout = nil, nil, c.Timeout
	config.RuntimeParams = map[string]string{
		"application_name":              "killsignal",
		"client_encoding":               "UTF8",
		"statement_timeout":             milliseconds(c.StatementTimeout),
		"lock_timeout":                  milliseconds(c.StatementTimeout),
		"search_path":                   "pg_catalog",
		"row_security":                  "off", // a policy would make rows vanish; off makes that an error
		"default_transaction_read_only": "off",
	}
	if c.Tables != nil {
		delete(config.RuntimeParams, "search_path")
	}
	config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		f := pgproto3.NewFrontend(r, w)
		f.SetMaxBodyLen(maxMessage)
		return f
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, refusedPostgres(err, false)
	}
	return postgresLink{conn}, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(max(1, d.Milliseconds()), 10) }

func (l postgresLink) read(ctx context.Context, what, statement string, args ...any) (answer, error) {
	found, _, err := l.run(ctx, what, statement, false, args)
	return found, err
}

func (l postgresLink) write(ctx context.Context, what, statement string, args ...any) (int64, error) {
	_, met, err := l.run(ctx, what, statement, true, args)
	return met, err
}

// run sends one statement with its arguments in the extended protocol, which takes
// no second statement. The server infers the types of arguments.
func (l postgresLink) run(ctx context.Context, what, statement string, writes bool, args []any) (answer, int64, error) {
	if ctx.Err() != nil {
		return answer{}, 0, &access.Error{Code: access.Unavailable, Hint: "not sent", Cause: ctx.Err()}
	}
	values := make([][]byte, len(args))
	for i, arg := range args {
		if arg != nil {
			values[i] = []byte(fmt.Sprint(arg))
		}
	}
	started := time.Now()
	reader := l.conn.ExecParams(ctx, statement, values, nil, nil, nil)
	var found answer
	for reader.NextRow() {
		if len(found.rows) == maxRows {
			l.close()
			return answer{}, 0, tooMany()
		}
		r := make(row, len(reader.Values()))
		for i, value := range reader.Values() {
			if value != nil {
				text := string(value)
				r[i] = &text
			}
		}
		found.rows = append(found.rows, r)
	}
	for _, field := range reader.FieldDescriptions() {
		found.columns = append(found.columns, field.Name)
	}
	tag, err := reader.Close()
	if err != nil {
		e := refusedPostgres(err, writes)
		note(ctx, what, statement, started, status(e))
		return answer{}, 0, e
	}
	note(ctx, what, statement, started, 200)
	return found, tag.RowsAffected(), nil
}

// status is that of an exchange that went wrong.
func status(e *access.Error) int {
	if e.ProviderCode == "" {
		return 0
	}
	return 400
}

func (l postgresLink) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	l.conn.Close(ctx)
	// After a call was given up, the driver keeps the connection for a while, and with
	// it whatever the transaction has locked.
	l.conn.Conn().Close()
}
