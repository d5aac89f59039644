package sql

import (
	"context"

	"github.com/killsignal/killsignal/access"
)

// act is a call that changes an account. Nobody has a malformed id, and an act on
// nobody is done.
func (c *Connector) act(ctx context.Context, op, id string, do func(ctx context.Context, l link, id string) error) error {
	if !c.book.wellFormed(id) {
		return nil
	}
	return c.call(ctx, op, func(ctx context.Context, l link) error { return do(ctx, l, id) })
}

// call opens a connection for one call and bounds it.
func (c *Connector) call(ctx context.Context, op string, do func(ctx context.Context, l link) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	l, err := c.dial(ctx, c.config.Database)
	if err != nil {
		return c.fail(op, err)
	}
	defer l.close()
	return c.fail(op, do(ctx, l))
}

// dial opens a connection to a database of the server.
func (c *Connector) dial(ctx context.Context, database string) (link, error) {
	password, err := c.config.Password.Value()
	if err != nil {
		return nil, err
	}
	if c.config.Engine == Postgres {
		return dialPostgres(ctx, c.config, database, password)
	}
	return dialMariaDB(ctx, c.config, database, password)
}

// fail completes an error with what was tried. It returns nil for nil.
func (c *Connector) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	e := *access.AsError(err, op)
	e.System, e.Op = c.system, op
	return &e
}
