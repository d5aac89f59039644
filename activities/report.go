package activities

import (
	"context"

	"github.com/killsignal/killsignal/report"
)

// Report renders what the evidence holds of the case, and keeps it as evidence.
func (a *Activities) Report(ctx context.Context, in ReportInput) (ReportResult, error) {
	materials, err := report.Gather(ctx, a.Evidence, in.Status, in.Final, a.Clock().UTC())
	if err != nil {
		return ReportResult{}, temporalError(err)
	}
	materials.Version = a.Version
	built := report.Build(materials)
	asJSON, err := built.JSON()
	if err != nil {
		return ReportResult{}, temporalError(err)
	}
	asHTML, err := built.HTML()
	if err != nil {
		return ReportResult{}, temporalError(err)
	}
	name := "interim"
	if in.Final {
		name = "final"
	}
	key, digest, err := a.Evidence.PutReport(ctx, in.Status.Case, name, asJSON, asHTML)
	return ReportResult{Key: key, Digest: digest, Verdict: built.Verdict.Word}, temporalError(err)
}
