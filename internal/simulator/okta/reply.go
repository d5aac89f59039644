package okta

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// object is a JSON object.
type object map[string]any

// summary is Okta's text for an error code.
// https://developer.okta.com/docs/reference/error-codes/
func summary(code string) string {
	switch code {
	case "E0000001":
		return "Api validation failed"
	case "E0000006":
		return "You do not have permission to perform the requested action"
	case "E0000007":
		return "Not found: Resource not found"
	case "E0000011":
		return "Invalid token provided"
	case "E0000031":
		return "Invalid search criteria."
	case "E0000046":
		return "Deactivate application for user forbidden."
	case "E0000047":
		return "API call exceeded rate limit due to too many requests."
	case "E0000060":
		return "Unsupported operation."
	}
	return "Internal Server Error"
}

// refuse answers with an error in Okta's form.
func refuse(w http.ResponseWriter, status int, code string, causes ...string) {
	all := []object{}
	for _, cause := range causes {
		all = append(all, object{"errorSummary": cause})
	}
	answer(w, status, object{"errorCode": code, "errorSummary": summary(code), "errorLink": code,
		"errorId": "oae" + w.Header().Get("X-Okta-Request-Id")[3:], "errorCauses": all})
}

func notFound(w http.ResponseWriter) { refuse(w, http.StatusNotFound, "E0000007") }

// answer writes a JSON body.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

// page answers with the page of the listing that the request asks for, and links
// to itself and to the next one. most is the size of a page when the request does
// not name one.
func page[T any](o *Org, w http.ResponseWriter, r *http.Request, all []T, id func(T) string, most int, render func(T) object) {
	query := r.URL.Query()
	if n, err := strconv.Atoi(query.Get("limit")); err == nil && n > 0 {
		most = min(most, n)
	}
	if o.options.PageSize > 0 {
		most = min(most, o.options.PageSize)
	}
	start := 0
	if after := query.Get("after"); after != "" {
		for i, item := range all {
			if id(item) == after {
				start = i + 1
			}
		}
	}
	rows, last := []object{}, ""
	for _, item := range all[start:min(start+most, len(all))] {
		rows, last = append(rows, render(item)), id(item)
	}
	w.Header().Add("Link", "<"+here(r, query)+`>; rel="self"`)
	if start+most < len(all) {
		query.Set("after", last)
		w.Header().Add("Link", "<"+here(r, query)+`>; rel="next"`)
	}
	answer(w, http.StatusOK, rows)
}

func here(r *http.Request, query url.Values) string {
	to := *r.URL
	to.RawQuery = query.Encode()
	return base(r) + to.RequestURI()
}

// base is the address under which the client reached the org.
func base(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

func link(href string) object { return object{"href": href} }
