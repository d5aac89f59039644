package contract

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// recorder passes a reply on and keeps a copy of it.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write keeps a copy.
func (r *recorder) Write(content []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(content)
	return r.ResponseWriter.Write(content)
}

// checkReply checks one reply. Members and statuses that are not described are
// fine, and null stands for an absent member, as it does in real replies.
func checkReply(request *openapi3filter.RequestValidationInput, reply *recorder) []string {
	if reply.status == 0 {
		reply.status = http.StatusOK // an empty reply, or none at all
	}
	if reply.status == http.StatusNoContent {
		return nil
	}
	header := reply.Header().Clone()
	body, err := inflate(header, reply.body.Bytes())
	if err != nil {
		return []string{"the body says that it is compressed and is not"}
	}
	err = openapi3filter.ValidateResponse(request.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request,
		Status:                 reply.status,
		Header:                 header,
		Body:                   io.NopCloser(bytes.NewReader(withoutNulls(body))),
		Options:                options(),
	})
	return explain(err)
}

// withoutNulls drops members that are null. What is not JSON is left as it is.
func withoutNulls(body []byte) []byte {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil || decoder.More() {
		return body
	}
	content, err := json.Marshal(prune(value))
	if err != nil {
		return body
	}
	return content
}

func prune(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, member any) bool { return member == nil })
		for name := range v {
			v[name] = prune(v[name])
		}
	}
	return value
}
