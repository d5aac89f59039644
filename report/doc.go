// Package report turns the evidence of a case into the termination report: a JSON document,
// whose schema is published beside this file, and a page for people that needs nothing but
// itself.
//
// [Gather] collects, [Build] decides what it means and is pure, [Report.JSON] and [Report.HTML]
// write it down. The report believes receipts, not the case: where the grid of the case claims
// what no receipt shows, the report says so and its verdict is incomplete. It calls verified only
// what was observed; what a provider or a person merely says is called that.
//
// Reports hold names of people. They hold no secret, no message of a provider and no query.
package report
