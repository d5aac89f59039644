package sql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/killsignal/killsignal/access"
)

// verdict is what a server's error means.
type verdict struct {
	code access.Code
	hint string
}

const (
	hintSignIn     = "the server refuses our login: check user and password"
	hintPermission = "the login lacks a permission, see docs/connectors/sql.md"
	hintMismatch   = "the statement does not fit this database: check the configured database and statements"
	hintDependents = "others hold what they have through this: give it to them anew, then take it away by hand"
	hintStandby    = "the server is read-only: name the primary as host"
)

// refusedPostgres maps an SQLSTATE, or its class, to a code
// (https://www.postgresql.org/docs/current/errcodes-appendix.html). No names, values
// or messages of the server get into the error.
func refusedPostgres(err error, wrote bool) *access.Error {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return unanswered(err, wrote)
	}
	e := &access.Error{ProviderCode: access.SafeProviderCode(refusal.Code), Cause: err}
	v := verdictPostgres(refusal.Code)
	if e.Code, e.Hint = v.code, v.hint; e.Code == "" {
		e.Code = doubt(wrote)
	}
	return e
}

func verdictPostgres(state string) verdict {
	switch state {
	case "42501":
		return verdict{access.Denied, hintPermission}
	case "40001", "40P01", "55P03", "55006":
		return verdict{access.NotConverged, "somebody else is changing the same thing"}
	case "53300":
		return verdict{access.RateLimited, "the server has no connection to spare"}
	case "57014":
		return verdict{access.Unavailable, "a statement took longer than statement_timeout and was undone"}
	case "57P03":
		return verdict{access.Unavailable, "the server is starting or stopping"}
	case "25006":
		return verdict{access.Invalid, hintStandby}
	case "2BP01":
		return verdict{access.Unsupported, hintDependents}
	}
	if len(state) != 5 {
		return verdict{}
	}
	switch state[:2] {
	case "28":
		return verdict{access.Unauthenticated, hintSignIn}
	case "3D", "3F", "42":
		return verdict{access.Invalid, hintMismatch}
	case "22":
		return verdict{access.Invalid, "the database does not take a value"}
	case "23":
		return verdict{access.Unsupported, "a constraint of the database stands against it"}
	case "0A":
		return verdict{access.Unsupported, "the server does not know how"}
	}
	return verdict{}
}

// refusedMariaDB maps a server's error number to a code
// (https://mariadb.com/kb/en/mariadb-error-code-reference/).
func refusedMariaDB(err error, wrote bool) *access.Error {
	if e, ours := errors.AsType[*access.Error](err); ours {
		return e
	}
	refusal, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return unanswered(err, wrote)
	}
	e := &access.Error{ProviderCode: strconv.Itoa(int(refusal.Number)), Cause: err}
	v := verdictMariaDB(refusal.Number)
	if e.Code, e.Hint = v.code, v.hint; e.Code == "" {
		e.Code = doubt(wrote)
	}
	return e
}

func verdictMariaDB(number uint16) verdict {
	switch number {
	case 1251, 1275, 1524, 1820, 1862, 4151:
		return verdict{access.Unauthenticated, hintSignIn}
	case 1044, 1045, 1095, 1142, 1143, 1227, 1370, 1410, 1698: // of 1045 and 1698 see dialMariaDB
		return verdict{access.Denied, hintPermission}
	case 1205, 1213, 1020:
		return verdict{access.NotConverged, "somebody else is changing the same thing"}
	case 1040, 1203, 1226:
		return verdict{access.RateLimited, "the server has no connection to spare"}
	case 1969, 3024:
		return verdict{access.Unavailable, "a statement took longer than statement_timeout and was undone"}
	case 1396:
		return verdict{access.NotConverged, "the server did not change the account"}
	case 1141, 1147, 1269, 1403, 1959, 1961, 1962:
		return verdict{access.NotFound, "there is no such grant"}
	case 1046, 1049, 1054, 1064, 1146, 1193, 1305:
		return verdict{access.Invalid, hintMismatch}
	case 1290, 1792, 1836:
		return verdict{access.Invalid, hintStandby}
	case 1062, 1451, 1452, 4025:
		return verdict{access.Unsupported, "a constraint of the database stands against it"}
	}
	return verdict{}
}

// unanswered is the error for a statement or a sign-in to which no answer came.
func unanswered(err error, wrote bool) *access.Error {
	e := &access.Error{Code: doubt(wrote), Hint: "no answer", Cause: err}
	_, record := errors.AsType[tls.RecordHeaderError](err)
	certificate, _ := errors.AsType[*tls.CertificateVerificationError](err)
	dial, _ := errors.AsType[*net.OpError](err)
	_, unknownHost := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case certificate != nil && isUnknownAuthority(certificate):
		e.Code, e.Hint = access.Invalid, "the server's certificate is signed by nobody we know: name its authority in ca_file"
	case certificate != nil:
		e.Code, e.Hint = access.Invalid, "the server's certificate does not verify: check its dates, and that host or server_name stands in it"
	case record, errors.Is(err, mysql.ErrNoTLS), strings.Contains(err.Error(), "refused TLS"):
		e.Code, e.Hint = access.Invalid, "the server does not speak TLS: set it up there"
	case unknownHost:
		e.Code, e.Hint = access.Unavailable, "the name of the host is not known: check host"
	case dial != nil && dial.Op == "dial":
		e.Code, e.Hint = access.Unavailable, "no connection: check host and port, and that the server runs"
	}
	return e
}

func isUnknownAuthority(err error) bool {
	_, ok := errors.AsType[x509.UnknownAuthorityError](err)
	return ok
}

// doubt is the code for a statement whose effect cannot be told: harmless for a
// read, unknown for a write.
func doubt(wrote bool) access.Code {
	if wrote {
		return access.Unknown
	}
	return access.Unavailable
}
