package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

// The ways to kill.
const (
	byScript     = "script"
	byKillsignal = "Killsignal"
	byPerSystem  = "activity per system"
)

// sample is one kill, timed from the call.
type sample struct {
	firstLock    time.Duration // the first lock arrived at an application
	fastVerified time.Duration // the last lock was verified, the slow application left out
	verified     time.Duration // the last lock was verified
	ended        time.Duration // whoever kills knew that all was done
	closed       time.Duration // the case was closed, its report written
	toEnd, whole cost
	peak         int64 // bytes of memory of this process at the most; 0 where it cannot be read
}

// result is what was measured of one row on one store.
type result struct {
	row       row
	store     string
	samples   map[string][]sample
	one, two  []time.Duration // until the first and the second of two no-op activities began
	exchanges int             // requests of one kill
	disturbed int             // rounds that were made again, because a system was driven twice
}

// measureRow measures the ways in turn, round by round. The first round warms up.
func measureRow(ctx context.Context, o options, r row, store, address string, fleet *fleetClient) (result, error) {
	measured := result{row: r, store: store, samples: map[string][]sample{}}
	b, closeAll, err := open(ctx, o, r, store, address, fleet)
	if err != nil {
		return measured, err
	}
	defer closeAll()
	for round := 0; round <= o.rounds; {
		whole, err := b.round(ctx, round > 0)
		if err != nil {
			return measured, fmt.Errorf("round %d: %w", round, err)
		}
		if whole.disturbed != "" {
			fmt.Fprintf(os.Stderr, "%s, %s: round %d of %d is made again: %s\n", r.name, store, round, o.rounds, whole.disturbed)
			if measured.disturbed++; measured.disturbed > o.rounds {
				return measured, fmt.Errorf("too many rounds were disturbed: %s", whole.disturbed)
			}
			continue
		}
		fmt.Fprintf(os.Stderr, "%s, %s: round %d of %d\n", r.name, store, round, o.rounds)
		if round++; round == 1 {
			continue // it warmed up: connectors have learnt, connections are open
		}
		for way, s := range whole.samples {
			measured.samples[way] = append(measured.samples[way], s)
		}
		measured.one, measured.two = append(measured.one, whole.one), append(measured.two, whole.two)
		measured.exchanges = whole.exchanges
	}
	return measured, nil
}

// round is every way once.
type round struct {
	samples   map[string]sample
	one, two  time.Duration
	exchanges int
	disturbed string // why a system was driven twice, so that the ways cannot be compared; "" when none was
}

// round kills once in every way. When compared, ways that do not send the same
// requests are an error, unless a system that was driven twice explains it.
func (b *bench) round(ctx context.Context, compared bool) (whole round, err error) {
	whole.samples = map[string]sample{}
	var scripted wire
	for _, way := range []string{byScript, byKillsignal, byPerSystem} {
		s, sent, err := b.sample(ctx, way)
		if err != nil {
			return whole, fmt.Errorf("%s: %w", way, err)
		}
		whole.samples[way] = s
		switch {
		case s.whole.Retries > 0:
			whole.disturbed = s.whole.Why
		case way == byKillsignal && s.whole.Alone > b.alone():
			whole.disturbed = "a system did not finish with its wave"
		case way == byScript:
			scripted, whole.exchanges = sent, sent.total()
		case compared && scripted.differs(sent) != "":
			return whole, fmt.Errorf("%s does not send what the script sends: %s", way, scripted.differs(sent))
		}
	}
	for n, took := range map[int]*time.Duration{1: &whole.one, 2: &whole.two} {
		time.Sleep(b.o.pause)
		if *took, err = b.untilNoOp(ctx, n); err != nil {
			return whole, err
		}
	}
	return whole, nil
}

// alone is how many systems Killsignal drives by themselves when nothing disturbs it.
func (b *bench) alone() int {
	n := 0
	for _, stages := range [][]access.Stage{{access.Lock, access.Revoke}, {access.Verify}} {
		for _, wave := range plan.Waves(b.house.Activities().Planned, stages...) {
			if len(wave.Systems) == 1 {
				n++
			}
		}
	}
	return n
}

// sample kills once, and checks by the side door that it is so.
func (b *bench) sample(ctx context.Context, way string) (s sample, sent wire, err error) {
	if err := b.fleet.anew(ctx); err != nil {
		return s, sent, err
	}
	before, err := b.fleet.state(ctx)
	if err != nil {
		return s, sent, err
	}
	time.Sleep(b.o.pause)
	runtime.GC() // what one way leaves behind is not charged to the next
	resetPeak()
	called := time.Now()
	var ended run
	switch way {
	case byScript:
		err = b.script(ctx)
		ended.ended = time.Now()
		ended.closed = ended.ended
	case byKillsignal:
		ended, err = b.durable(ctx, b.killsignal)
	case byPerSystem:
		ended, err = b.durable(ctx, b.perSystem)
	}
	if err != nil {
		return s, sent, err
	}
	s.peak = peak()
	after, err := b.fleet.state(ctx)
	if err != nil {
		return s, sent, err
	}
	if err := killed(before, after, b.row.takes(access.Revoke)); err != nil {
		return s, sent, err
	}
	sent = wireOf(after.Exchanges, b.o.apps-1)
	s.firstLock, s.fastVerified, s.verified = sent.firstLock.Sub(called), sent.fastVerified.Sub(called), sent.verified.Sub(called)
	s.ended, s.closed, s.toEnd, s.whole = ended.ended.Sub(called), ended.closed.Sub(called), ended.toEnd, ended.whole
	return s, sent, nil
}

func (b *bench) durable(ctx context.Context, start func(context.Context) (string, error)) (run, error) {
	id, err := start(ctx)
	if err != nil {
		return run{}, err
	}
	return b.await(ctx, id)
}

func (w wire) total() int {
	n := 0
	for _, times := range w.sent {
		n += times
	}
	return n
}

// resetPeak has the system forget how much memory this process ever had (Linux).
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200) }

// peak is the most memory that this process has had since, in bytes; 0 where the
// system does not say.
func peak() int64 {
	content, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	return 0
}
