package contract

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// description is one API description, ready to find the operation of a request.
type description struct {
	router  routers.Router
	prefix  string // what precedes the described paths
	outside []exemption
}

// exemption is traffic that is right and yet not described.
type exemption struct {
	method string
	path   *regexp.Regexp
	reason string
}

var oktaOutside = []exemption{
	{http.MethodGet, regexp.MustCompile(`^/\.well-known/`), "OpenID discovery is not in the management description"},
}

var graphOutside = []exemption{
	{http.MethodPost, regexp.MustCompile(`^/[^/]+/oauth2/v2\.0/token$`), "the token endpoint belongs to the authority, not to Graph"},
	{http.MethodGet, regexp.MustCompile(`^/[^/]+/v2\.0/\.well-known/openid-configuration$`), "OpenID discovery belongs to the authority"},
	{http.MethodGet, regexp.MustCompile(`^/common/(discovery/instance|v2\.0/)`), "instance discovery belongs to the authority"},
}

// under returns the description with its paths beneath prefix.
func (d *description) under(prefix string, outside []exemption) *description {
	return &description{router: d.router, prefix: prefix, outside: outside}
}

func (d *description) exempt(r *http.Request) bool {
	for _, e := range d.outside {
		if e.method == r.Method && e.path.MatchString(r.URL.EscapedPath()) {
			return true
		}
	}
	return false
}

// operation finds the described operation. The request is changed: its path
// loses the prefix.
func (d *description) operation(r *http.Request) (*routers.Route, map[string]string, error) {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), d.prefix)
	if !ok {
		return nil, nil, routers.ErrPathNotFound
	}
	plain, err := url.PathUnescape(path)
	if err != nil {
		return nil, nil, routers.ErrPathNotFound
	}
	r.URL.Path, r.URL.RawPath = plain, path
	return d.router.FindRoute(r)
}

// loaded keeps one parsed description per file: they are large, and a test
// binary asks for them in every subtest.
var loaded sync.Map // file name -> func() (*description, error)

// load returns the description in the named file; it skips or fails the test
// when there is none.
func load(t testing.TB, file string) *description {
	t.Helper()
	path, err := locate(file)
	if errors.Is(err, os.ErrNotExist) {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the API description %s is absent: contract checks must run in CI", file)
		}
		t.Skipf("the API description %s is not beside this repository: contract checks are skipped", file)
	}
	if err != nil {
		t.Fatalf("find API description: %v", err)
	}
	once, _ := loaded.LoadOrStore(file, sync.OnceValues(func() (*description, error) { return parse(path) }))
	d, err := once.(func() (*description, error))()
	if err != nil {
		t.Fatalf("read API description %s: %v", file, err)
	}
	return d
}

// locate finds ../shared/contracts beside the repository, whose root is the
// nearest folder upwards that holds a go.mod.
func locate(file string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the working folder: %w", os.ErrNotExist)
		}
		dir = parent
	}
	path := filepath.Join(dir, "..", "shared", "contracts", file)
	_, err = os.Stat(path)
	return path, err
}

func parse(path string) (*description, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return nil, err
	}
	doc.Servers = nil // the simulated systems answer on loopback
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, err
	}
	return &description{router: router}, nil
}
