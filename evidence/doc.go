// Package evidence keeps, for ever and append-only, what every case was asked, what it
// intended, what it did and how it ended: in a folder by default, in any blob store later.
//
// # Names
//
//	events/EVENT.json                            the case that the event opened, or the case that it joined
//	subjects/KEY/CASE.json                       which cases a person has had
//	cases/CASE/intents/SYSTEM+STAGE+DIGEST.json  what was about to be done
//	cases/CASE/receipts/TIME+SYSTEM+DIGEST.json  what was done
//	cases/CASE/statements/ID.json                what people said
//	cases/CASE/conclusions/0001.json             how it ended; the newest answers
//	cases/CASE/reports/0001.html, 0001-NAME.json reports; the newest answers
//	cases/CASE/histories/RUN/0001.json           exported workflow histories
//	conflicts/NAME/DIGEST.json                   records that came too late from a spool: kept, never believed
//
// Every record is written once. The first record of a name stays, whoever writes it from
// wherever, and that is what makes "no event is handled twice" and "the true state before"
// true. Records hold names and addresses of people (folders are 0700, files 0600) and never
// a secret.
//
// # The store
//
// The package sees a blob store through an interface of three verbs: create, read, list. What
// cannot be asked for cannot happen: there is no overwriting and no deleting. That is also why
// the folder does not implement the driver interface of gocloud.dev/blob, which demands both,
// and a dozen methods more that evidence has no use for; other stores (in memory today) come in
// as a *blob.Bucket behind the same three verbs. The library's own folder driver is not used
// because it neither syncs what it writes nor excludes writers in other processes.
//
// # The spool
//
// A store that is down must not delay a lock, and must delay everything destructive. So
// admissions of emergencies, and intents and receipts of the lock stage, go to a spool, which
// is a local folder written as durably as the store, and [Store.Flush] moves them on later. All
// other writes fail with the code unavailable. A store that hangs counts as down after a second.
package evidence
