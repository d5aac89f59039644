package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/evidence"
)

func (p *program) reportCommand() *cobra.Command {
	var format, caseID, out string
	command := &cobra.Command{
		Use:   "report SUBJECT",
		Short: "fetch the newest termination report of a person",
		Example: `  starter report P-1042 --format html --out report.html
  starter report P-1042 --format json --case HR-77`,
		Long: "It reads the evidence store of the configuration, not the Temporal server. A report holds\npersonal data.",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			return p.report(command.Context(), arguments[0], format, caseID, out)
		},
	}
	command.Flags().StringVar(&format, "format", "json", "json or html")
	command.Flags().StringVar(&caseID, "case", "", "the case, when the person has had several (default the newest)")
	command.Flags().StringVar(&out, "out", "", "file to write (default standard output)")
	return command
}

func (p *program) report(ctx context.Context, who, format, caseID, out string) error {
	if format != "json" && format != "html" {
		return usage{fmt.Errorf("--format is json or html"), "starter report --help"}
	}
	cfg, err := p.configuration()
	if err != nil {
		return err
	}
	key, err := p.key(ctx, cfg, who)
	if err != nil {
		return err
	}
	content, err := newestReport(ctx, cfg, key, caseID, format)
	if err != nil {
		return err
	}
	if out == "" {
		if _, err := p.out.Write(content); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		return nil
	}
	if err := writeWhole(out, content); err != nil {
		return &access.Error{Code: access.Invalid, Op: "write report", Hint: "the file named by --out cannot be written", Cause: err}
	}
	return p.print(struct {
		Subject access.SubjectKey `json:"subject"`
		File    string            `json:"file"`
	}{key, out}, out+"\n")
}

// newestReport reads the newest report of a case, or of the person's newest case
// that has one.
func newestReport(ctx context.Context, cfg *config.Config, key access.SubjectKey, caseID, format string) ([]byte, error) {
	// Without a spool: whoever only reads moves nothing.
	store, err := evidence.Open(ctx, evidence.Options{URL: cfg.Evidence.URL})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	cases, err := store.Cases(ctx, key)
	if err != nil {
		return nil, err
	}
	for i := len(cases) - 1; i >= 0; i-- {
		if caseID != "" && cases[i].ID != caseID {
			continue
		}
		report, err := store.LatestReport(ctx, cases[i].ID)
		switch {
		case access.CodeOf(err) == access.NotFound:
			continue
		case err != nil:
			return nil, err
		case format == "html":
			return store.ReportHTML(ctx, report)
		default:
			return store.Report(ctx, report)
		}
	}
	return nil, &access.Error{Code: access.NotFound, Op: "find report",
		Hint: "the evidence holds no report of this person or case yet; `starter status` shows how the case stands"}
}

// writeWhole writes a file for its owner alone, whole or not at all.
func writeWhole(path string, content []byte) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	if _, err := draft.Write(content); err != nil {
		return err
	}
	if err := draft.Close(); err != nil {
		return err
	}
	return os.Rename(draft.Name(), path)
}
