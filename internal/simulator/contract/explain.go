package contract

import (
	"errors"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// explain turns validation errors into words without the values, which may be
// personal data.
func explain(err error) []string {
	if err == nil {
		return nil
	}
	if several, ok := err.(openapi3.MultiError); ok {
		var problems []string
		for _, e := range several {
			problems = append(problems, explain(e)...)
		}
		return problems
	}
	where := ""
	if e, ok := errors.AsType[*openapi3filter.RequestError](err); ok {
		switch {
		case e.Parameter != nil:
			where = fmt.Sprintf("%s parameter %q: ", e.Parameter.In, e.Parameter.Name)
		case e.RequestBody != nil:
			where = "body: "
		}
		if e.Err == nil {
			return []string{where + e.Reason}
		}
	}
	if e, ok := errors.AsType[*openapi3filter.ResponseError](err); ok && e.Err == nil {
		return []string{e.Reason}
	}
	var problems []string
	for _, f := range faults(err, "") {
		problems = append(problems, fmt.Sprintf("%s%s: %s (%s)", where, f.at, f.error.Reason, f.error.SchemaField))
	}
	if problems == nil {
		problems = []string{where + plain(err)}
	}
	return problems
}

// plain is the text of an error that is not about a schema. That of a value that
// cannot be decoded would repeat the value.
func plain(err error) string {
	if _, ok := errors.AsType[*openapi3filter.ParseError](err); ok {
		return "it cannot be decoded"
	}
	if inner := errors.Unwrap(err); inner != nil {
		err = inner
	}
	return err.Error()
}

// fault is one schema error and where in the value it is.
type fault struct {
	at    string
	error *openapi3.SchemaError
}

// faults collects the innermost schema errors in a tree: "does not match allOf"
// helps nobody.
func faults(err error, at string) []fault {
	switch e := err.(type) {
	case nil:
		return nil
	case *openapi3.SchemaError:
		for _, step := range e.JSONPointer() {
			at += "/" + step
		}
		if inner := faults(e.Origin, at); len(inner) > 0 {
			return inner
		}
		return []fault{{at, e}}
	case openapi3.MultiError:
		var all []fault
		for _, part := range e {
			all = append(all, faults(part, at)...)
		}
		return all
	}
	return faults(errors.Unwrap(err), at)
}
