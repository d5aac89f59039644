// Package directory is what every connector over LDAP stands on (RFC 4511): it
// owns the address and its TLS, the bind, a deadline on every operation, the
// waiting when a server is busy, paging, escaping, the mapping of result codes to
// codes of ours, and the record of exchanges for the evidence.
//
// A [Client] is one server and one credential. Its [Session] is one connection,
// made when it is first needed and made anew when it broke, so that a lost
// connection never stands in the way of the operation after it. Nothing is sent
// twice, but what a busy server has refused.
package directory
