package directory

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// Options are one server and one credential.
type Options struct {
	System string // the name to print in errors
	// URL is ldaps://host, or ldap://host with StartTLS. The port may be given.
	URL string
	// StartTLS turns an ldap:// connection into an encrypted one before the bind.
	StartTLS bool
	// Plain allows ldap:// without TLS, to a loopback address only.
	Plain bool
	// CAFile holds the certificates that may have signed the server's, in PEM.
	// Empty means those of the machine.
	CAFile string
	// BindDN is the name to bind by, and Password what proves it.
	BindDN   string
	Password connectors.Secret
	// Elsewhere says that search references lead to parts of the tree that hold
	// nobody, as Active Directory's do. Without it a search that meets one is
	// Unsupported: what is not on this server would be taken for absent.
	Elsewhere bool
	// Timeout bounds one operation, the connection to the server included. Zero
	// means 15 s.
	Timeout time.Duration
}

// defaultTimeout bounds an operation when nothing else is said.
const defaultTimeout = 15 * time.Second

// Client is one server and one credential. It is safe for concurrent use.
type Client struct {
	options  Options
	address  string
	tls      *tls.Config // nil: not encrypted
	listings listings
}

// New makes a client. It reads the CA file and the password once, to find a
// missing one now, and does no other I/O. The error has the code Invalid.
func New(o Options) (*Client, error) {
	invalid := func(hint string, cause error) (*Client, error) {
		return nil, &access.Error{Code: access.Invalid, System: o.System, Op: "configure directory", Hint: hint, Cause: cause}
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return invalid("url is the address of the server alone, such as ldaps://dc1.example.com", nil)
	}
	port := "389"
	switch {
	case u.Scheme == "ldaps" && !o.StartTLS:
		port = "636"
	case u.Scheme == "ldap" && o.StartTLS:
	case u.Scheme == "ldap" && o.Plain && loopback(u.Hostname()):
	case u.Scheme == "ldaps":
		return invalid("starttls goes with ldap://, since ldaps:// is encrypted already", nil)
	default:
		return invalid("url must be ldaps://, or ldap:// with starttls; ldap:// without it is for loopback addresses only", nil)
	}
	if o.BindDN == "" || o.Password.IsZero() {
		return invalid("bind_dn and bind_password are needed", nil)
	}
	if _, err := o.Password.Value(); err != nil {
		return nil, err
	}
	if o.Timeout < 0 {
		return invalid("timeout is not negative", nil)
	}
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	c := &Client{options: o, address: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port))}
	if u.Scheme == "ldaps" || o.StartTLS {
		c.tls = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	if o.CAFile == "" {
		return c, nil
	}
	content, err := os.ReadFile(o.CAFile)
	if err != nil {
		return invalid("ca_file cannot be read", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(content) {
		return invalid("ca_file holds no certificate in PEM", nil)
	}
	if c.tls != nil {
		c.tls.RootCAs = roots
	}
	return c, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
