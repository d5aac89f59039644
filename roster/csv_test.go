package roster_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/roster"
)

const people = `key,name,emails,user_names,employee_number,time_zone,manager,status
P-1042,Ada Marsh,ada.marsh@example.com ada@example.com,amarsh,1042,Europe/Berlin,P-1001,active
P-1043,Ada Marshall,ada.marshall@example.com;shared@example.com,amarshall@corp.example.com,1043,,P-1001,active
P-1044,Bo Lind,shared@example.com,,1044,,,left
`

func open(t *testing.T, text string) (*roster.CSV, string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people.csv")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	r, err := roster.OpenCSV(path)
	return r, path, err
}

func TestResolve(t *testing.T) {
	r, _, err := open(t, people)
	require.NoError(t, err)
	tests := []struct {
		name, text string
		key        access.SubjectKey
		code       access.Code
	}{
		{"an HR key means its person", "P-1042", "P-1042", ""},
		{"a key is taken as it is written", "p-1042", "", access.NotFound},
		{"an e-mail address means its person", "ada@example.com", "P-1042", ""},
		{"the case of an address does not matter", "Ada.Marsh@Example.COM", "P-1042", ""},
		{"a login name in the form of an address does too", "amarshall@corp.example.com", "P-1043", ""},
		{"the beginning of an address means nobody", "ada.marsh@example", "", access.NotFound},
		{"an address of two people is refused", "shared@example.com", "", access.Ambiguous},
		{"a name means nobody", "Ada Marsh", "", access.NotFound},
		{"nothing means nobody", "", "", access.NotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := r.Resolve(t.Context(), test.text)
			require.Equal(t, test.code, access.CodeOf(err))
			require.Equal(t, test.key, s.Key)
		})
	}
	t.Run("a key that two people share is nobody's: by it a system could find the wrong one", func(t *testing.T) {
		r, _, err := open(t, people+"P-1045,Cy Noon,cy@example.com,AMARSH,1044,,,active\n")
		require.NoError(t, err)
		for key, want := range map[access.SubjectKey]access.Subject{
			"P-1042": {Emails: []string{"ada.marsh@example.com", "ada@example.com"}, UserNames: []string{}, EmployeeNumber: "1042"},
			"P-1044": {Emails: []string{}},
			"P-1045": {Emails: []string{"cy@example.com"}, UserNames: []string{}},
		} {
			s, err := r.Subject(t.Context(), key)
			require.NoError(t, err)
			require.Equal(t, want, access.Subject{Emails: s.Emails, UserNames: s.UserNames, EmployeeNumber: s.EmployeeNumber}, string(key))
		}
	})
	t.Run("addresses are separated by spaces, commas or semicolons, and login names by semicolons alone", func(t *testing.T) {
		r, _, err := open(t, "key,emails,user_names\nP-1,\"ada@example.com, a.marsh@example.com;am@example.com\",Ada Marsh; ada.marsh\n")
		require.NoError(t, err)
		s, err := r.Subject(t.Context(), "P-1")
		require.NoError(t, err)
		require.Equal(t, []string{"ada@example.com", "a.marsh@example.com", "am@example.com"}, s.Emails)
		require.Equal(t, []string{"Ada Marsh", "ada.marsh"}, s.UserNames)
	})
	t.Run("a subject carries every key of the person", func(t *testing.T) {
		s, err := r.Subject(t.Context(), "P-1042")
		require.NoError(t, err)
		require.Equal(t, access.Subject{Key: "P-1042", Name: "Ada Marsh", Emails: []string{"ada.marsh@example.com", "ada@example.com"},
			UserNames: []string{"amarsh"}, EmployeeNumber: "1042", TimeZone: "Europe/Berlin", Manager: "P-1001"}, s)
	})
}

func TestBadFiles(t *testing.T) {
	tests := []struct {
		name, text string
		says       []string
	}{
		{"an empty file", "", []string{"line 1"}},
		{"no column of keys", "id,name\nP-1,Ada Marsh\n", []string{"line 1", "no column named key; found: id, name"}},
		{"a person where the columns belong", "P-1,Ada Marsh,ada@example.com\n", []string{"found: …, …, …"}},
		{"the same column twice", "key,name,name\n", []string{"two columns named name"}},
		{"a key twice", "key\nP-1\nP-2\nP-1\n", []string{"line 4", "on line 2 as well"}},
		{"a key that is an address", "key\nada@example.com\n", []string{"line 2", "never an e-mail address"}},
		{"no key", "key,name\n,Ada Marsh\n", []string{"line 2"}},
		{"a time zone that is none", "key,time_zone\nP-1,Berlin\n", []string{"line 2", "IANA"}},
		{"an address that is none", "key,emails\nP-1,ada\n", []string{"line 2", "not an e-mail address"}},
		{"a file that was cut off", strings.TrimSuffix(people, ",left\n"), []string{"line 4", "7 cells", "cut off"}},
		{"a cut inside quotes", "key,name\nP-1,\"Ada", []string{"line 2", "cut off"}},
		{"every bad row at once", "key,time_zone\nP-1,x\nP-2,\nP-3,y\n", []string{"line 2", "line 4"}},
	}
	for _, test := range tests {
		t.Run(test.name+" is refused, with the line and without the person", func(t *testing.T) {
			_, _, err := open(t, test.text)
			require.Equal(t, access.Invalid, access.CodeOf(err))
			for _, part := range test.says {
				require.ErrorContains(t, err, part)
			}
			require.NotContains(t, strings.ToLower(err.Error()), "ada")
		})
	}
	t.Run("a file that is not there is refused", func(t *testing.T) {
		_, err := roster.OpenCSV(filepath.Join(t.TempDir(), "nobody.csv"))
		require.Equal(t, access.Invalid, access.CodeOf(err))
	})
}

func TestChangedFile(t *testing.T) {
	later := time.Now()
	rewrite := func(t *testing.T, path, text string) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		later = later.Add(time.Second)
		require.NoError(t, os.Chtimes(path, later, later))
	}
	t.Run("a new row needs no restart", func(t *testing.T) {
		r, path, err := open(t, people)
		require.NoError(t, err)
		rewrite(t, path, people+"P-1045,Cy Moss,cy@example.com,,,,,active\n")
		s, err := r.Resolve(t.Context(), "cy@example.com")
		require.NoError(t, err)
		require.Equal(t, access.SubjectKey("P-1045"), s.Key)
	})
	t.Run("while the new file is broken, known people are found and others are not called unknown", func(t *testing.T) {
		r, path, err := open(t, people)
		require.NoError(t, err)
		for _, broken := range []string{"key,name\nP-9", ""} {
			rewrite(t, path, broken)
			_, err = r.Subject(t.Context(), "P-1042")
			require.NoError(t, err)
			_, err = r.Subject(t.Context(), "P-9")
			require.Equal(t, access.Unavailable, access.CodeOf(err))
		}
		require.NoError(t, os.Remove(path))
		_, err = r.Subject(t.Context(), "P-9")
		require.Equal(t, access.Unavailable, access.CodeOf(err))
		rewrite(t, path, people)
		_, err = r.Subject(t.Context(), "P-9")
		require.Equal(t, access.NotFound, access.CodeOf(err))
	})
	t.Run("columns may stand in any order, with others between and a mark at the start", func(t *testing.T) {
		r, _, err := open(t, "\ufeffEmails,shoe size,KEY\nada@example.com,38,P-1\n")
		require.NoError(t, err)
		s, err := r.Resolve(t.Context(), "ada@example.com")
		require.NoError(t, err)
		require.Equal(t, access.SubjectKey("P-1"), s.Key)
	})
}
