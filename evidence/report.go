package evidence

import (
	"context"
	"fmt"
	"path"
	"strings"
)

const (
	jsonEnd = ".json"
	htmlEnd = ".html"
)

// PutReport stores a report in both its forms. Every report is kept. The name, such as
// "interim", is for people. The key finds the report again; the digest is the SHA-256 of the
// JSON, in hex.
func (s *Store) PutReport(ctx context.Context, caseID, name string, json, html []byte) (key, sum string, err error) {
	if caseID == "" || name == "" {
		return "", "", invalid(opPutReport, "a report has a case and a name")
	}
	names, err := s.list(ctx, opPutReport, reportsPrefix(caseID), long)
	if err != nil {
		return "", "", err
	}
	// The page claims the number, so that no two reports share one whatever their names, and
	// comes first: a report is there when its JSON is, and then it is whole.
	number := 1 + countEnding(names, htmlEnd)
	for created := false; !created; number++ {
		key = fmt.Sprintf("%s%04d", reportsPrefix(caseID), number)
		if created, err = s.create(ctx, opPutReport, key+htmlEnd, html, long); err != nil {
			return "", "", err
		}
	}
	key += "-" + escape(name)
	if _, err := s.create(ctx, opPutReport, key+jsonEnd, json, long); err != nil {
		return "", "", err
	}
	return key, digest(json), nil
}

// Report returns the JSON of the report under a key that PutReport gave.
func (s *Store) Report(ctx context.Context, key string) ([]byte, error) {
	return s.read(ctx, opReport, key+jsonEnd, long)
}

// ReportHTML returns the page of the report under a key that PutReport gave.
func (s *Store) ReportHTML(ctx context.Context, key string) ([]byte, error) {
	prefix, name := path.Split(key)
	number, _, _ := strings.Cut(name, "-")
	return s.read(ctx, opReport, prefix+number+htmlEnd, long)
}

// LatestReport returns the key of the newest report of a case, and not_found when there is none.
func (s *Store) LatestReport(ctx context.Context, caseID string) (key string, err error) {
	names, err := s.list(ctx, opReport, reportsPrefix(caseID), long)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if report, ok := strings.CutSuffix(name, jsonEnd); ok {
			key = report
		}
	}
	if key == "" {
		return "", notFound(opReport)
	}
	return key, nil
}

// PutHistory stores the exported history of a workflow run. Every export is kept: one that is
// made later may have more in it.
func (s *Store) PutHistory(ctx context.Context, caseID, run string, json []byte) error {
	if caseID == "" || run == "" {
		return invalid(opPutHistory, "a history has a case and a run")
	}
	return s.append(ctx, opPutHistory, historiesPrefix(caseID)+escape(run)+"/", json)
}

// Histories returns the keys of the histories of a case.
func (s *Store) Histories(ctx context.Context, caseID string) ([]string, error) {
	return s.list(ctx, opHistory, historiesPrefix(caseID), long)
}

// History returns the history under a key that Histories gave.
func (s *Store) History(ctx context.Context, key string) ([]byte, error) {
	return s.read(ctx, opHistory, key, long)
}

func reportsPrefix(caseID string) string   { return casePrefix(caseID) + "reports/" }
func historiesPrefix(caseID string) string { return casePrefix(caseID) + "histories/" }

func countEnding(names []string, end string) (n int) {
	for _, name := range names {
		if strings.HasSuffix(name, end) {
			n++
		}
	}
	return n
}
