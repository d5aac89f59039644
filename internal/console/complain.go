package console

import (
	"fmt"
	"io"
	"strings"

	"github.com/killsignal/killsignal/access"
)

// Complain writes an error for a person: "program: what went wrong", and a line
// "hint: what to do" where there is one. An error that holds several is written as
// several. The error's own text never holds personal data, so neither does this.
func Complain(out io.Writer, program string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			Complain(out, program, err)
		}
		return
	}
	text, hint := err.Error(), ""
	if e := access.AsError(err, ""); e.Hint != "" {
		hint = e.Hint
		text = strings.TrimSuffix(text, ": "+hint)
	}
	fmt.Fprintf(out, "%s: %s\n", program, text)
	if hint != "" {
		fmt.Fprintf(out, "hint: %s\n", hint)
	}
}
