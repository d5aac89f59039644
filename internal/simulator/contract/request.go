package contract

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// checkRequest checks one request and leaves it readable. The input is nil when
// no operation is described for it.
func (d *description) checkRequest(r *http.Request) (*openapi3filter.RequestValidationInput, []string) {
	sent, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(sent))
	if err != nil {
		return nil, []string{"the body cannot be read"}
	}
	copied := r.Clone(r.Context())
	body, err := inflate(copied.Header, sent)
	if err != nil {
		return nil, []string{"the body says that it is compressed and is not"}
	}
	copied.Body, copied.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))

	route, params, err := d.operation(copied)
	if err != nil {
		return nil, []string{err.Error()}
	}
	input := &openapi3filter.RequestValidationInput{Request: copied, PathParams: params, Route: route, Options: options()}
	problems := explain(openapi3filter.ValidateRequest(copied.Context(), input))
	problems = append(problems, undeclaredQuery(input)...)
	problems = append(problems, undeclaredMembers(input, body)...)
	return input, problems
}

// inflate undoes a compressed body and takes the mark of it off the header.
func inflate(header http.Header, body []byte) ([]byte, error) {
	if header.Get("Content-Encoding") != "gzip" || len(body) == 0 {
		return body, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	header.Del("Content-Encoding")
	return io.ReadAll(reader)
}
