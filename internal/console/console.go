// Package console draws cases for people: grids, progress and durations, in colour
// on a terminal and in plain lines elsewhere.
package console

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/killsignal/killsignal/access"
)

// Style is how to draw.
type Style struct {
	Colours bool
	// Rows is how many systems a grid shows one by one. One with more shows counts,
	// and those systems that are not done. 0 is all.
	Rows int
}

// IsTerminal tells whether a person is at the other end.
func IsTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// StyleOf is the style for a file: colours on a terminal only, and never when
// NO_COLOR is set (https://no-color.org) or the terminal is dumb; as many rows as
// the terminal is high, less what stands around a grid.
func StyleOf(f *os.File) Style {
	if !IsTerminal(f) {
		return Style{}
	}
	s := Style{Colours: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", Rows: 12}
	if _, height, err := term.GetSize(int(f.Fd())); err == nil && height > 24 {
		s.Rows = height - 12
	}
	return s
}

// paint colours a word by what it means.
func (s Style) paint(word string, d access.Disposition) string {
	if !s.Colours {
		return word
	}
	code := ""
	switch d {
	case access.Verified, access.Gone:
		code = "32"
	case access.Vouched, access.Excepted:
		code = "33"
	case access.Running:
		code = "36"
	case access.Manual:
		code = "1;31"
	case access.Pending:
		code = "2"
	default:
		return word
	}
	return "\x1b[" + code + "m" + word + "\x1b[0m"
}

// Screen draws a picture again and again in the same place of a terminal.
type Screen struct {
	out   io.Writer
	lines int
}

// NewScreen draws to a terminal.
func NewScreen(out io.Writer) *Screen { return &Screen{out: out} }

// Draw replaces the last picture. Lines that are wider than the terminal are cut, so
// that a picture has as many lines as it looks; its height must fit.
func (s *Screen) Draw(picture string) error {
	var b strings.Builder
	if s.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", s.lines)
	}
	b.WriteString("\x1b[?7l" + picture + "\x1b[?7h") // no wrapping while it is drawn
	s.lines = strings.Count(picture, "\n")
	if _, err := io.WriteString(s.out, b.String()); err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	return nil
}
