package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/plan"
)

// How long a drive may take when nothing else bounds it, and how long work in hand may
// go on after a cancel.
const (
	systemTime    = 90 * time.Second
	finishingTime = 5 * time.Second
)

// DriveWave takes the subject through the stages on all systems at once, each read,
// acted on and read back, within the budget. What is not done by then is in the
// result as running, for DriveSystem to go on with. It heartbeats the systems that
// are finished, so that a second attempt drives only the others.
func (a *Activities) DriveWave(ctx context.Context, in DriveInput) (DriveResult, error) {
	lines := &lines{done: map[string]line{}}
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &lines.done); err != nil {
			lines.done = map[string]line{} // drive all again: every act may be repeated
		}
	}
	stop := beat(ctx, lines.finished)
	defer stop()
	if err := a.drive(ctx, in, in.Budget, lines); err != nil {
		return DriveResult{}, err
	}
	return lines.result(in), nil
}

// DriveSystem is DriveWave for one system, without end: trouble that may heal is
// an error, which Temporal retries for as long as it takes; trouble that needs a
// person is in the result. A lock that holds is in the result too, whatever trouble
// came after it, and so is a lock that a second read had to repeat: what is left is
// then running, and driven by itself.
func (a *Activities) DriveSystem(ctx context.Context, in DriveInput) (DriveResult, error) {
	lines := &lines{done: map[string]line{}}
	stop := beat(ctx, lines.finished)
	defer stop()
	if err := a.drive(ctx, in, systemTime, lines); err != nil {
		return DriveResult{}, err
	}
	for _, line := range lines.done {
		if line.Error != nil && line.Error.Code.Transient() && !line.locked() && line.Residual.IsZero() {
			// Only who asked for a cancel is answered with one: a worker that stops, or
			// that has lost the server, leaves a try that another makes again.
			if temporal.IsCanceledError(context.Cause(ctx)) {
				return DriveResult{}, temporal.NewCanceledError()
			}
			return DriveResult{}, temporalError(line.Error)
		}
	}
	return lines.result(in), nil
}

// drive drives every system that is not finished yet, each in its own goroutine.
func (a *Activities) drive(ctx context.Context, in DriveInput, limit time.Duration, lines *lines) error {
	subject, err := a.subject(ctx, in)
	if err != nil {
		return temporalError(err)
	}
	ctx, cancel := finishing(ctx, limit)
	defer cancel()
	job := connectors.Job{Case: in.Case, Subject: subject, Stages: in.Stages}
	var wait sync.WaitGroup
	for _, name := range in.Systems {
		if lines.has(name) {
			continue
		}
		wait.Go(func() {
			system, ok := a.Systems[name]
			if !ok {
				lines.set(name, line{Error: &access.Error{Code: access.Unavailable, System: name, Op: "drive",
					Hint: "this worker's configuration does not name the system"}})
				return
			}
			lines.set(name, lineOf(system.Drive(ctx, job)))
		})
	}
	wait.Wait()
	return nil
}

// finishing returns a context with the limit as its deadline that, when ctx ends
// earlier, goes on for a moment: what is in hand is finished, so that its receipt
// tells the truth.
func finishing(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(finishingTime, cancel)
		context.AfterFunc(detached, func() { timer.Stop() })
	})
	return detached, func() { stop(); cancel() }
}

// line is how one system ended: a letter for each stage it took part in.
type line struct {
	Letters  map[access.Stage]string `json:"l,omitempty"`
	Error    *access.Error           `json:"e,omitempty"`
	Residual time.Time               `json:"r,omitzero"`
	LockedAt time.Time               `json:"k,omitzero"`
}

func lineOf(progress connectors.Progress) line {
	l := line{Letters: map[access.Stage]string{}}
	for _, cell := range progress.Cells {
		l.Letters[cell.Stage] = string(plan.Letter(cell.Disposition))
		if cell.Error != nil && (l.Error == nil || !l.Error.Code.Transient()) {
			l.Error = cell.Error
		}
		if r := cell.Residual; r != nil && r.Until.After(l.Residual) {
			l.Residual = r.Until
		}
	}
	for _, receipt := range progress.Receipts {
		locked := receipt.Stage == access.Lock && !receipt.Disposition.Open() || receipt.Residual != nil // a second read locks again
		if locked && receipt.DoneAt.After(l.LockedAt) {
			l.LockedAt = receipt.DoneAt
		}
	}
	return l
}

// locked tells whether the drive has shown the account locked or gone.
func (l line) locked() bool {
	letter := l.Letters[access.Lock]
	return letter == string(plan.Letter(access.Verified)) || letter == string(plan.Letter(access.Gone))
}

// lines collects how systems ended.
type lines struct {
	mu   sync.Mutex
	done map[string]line
}

func (l *lines) has(system string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.done[system]
	return ok
}

func (l *lines) set(system string, one line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[system] = one
}

// finished returns the systems on which nothing is left to try.
func (l *lines) finished() any {
	l.mu.Lock()
	defer l.mu.Unlock()
	finished := map[string]line{}
	for system, one := range l.done {
		if one.Error == nil || !one.Error.Code.Transient() {
			finished[system] = one
		}
	}
	return finished
}

func (l *lines) result(in DriveInput) DriveResult {
	l.mu.Lock()
	defer l.mu.Unlock()
	result := DriveResult{Rows: map[access.Stage]string{}}
	outlives, any := make([]byte, len(in.Systems)), false
	for i, name := range in.Systems {
		one := l.done[name]
		for _, stage := range in.Stages {
			letter := one.Letters[stage]
			if letter == "" && one.Letters == nil {
				letter = string(plan.Letter(access.Running))
			} else if letter == "" {
				letter = string(plan.Letter(""))
			}
			result.Rows[stage] += letter
		}
		outlives[i] = '.'
		if !one.Residual.IsZero() {
			outlives[i], any = 'o', true
		}
		if one.Residual.After(result.ResidualUntil) {
			result.ResidualUntil = one.Residual
		}
		if one.LockedAt.After(result.LockedAt) {
			result.LockedAt = one.LockedAt
		}
		if one.Error != nil {
			why := *one.Error
			why.System = name
			result.Open = append(result.Open, why)
		}
	}
	if any {
		result.Outlives = string(outlives)
	}
	return result
}
