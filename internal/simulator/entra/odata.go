package entra

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// object is a Graph object as it goes over the wire.
type object map[string]any

// call is one request to Graph, answered exactly once.
type call struct {
	*Tenant
	w  http.ResponseWriter
	r  *http.Request
	id string
}

// graph authenticates a request and serves it with the tenant locked.
func (t *Tenant) graph(w http.ResponseWriter, r *http.Request, serve func(*call)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &call{Tenant: t, w: w, r: r, id: t.newID()}
	w.Header().Set("request-id", c.id)
	w.Header().Set("client-request-id", c.id)
	if !t.authenticated(c) {
		return
	}
	if t.throttled > 0 {
		t.throttled--
		if t.wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(t.wait.Seconds())))
		}
		w.Header().Set("x-ms-throttle-limit-percentage", "1.0")
		w.Header().Set("x-ms-throttle-scope", "Tenant_Application/ReadWrite/"+t.options.ClientID+"/"+t.options.TenantID)
		w.Header().Set("x-ms-throttle-information", "ResourceUnitLimitExceeded")
		c.refuse(http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
		return
	}
	query := r.URL.Query()
	advanced := query.Get("$count") == "true" || query.Has("$search") ||
		strings.Contains(query.Get("$filter"), " ne ") || strings.Contains(query.Get("$filter"), "endsWith(")
	if advanced && r.Header.Get("ConsistencyLevel") != "eventual" {
		c.refuse(http.StatusBadRequest, "Request_UnsupportedQuery",
			"The request uses advanced query parameters, which need the header ConsistencyLevel: eventual.")
		return
	}
	serve(c)
}

// may tells whether the application has all permissions, and refuses otherwise.
func (c *call) may(permissions ...string) bool {
	for _, p := range permissions {
		if c.denied[p] {
			c.refuse(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
			return false
		}
	}
	return true
}

// refuse answers with an OData error.
func (c *call) refuse(status int, code, message string) {
	c.answer(status, object{"error": object{"code": code, "message": message, "innerError": object{
		"date": c.now().Format("2006-01-02T15:04:05"), "request-id": c.id, "client-request-id": c.id}}})
}

func (c *call) notFound(id string) {
	c.refuse(http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

func (c *call) bad(message string) { c.refuse(http.StatusBadRequest, "Request_BadRequest", message) }

func (c *call) answer(status int, body object) {
	c.w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	c.w.WriteHeader(status)
	json.NewEncoder(c.w).Encode(body)
}

func (c *call) done() { c.w.WriteHeader(http.StatusNoContent) }

// body reads a JSON object, compressed or not. It answers 400 to anything else.
func (c *call) body() (map[string]json.RawMessage, bool) {
	var reader io.Reader = c.r.Body
	if c.r.Header.Get("Content-Encoding") == "gzip" {
		unzip, err := gzip.NewReader(c.r.Body)
		if err != nil {
			c.refuse(http.StatusBadRequest, "BadRequest", "Unable to read the request payload.")
			return nil, false
		}
		reader = unzip
	}
	var members map[string]json.RawMessage
	if err := json.NewDecoder(reader).Decode(&members); err != nil || members == nil {
		c.refuse(http.StatusBadRequest, "BadRequest", "Unable to read JSON request payload.")
		return nil, false
	}
	return members, true
}

// list answers with one page of rows.
func (c *call) list(context string, rows []object) {
	query := c.r.URL.Query()
	size := c.pageSize
	if top := query.Get("$top"); top != "" {
		n, err := strconv.Atoi(top)
		if err != nil || n < 1 || n > 999 {
			c.bad("Invalid page size specified: '" + top + "'. Must be between 1 and 999 inclusive.")
			return
		}
		size = min(size, n)
	}
	from := 0
	if token := query.Get("$skiptoken"); token != "" {
		// The token is the id of the last row that was shown, so that no row is
		// skipped when one before it goes.
		last, _ := base64.RawURLEncoding.DecodeString(token)
		from = 1 + slices.IndexFunc(rows, func(row object) bool { return row["id"] == string(last) })
		if from == 0 {
			c.refuse(http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired.")
			return
		}
	}
	to := min(from+size, len(rows))
	body := object{"@odata.context": c.root() + "/v1.0/$metadata#" + context, "value": append([]object{}, rows[from:to]...)}
	if to < len(rows) {
		query.Set("$skiptoken", base64.RawURLEncoding.EncodeToString(fmt.Append(nil, rows[to-1]["id"])))
		body["@odata.nextLink"] = c.root() + c.r.URL.EscapedPath() + "?" + query.Encode()
	}
	c.answer(http.StatusOK, body)
}

// root returns the address under which the client sees the tenant.
func (c *call) root() string { return root(c.r) }

func root(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: r.Host}).String()
}

// choose keeps the members that $select names, or else those in usual.
func (c *call) choose(whole object, usual ...string) object {
	names := usual
	if selected := c.r.URL.Query().Get("$select"); selected != "" {
		names = strings.Split(selected, ",")
	}
	chosen := object{}
	for _, name := range append(names, "@odata.type", "id") {
		if value, ok := whole[strings.TrimSpace(name)]; ok {
			chosen[strings.TrimSpace(name)] = value
		}
	}
	return chosen
}

// clausePattern takes a clause from a filter: a member and its value, or a
// collection, the two names of its range variable, and its value.
var clausePattern = regexp.MustCompile(`^(?:(\w+) eq '((?:[^']|'')*)'|(\w+/any)\((\w+):(\w+) eq '((?:[^']|'')*)'\))(?: or |$)`)

// matcher reads a $filter of the form "a eq 'x' or b/any(i:i eq 'y')" over the
// allowed members, of which collections are written as "b/any". Anything else is
// refused with 400.
func (c *call) matcher(allowed ...string) (func(object) bool, bool) {
	type clause struct{ member, value string }
	var clauses []clause
	filter := c.r.URL.Query().Get("$filter")
	for rest := filter; rest != ""; {
		found := clausePattern.FindStringSubmatch(rest)
		if found == nil || found[4] != found[5] || !slices.Contains(allowed, found[1]+found[3]) || len(clauses) == 15 {
			c.refuse(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause.")
			return nil, false
		}
		clauses = append(clauses, clause{strings.TrimSuffix(found[1]+found[3], "/any"), strings.ReplaceAll(found[2]+found[6], "''", "'")})
		rest = rest[len(found[0]):]
	}
	return func(row object) bool {
		for _, clause := range clauses {
			values, _ := row[clause.member].([]string)
			if value, single := row[clause.member].(string); single {
				values = []string{value}
			}
			if slices.ContainsFunc(values, func(value string) bool { return strings.EqualFold(value, clause.value) }) {
				return true
			}
		}
		return len(clauses) == 0
	}, true
}
