// Package ldapgate puts a [fault.Injector] in front of a real LDAP server. Every
// LDAP request becomes an HTTP request for the Injector: a bind is a POST of
// /token, a search a GET, a modify a PATCH, an add a POST, a delete a DELETE, a
// move a MOVE, and the path is the name of the entry. What the Injector answers
// becomes what an LDAP server would have sent.
package ldapgate
