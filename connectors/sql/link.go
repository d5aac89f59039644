package sql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/transport"
)

// link is one connection, for one call. Errors are *access.Error. An argument is
// a string, or nil for NULL; it travels beside the statement, never in it.
type link interface {
	// read runs a statement that changes nothing.
	read(ctx context.Context, what, statement string, args ...any) (answer, error)
	// write runs one that changes something, and returns how many rows it met. One
	// to which no answer came is Unknown.
	write(ctx context.Context, what, statement string, args ...any) (int64, error)
	close()
}

// answer is what a statement returned.
type answer struct {
	columns []string
	rows    []row
}

// row holds one value for each column; nil is NULL.
type row []*string

// at returns the value as text, "" for NULL.
func (r row) at(i int) string {
	if r[i] == nil {
		return ""
	}
	return *r[i]
}

// is tells whether the value is one of the spellings of true.
func (r row) is(i int) bool {
	return r.at(i) == "true" || r.at(i) == "t" || r.at(i) == "1" || r.at(i) == "Y"
}

// maxRows bounds what one statement may return.
const maxRows = 100_000

func tooMany() *access.Error {
	return &access.Error{Code: access.Unsupported, Hint: "a statement returns more than 100000 rows"}
}

// transaction runs do between a beginning and a commit, and rolls back when do
// fails. begin is the engine's own word.
func transaction(ctx context.Context, l link, begin string, do func() error) error {
	if _, err := l.read(ctx, "begin", begin); err != nil {
		return err
	}
	if err := do(); err != nil {
		if _, undo := l.read(ctx, "roll back", "ROLLBACK"); undo != nil {
			l.close() // the server rolls back what its client has left
		}
		return err
	}
	_, err := l.write(ctx, "commit", "COMMIT")
	return err
}

// errNothing ends a transaction that has nothing to change.
type errNothing struct{}

func (errNothing) Error() string { return "nothing to change" }

// change is a transaction that do may leave, with errNothing, as it was begun.
func change(ctx context.Context, l link, begin string, do func() error) error {
	err := transaction(ctx, l, begin, do)
	if _, nothing := err.(errNothing); nothing {
		return nil
	}
	return err
}

// note keeps an exchange as evidence: the verb and what it was for, never the
// statement and its arguments.
func note(ctx context.Context, what, statement string, started time.Time, status int) {
	verb, _, _ := strings.Cut(strings.TrimSpace(statement), " ")
	transport.Note(ctx, access.Exchange{Method: strings.ToUpper(verb), Path: "/" + strings.ReplaceAll(what, " ", "-"), Status: status,
		At: started.UTC(), Took: time.Since(started)})
}

// secured is how TLS is spoken with the server, or nil for not at all.
func (c Config) secured() (*tls.Config, error) {
	if c.InsecurePlaintext {
		return nil, nil
	}
	config := &tls.Config{ServerName: c.ServerName, MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return config, nil
	}
	content, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, &access.Error{Code: access.Invalid, Hint: "ca_file cannot be read", Cause: err}
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(content) {
		return nil, &access.Error{Code: access.Invalid, Hint: "ca_file holds no certificate in PEM"}
	}
	return config, nil
}

// now is when something was observed.
func now() time.Time { return time.Now().UTC() }
