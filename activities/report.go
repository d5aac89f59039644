package activities

import (
	"context"
	"slices"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
	"github.com/killsignal/killsignal/report"
)

// Report renders what the evidence holds of the case, and keeps it as evidence.
func (a *Activities) Report(ctx context.Context, in ReportInput) (ReportResult, error) {
	defer beat(ctx, nothing)()
	materials, err := report.Gather(ctx, a.Evidence, in.Status, in.Final, a.Clock().UTC())
	if access.CodeOf(err) == access.NotFound {
		// The case was admitted: its record waits in the spool of another worker.
		err = &access.Error{Code: access.Unavailable, Op: "gather evidence", Hint: "the record of the case is not in the evidence store yet", Cause: err}
	}
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
	result := ReportResult{Key: key, Digest: digest, Verdict: built.Verdict.Word}
	for _, contradiction := range built.Contradictions {
		doubt := plan.Doubt{System: contradiction.System, Stage: contradiction.Stage}
		if doubt.System != "" && !slices.Contains(result.Contradicted, doubt) {
			result.Contradicted = append(result.Contradicted, doubt)
		}
	}
	return result, temporalError(err)
}
