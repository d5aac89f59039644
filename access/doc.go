// Package access holds the words of Killsignal: the nouns that every other
// package uses, and nothing that acts on them. It imports the standard library
// only.
//
// A [Subject] is a leaver, under an HR key that never changes. A [Request] asks
// for a termination and names the event that caused it; the event's id is the
// id of the case. A system holds [Account]s of the subject, each known by the
// provider's immutable id ([AccountRef]); on an account hang [Right]s, which can
// be listed and removed one by one, and sessions, which can be ended.
//
// What is about to be done is an [Intent]; what was done, and how we know, is a
// [Receipt]. A case is a grid of stage × system, and each cell of the grid ends
// in a [Disposition]. Everything that can go wrong is an [Error] with one of a
// closed set of [Code]s.
//
// The terms follow NIST SP 800-53 (PS-4, AC-2), ISO/IEC 27001, SCIM (RFC
// 7643/7644) and OpenID CAEP. The meaning of every word is in docs/vocabulary.md.
package access
