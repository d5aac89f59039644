package sql

import (
	"cmp"
	"net"
	"slices"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Config is the connection to one database server. Without Tables, the accounts
// are the logins of the server itself; with Tables, those of an application that
// keeps them in tables of its own.
type Config struct {
	Engine Engine `yaml:"engine"`
	Host   string `yaml:"host"`
	Port   int    `yaml:"port"` // default: 5432, 3306
	// Database is where to sign in; the default is postgres, mysql.
	Database string            `yaml:"database"`
	User     string            `yaml:"user"`
	Password connectors.Secret `yaml:"password"`
	// CAFile holds the certificates, PEM, that may have signed the server's own;
	// empty means those of the operating system. The name that must stand in the
	// certificate is ServerName, by default Host.
	CAFile     string `yaml:"ca_file"`
	ServerName string `yaml:"server_name"`
	// InsecurePlaintext leaves TLS out, to a loopback address only.
	InsecurePlaintext bool `yaml:"insecure_plaintext"`
	// Timeout bounds one call as a whole, StatementTimeout one statement at the
	// server; the defaults are 30 s and 10 s.
	Timeout          time.Duration `yaml:"timeout"`
	StatementTimeout time.Duration `yaml:"statement_timeout"`

	// Correlators are the keys of a subject that may be the name of a login; the
	// default is user_name and email. Not with Tables.
	Correlators []Correlator `yaml:"correlators"`
	// Lock is what a lock does to a login; the default is Disable. Not with Tables.
	Lock Means `yaml:"lock"`
	// ReassignOwnedTo is the role that gets what the leaver owns in PostgreSQL.
	// Empty: owned objects stay, as a person's work.
	ReassignOwnedTo string `yaml:"reassign_owned_to"`

	Tables *Tables `yaml:"tables"`
}

// Engine is the kind of server.
type Engine string

// The engines.
const (
	Postgres Engine = "postgres" // 14 or later
	MariaDB  Engine = "mariadb"  // 10.6 or later; with Tables, MySQL too
)

// Correlator is a key of a subject that may be the name of a login.
type Correlator string

// The correlators.
const (
	UserName       Correlator = "user_name"
	Email          Correlator = "email"
	EmployeeNumber Correlator = "employee_number"
)

// Means is what a lock does.
type Means string

// The means of locking.
const (
	Disable Means = "disable"
	Drop    Means = "drop" // disable, hand over what is owned, drop; for good
)

// complete checks the configuration and fills in the defaults. The error has the
// code Invalid and repeats no value.
func (c Config) complete() (Config, error) {
	invalid := func(hint string) (Config, error) {
		return Config{}, &access.Error{Code: access.Invalid, Op: "configure sql", Hint: hint}
	}
	switch c.Engine {
	case Postgres:
		c.Port, c.Database = cmp.Or(c.Port, 5432), cmp.Or(c.Database, "postgres")
	case MariaDB:
		c.Port, c.Database = cmp.Or(c.Port, 3306), cmp.Or(c.Database, "mysql")
	default:
		return invalid("engine is postgres or mariadb")
	}
	switch {
	case c.Host == "" || c.Port < 1 || c.Port > 65535:
		return invalid("host is the name or address of the server, port a number up to 65535")
	case c.User == "":
		return invalid("user is the login of Killsignal's own")
	case c.Password.IsZero():
		return invalid("password is missing: write env:NAME or file:/path")
	case c.InsecurePlaintext && !loopback(c.Host):
		return invalid("insecure_plaintext leaves TLS out to a loopback address only")
	case c.InsecurePlaintext && c.CAFile != "":
		return invalid("ca_file contradicts insecure_plaintext")
	case c.Timeout < 0 || c.StatementTimeout < 0:
		return invalid("timeout and statement_timeout are not negative")
	}
	c.ServerName = cmp.Or(c.ServerName, c.Host)
	c.Timeout, c.StatementTimeout = cmp.Or(c.Timeout, 30*time.Second), cmp.Or(c.StatementTimeout, 10*time.Second)
	if c.Tables != nil {
		if c.Lock != "" || c.ReassignOwnedTo != "" || len(c.Correlators) > 0 {
			return invalid("lock, reassign_owned_to and correlators are for logins of the server; tables has statements instead")
		}
		return c, c.Tables.complete()
	}
	if len(c.Correlators) == 0 {
		c.Correlators = []Correlator{UserName, Email}
	}
	for _, correlator := range c.Correlators {
		if !slices.Contains([]Correlator{UserName, Email, EmployeeNumber}, correlator) {
			return invalid("correlators are user_name, email and employee_number")
		}
	}
	if c.Lock = cmp.Or(c.Lock, Disable); c.Lock != Disable && c.Lock != Drop {
		return invalid("lock is disable or drop")
	}
	if c.ReassignOwnedTo != "" && (c.Engine != Postgres || !roleName(c.ReassignOwnedTo)) {
		return invalid("reassign_owned_to is the name of a role of PostgreSQL, which alone knows owners")
	}
	return c, nil
}

// names tells whether a key of the subject may be the name of a login.
func (c Config) names(by access.Correlator) bool {
	correlator := map[access.Correlator]Correlator{access.ByUserName: UserName, access.ByEmail: Email, access.ByEmployeeNumber: EmployeeNumber}[by]
	return slices.Contains(c.Correlators, correlator)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
