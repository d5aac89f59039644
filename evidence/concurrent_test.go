package evidence

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
)

func TestFiftyWritersAtOnce(t *testing.T) {
	everyStore(t, func(t *testing.T, s *Store) {
		var group sync.WaitGroup
		results := make([]Case, 50)
		won := make([]bool, 50)
		for i := range results {
			group.Go(func() {
				var err error
				results[i], won[i], err = s.Admit(t.Context(), ada("event-1", fmt.Sprint("run-", i)))
				if err != nil {
					t.Error(err)
				}
				if err := s.Record(t.Context(), receipt(access.Lock, "okta", noon.Add(time.Duration(i)))); err != nil {
					t.Error(err)
				}
				if _, _, err := s.PutReport(t.Context(), "event-1", "interim", []byte("{}"), []byte(fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		winners := 0
		for i := range results {
			require.Equal(t, results[0].FirstRun, results[i].FirstRun, "all are told the same winner")
			if won[i] {
				winners++
				require.Equal(t, fmt.Sprint("run-", i), results[i].FirstRun)
			}
		}
		require.Equal(t, 1, winners)
		receipts, err := s.Receipts(t.Context(), "event-1")
		require.NoError(t, err)
		require.Len(t, receipts, 50)
		names, err := s.list(t.Context(), "", reportsPrefix("event-1"), long)
		require.NoError(t, err)
		require.Len(t, names, 100, "no report took the place of another")
	})
}

func TestTwoStoresOnOneFolder(t *testing.T) {
	root := filepath.Join(t.TempDir(), "evidence")
	a, b := open(t, Options{URL: folderURL(root)}), open(t, Options{URL: folderURL(root)})
	_, _, err := a.Admit(t.Context(), ada("event-1", "run-a"))
	require.NoError(t, err)
	stored, admitted, err := b.Admit(t.Context(), ada("event-1", "run-b"))
	require.NoError(t, err)
	require.False(t, admitted)
	require.Equal(t, "run-a", stored.FirstRun)
}

func BenchmarkRecord(b *testing.B) {
	root := filepath.Join(b.TempDir(), "evidence")
	s, err := Open(b.Context(), Options{URL: folderURL(root)})
	require.NoError(b, err)
	b.Run("one after the other", func(b *testing.B) {
		for i := range b.N {
			require.NoError(b, s.Record(b.Context(), receipt(access.Lock, "okta", noon.Add(time.Duration(b.N*1000+i)))))
		}
	})
	b.Run("thirty at once", func(b *testing.B) {
		b.SetParallelism(15)
		b.RunParallel(func(pb *testing.PB) {
			system := fmt.Sprintf("scim-%p", pb)
			for i := 0; pb.Next(); i++ {
				if err := s.Record(b.Context(), receipt(access.Lock, system, noon.Add(time.Duration(b.N*1000+i)))); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("a case of three hundred systems", func(b *testing.B) {
		for range b.N {
			caseID := fmt.Sprint("event-", time.Now().UnixNano())
			var group sync.WaitGroup
			for wave := range 30 {
				group.Go(func() {
					for i := range 10 {
						in, done := intent(access.Lock, fmt.Sprint("scim-", wave, "-", i), "ACTIVE"), receipt(access.Lock, fmt.Sprint("scim-", wave, "-", i), noon)
						in.Case, done.Case = caseID, caseID
						if _, err := s.Intend(b.Context(), in); err != nil {
							b.Error(err)
						}
						if err := s.Record(b.Context(), done); err != nil {
							b.Error(err)
						}
					}
				})
			}
			group.Wait()
		}
	})
}
