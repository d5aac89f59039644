package directory

import (
	"context"
	"crypto/tls"
	"errors"
	"regexp"
	"strconv"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
)

// meaning is what a result code means to us (RFC 4511 appendix A).
type meaning struct {
	code access.Code
	hint string
}

// means returns the meaning of a result. A server that fails in the midst of a
// write may have carried it out all the same.
func means(result uint16, writes bool) meaning {
	unanswered := access.Unavailable
	if writes {
		unanswered = access.Unknown
	}
	switch result {
	case ldap.LDAPResultNoSuchObject:
		return meaning{access.NotFound, ""}
	case ldap.LDAPResultInsufficientAccessRights:
		return meaning{access.Denied, ""}
	case ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultAuthMethodNotSupported:
		return meaning{access.Unauthenticated, ""}
	case ldap.LDAPResultStrongAuthRequired, ldap.LDAPResultConfidentialityRequired:
		return meaning{access.Unauthenticated, "the server wants an encrypted connection: use ldaps:// or starttls"}
	case ldap.LDAPResultBusy:
		return meaning{access.RateLimited, "the server is busy"}
	case ldap.LDAPResultUnavailable:
		return meaning{access.Unavailable, "the server says that it is not available"}
	case ldap.LDAPResultSizeLimitExceeded, ldap.LDAPResultAdminLimitExceeded:
		return meaning{access.Denied, "the server limits what our account may read: raise its size and look-through limits"}
	case ldap.LDAPResultNoSuchAttribute, ldap.LDAPResultAttributeOrValueExists, ldap.LDAPResultEntryAlreadyExists:
		return meaning{access.NotConverged, "the entry is not as it was when it was read"}
	case ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultUnavailableCriticalExtension, ldap.LDAPResultObjectClassViolation,
		ldap.LDAPResultUndefinedAttributeType, ldap.LDAPResultNotAllowedOnNonLeaf, ldap.LDAPResultAffectsMultipleDSAs:
		return meaning{access.Unsupported, "the server refuses to do this"}
	case ldap.LDAPResultReferral:
		return meaning{access.Unsupported, "the server refers to another one: connect to a server that holds this part and may be written to"}
	case ldap.LDAPResultProtocolError, ldap.LDAPResultInappropriateMatching,
		ldap.LDAPResultConstraintViolation, ldap.LDAPResultInvalidAttributeSyntax, ldap.LDAPResultInvalidDNSyntax,
		ldap.LDAPResultNamingViolation, ldap.LDAPResultNotAllowedOnRDN, ldap.ErrorFilterCompile:
		return meaning{access.Invalid, "the server does not accept the request"}
	case ldap.LDAPResultTimeLimitExceeded:
		return meaning{unanswered, "the server gave up halfway"}
	}
	return meaning{unanswered, "no usable answer"}
}

// broken tells whether the connection cannot be used after err: nothing of what
// comes next on it could be trusted.
func broken(err error) bool {
	if err == nil {
		return false
	}
	e, ok := errors.AsType[*ldap.Error](err)
	return !ok || e.ResultCode >= ldap.ErrorNetwork
}

// failure turns what go-ldap returned into an error of ours. It returns nil for nil.
func (c *Client) failure(ctx context.Context, op string, err error, writes bool) error {
	if err == nil {
		return nil
	}
	if ours, ok := errors.AsType[*access.Error](err); ok {
		return ours
	}
	result := uint16(ldap.ErrorNetwork)
	provider := ""
	if e, ok := errors.AsType[*ldap.Error](err); ok {
		result = e.ResultCode
		if !broken(err) {
			provider = providerCode(e)
		}
	}
	m := means(result, writes)
	if ctx.Err() != nil {
		m.hint = "given up before the answer came"
	}
	return &access.Error{Code: m.code, System: c.options.System, Op: op, Hint: m.hint, ProviderCode: provider, Cause: hidden{err}}
}

// refusedBind is the error for a bind that failed. Nothing else was sent.
func (c *Client) refusedBind(ctx context.Context, op string, err error) error {
	e := *access.AsError(c.failure(ctx, op, err, false), op)
	switch e.Code {
	case access.Unauthenticated:
		if e.Hint == "" {
			e.Hint = "bind_dn or bind_password is refused"
		}
	case access.NotFound, access.Denied, access.Invalid, access.Unsupported:
		e.Code, e.Hint = access.Unauthenticated, "bind_dn or bind_password is refused"
	}
	return &e
}

func (c *Client) failed(op string, code access.Code, hint string, err error) error {
	e := &access.Error{Code: code, System: c.options.System, Op: op, Hint: hint}
	if err != nil {
		e.Cause = hidden{err}
	}
	return e
}

var subCode = regexp.MustCompile(`\bdata ([0-9a-f]{1,8})\b`)

// providerCode is the result code and, for a bind that Active Directory refused,
// its sub-code. The server's message is dropped: it holds names.
func providerCode(e *ldap.Error) string {
	code := "ldap-" + strconv.Itoa(int(e.ResultCode))
	if e.ResultCode == ldap.LDAPResultInvalidCredentials && e.Err != nil {
		if found := subCode.FindStringSubmatch(e.Err.Error()); found != nil {
			code += "-" + found[1]
		}
	}
	return code
}

func handshakeHint(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the server's certificate does not verify: ca_file names the authority that signed it, and url the host that it was issued to"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the server does not answer in TLS: check the port in url"
	}
	return "no encrypted connection to the server"
}

// hidden keeps a cause whose text holds names and addresses: it can be asked for
// with errors.As, and never prints.
type hidden struct{ error }

func (h hidden) Error() string { return "an error of the directory" }
func (h hidden) Unwrap() error { return h.error }
