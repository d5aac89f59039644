package devserver

import (
	"log/slog"
	"os"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// serverLog gives what the server says to slog.
type serverLog struct{ to *slog.Logger }

var (
	_ log.Logger      = serverLog{}
	_ log.WithLogger  = serverLog{}
	_ log.SLogWrapper = serverLog{}
)

// SLog returns the logger beneath.
func (l serverLog) SLog() *slog.Logger { return l.to }

// With returns a logger that adds the tags to every record.
func (l serverLog) With(tags ...tag.Tag) log.Logger {
	return serverLog{l.to.With(attributes(tags)...)}
}

// Debug logs.
func (l serverLog) Debug(text string, tags ...tag.Tag) { l.to.Debug(text, attributes(tags)...) }

// Info logs.
func (l serverLog) Info(text string, tags ...tag.Tag) { l.to.Info(text, attributes(tags)...) }

// Warn logs.
func (l serverLog) Warn(text string, tags ...tag.Tag) { l.to.Warn(text, attributes(tags)...) }

// Error logs.
func (l serverLog) Error(text string, tags ...tag.Tag) { l.to.Error(text, attributes(tags)...) }

// DPanic logs.
func (l serverLog) DPanic(text string, tags ...tag.Tag) { l.Error(text, tags...) }

// Panic logs and stops the goroutine that cannot go on, as the server expects.
func (l serverLog) Panic(text string, tags ...tag.Tag) {
	l.Error(text, tags...)
	panic(text)
}

// Fatal logs and ends the process, as the server expects.
func (l serverLog) Fatal(text string, tags ...tag.Tag) {
	l.Error(text, tags...)
	os.Exit(1)
}

func attributes(tags []tag.Tag) []any {
	all := make([]any, len(tags))
	for i, t := range tags {
		all[i] = slog.Any(t.Key(), t.Value())
	}
	return all
}
