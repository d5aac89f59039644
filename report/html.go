package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
)

//go:embed report.html.tmpl report.css
var page embed.FS

// HTML writes the page: one file, without scripts, that fetches nothing and prints on A4.
func (r Report) HTML() ([]byte, error) {
	style, err := page.ReadFile("report.css")
	if err != nil {
		return nil, &access.Error{Code: access.Invalid, Op: "write report", Cause: err}
	}
	t, err := template.New("report.html.tmpl").Funcs(template.FuncMap{
		"style":   func() template.CSS { return template.CSS(style) },
		"instant": writeInstant, "clock": writeClock, "span": writeSpan, "since": writeSeconds,
		"account": writeAccount, "state": writeState, "right": writeRight, "pool": writePool, "word": writeWord,
		"stages": writeStages, "trouble": writeTrouble, "requests": writeRequests, "count": count,
		"seats": seats, "rights": rights, "plain": plain, "standings": standings,
	}).ParseFS(page, "report.html.tmpl")
	if err != nil {
		return nil, &access.Error{Code: access.Invalid, Op: "write report", Cause: err}
	}
	var b bytes.Buffer
	if err := t.Execute(&b, r); err != nil {
		return nil, &access.Error{Code: access.Invalid, Op: "write report", Cause: err}
	}
	return bytes.Map(tame, b.Bytes()), nil
}

// tame makes characters visible that would turn the text after them around: a name must not be
// able to make a line read as another one.
func tame(r rune) rune {
	if r >= '\u202a' && r <= '\u202e' {
		return '\ufffd'
	}
	return r
}

const never = "not reached"

func writeInstant(t time.Time) string {
	if t.IsZero() {
		return never
	}
	return t.UTC().Format("2 January 2006, 15:04:05 UTC")
}

func writeClock(t time.Time) string {
	if t.IsZero() {
		return never
	}
	return t.UTC().Format("2006-01-02 15:04:05.000")
}

func writeSeconds(seconds *float64) string {
	if seconds == nil {
		return never
	}
	return writeSpan(time.Duration(*seconds * float64(time.Second)))
}

// writeSpan keeps two units: people compare minutes with hours, not with microseconds.
func writeSpan(d time.Duration) string {
	switch {
	case d < 0:
		return writeSpan(-d) + " before"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days %d h", int(d.Hours())/24, int(d.Hours())%24)
}

func writeAccount(name, id string) string {
	if name == "" {
		return id
	}
	return name
}

// writeState prefers the provider's own word, which is what an auditor sees over there.
func writeState(s *access.AccountState) string {
	switch {
	case s == nil || s.Status == "":
		return "not read"
	case s.Word == "" || strings.EqualFold(s.Word, string(s.Status)):
		return string(s.Status)
	}
	return string(s.Status) + " (" + s.Word + ")"
}

func writeRight(name, id string) string {
	if name == "" {
		return id
	}
	return name
}

func writePool(p *access.Pool) string {
	if p == nil {
		return "not told"
	}
	return fmt.Sprintf("%d of %d used", p.Used, p.Total)
}

// writeWord writes one of our words for people.
func writeWord(word any) string {
	text := strings.ReplaceAll(fmt.Sprint(word), "-", " ")
	if text == "" {
		return "none"
	}
	return text
}

func writeStages(stages []access.Stage) string {
	words := make([]string, len(stages))
	for i, stage := range stages {
		words[i] = string(stage)
	}
	return strings.Join(words, ", ")
}

// writeTrouble writes an error as code and hint, with what a provider's support asks for.
func writeTrouble(e *access.Error) string {
	if e == nil {
		return ""
	}
	text := string(e.Code)
	if e.Status != 0 {
		text += fmt.Sprintf(", status %d", e.Status)
	}
	if e.ProviderCode != "" {
		text += ", " + e.ProviderCode
	}
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	if e.RequestID != "" {
		text += " [request " + e.RequestID + "]"
	}
	return text
}
