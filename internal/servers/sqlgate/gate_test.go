package sqlgate_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/internal/servers/sqlgate"
)

func TestShape(t *testing.T) {
	for statement, expected := range map[string][2]string{
		"SELECT 1":                       {http.MethodGet, "select"},
		"  select\n1":                    {http.MethodGet, "select"},
		"BEGIN":                          {http.MethodGet, "begin"},
		"EXPLAIN UPDATE t":               {http.MethodGet, "explain"},
		"":                               {http.MethodGet, "nothing"},
		"COMMIT":                         {http.MethodPost, "commit"},
		"ALTER ROLE r NOLOGIN":           {http.MethodPost, "alter"},
		"KILL USER u":                    {http.MethodPost, "kill"},
		"SELECT pg_terminate_backend(1)": {http.MethodPost, "select"},
	} {
		method, verb := sqlgate.Shape(statement)
		require.Equal(t, expected, [2]string{method, verb}, statement)
	}
}
