package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// tell prints the tables in Markdown.
func tell(out io.Writer, o options, results []result) error {
	synced, err := syncTime(o.dir)
	if err != nil {
		return err
	}
	p := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	p("%d applications: %d answer after %s, one after %s. %d rounds after one to warm up, pause %s, settle time %s.",
		o.apps, o.apps-1, o.fast, o.slow, o.rounds, o.pause, o.settle)
	p("%s, %s/%s, %d processors; fsync of 256 bytes: median %s.\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), synced.Round(10*time.Microsecond))
	p("| row | store | way | all but the slow one verified, ms | × | last lock verified, ms | × | end of the kill, ms | × | closed, ms |")
	p("|---|---|---|---|---|---|---|---|---|---|")
	for _, r := range results {
		script := r.samples[byScript]
		for _, way := range []string{byScript, byKillsignal, byPerSystem} {
			s := r.samples[way]
			p("| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |", r.row.name, r.store, way,
				spread(s, fastVerified), ratio(s, script, fastVerified), spread(s, verified), ratio(s, script, verified),
				spread(s, ended), ratio(s, script, ended), spread(s, closed))
		}
	}
	for _, r := range results {
		if r.disturbed > 0 {
			p("\n%s, %s: %d rounds were made again, because a system was driven twice.", r.row.name, r.store, r.disturbed)
		}
	}
	p("\n| row | store | way | requests | events to the end / in all | KB to the end / in all | billed to the end / in all | upserts | peak memory, MB |")
	p("|---|---|---|---|---|---|---|---|---|")
	for _, r := range results {
		for _, way := range []string{byScript, byKillsignal, byPerSystem} {
			s := r.samples[way]
			p("| %s | %s | %s | %d | %.0f / %.0f | %.1f / %.1f | %.0f / %.0f | %.0f | %.0f |", r.row.name, r.store, way, r.exchanges,
				of(s, func(s sample) int { return s.toEnd.Events }), of(s, func(s sample) int { return s.whole.Events }),
				of(s, func(s sample) int { return s.toEnd.Bytes })/1000, of(s, func(s sample) int { return s.whole.Bytes })/1000,
				of(s, func(s sample) int { return s.toEnd.Billed }), of(s, func(s sample) int { return s.whole.Billed }),
				of(s, func(s sample) int { return s.whole.Upserts }), of(s, func(s sample) int64 { return s.peak })/(1<<20))
		}
	}
	p("\n| store | samples | call to first lock, ms | one no-op begins, ms | × | two no-ops begin, ms | reads by a script, ms | both, ms | × |")
	p("|---|---|---|---|---|---|---|---|---|")
	for _, store := range o.stores {
		var ours, reads, one, two []time.Duration
		for _, r := range results {
			if r.store != store {
				continue
			}
			for _, s := range r.samples[byKillsignal] {
				ours = append(ours, s.firstLock)
			}
			for _, s := range r.samples[byScript] {
				reads = append(reads, s.firstLock)
			}
			one, two = append(one, r.one...), append(two, r.two...)
		}
		both := median(two) + median(reads)
		p("| %s | %d | %s | %s | %.2f | %s | %s | %s | %.2f |", store, len(ours), ms(median(ours)), ms(median(one)),
			float64(median(ours))/float64(median(one)), ms(median(two)), ms(median(reads)), ms(both), float64(median(ours))/float64(both))
	}
	return nil
}

func fastVerified(s sample) time.Duration { return s.fastVerified }
func verified(s sample) time.Duration     { return s.verified }
func ended(s sample) time.Duration        { return s.ended }
func closed(s sample) time.Duration       { return s.closed }

// spread is the median, and the smallest and the largest.
func spread(samples []sample, figure func(sample) time.Duration) string {
	all := figures(samples, figure)
	return fmt.Sprintf("%s (%s-%s)", ms(median(all)), ms(slices.Min(all)), ms(slices.Max(all)))
}

// ratio is the median, the smallest and the largest of the ratios to the script, each
// within its round.
func ratio(samples, script []sample, figure func(sample) time.Duration) string {
	against := figures(script, figure)
	var each []float64
	for i, took := range figures(samples, figure) {
		each = append(each, float64(took)/float64(against[i]))
	}
	return fmt.Sprintf("%.2f (%.2f-%.2f)", median(each), slices.Min(each), slices.Max(each))
}

func of[N int | int64](samples []sample, figure func(sample) N) float64 {
	return float64(median(figures(samples, figure)))
}

func figures[N any](samples []sample, figure func(sample) N) []N {
	var all []N
	for _, s := range samples {
		all = append(all, figure(s))
	}
	return all
}

// median is the middle one, the lower of two.
func median[N int | int64 | float64 | time.Duration](all []N) N {
	sorted := slices.Sorted(slices.Values(all))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)-1)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.0f", float64(d.Microseconds())/1000) }

// syncTime is the median of 200 syncs of a small file.
func syncTime(dir string) (time.Duration, error) {
	file, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, fmt.Errorf("measure fsync: %w", err)
	}
	defer file.Close()
	var all []time.Duration
	for range 200 {
		if _, err := file.Write(make([]byte, 256)); err != nil {
			return 0, fmt.Errorf("measure fsync: %w", err)
		}
		began := time.Now()
		if err := file.Sync(); err != nil {
			return 0, fmt.Errorf("measure fsync: %w", err)
		}
		all = append(all, time.Since(began))
	}
	return median(all), nil
}
