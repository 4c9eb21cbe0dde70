package provision

import (
	"context"
	"errors"
	"time"
)

// pollTime is how often the loop looks whether the job was paused, resumed or
// restarted. While another process works on it, that is done as often as a
// lease can end.
const pollTime = time.Minute

// Run is the loop: it runs a cycle when one is due, until its context ends,
// and returns the context's error. The next cycle is due an interval after
// the begin of the last one, also if that was in another process; at once
// after one that took longer, was killed, or if there was none; and seldom in
// quarantine. A cycle that fails does not end the loop. Several processes may
// run the loop of one job: one works, the others wait for its lease.
func (e *Engine) Run(ctx context.Context) error {
	for {
		wait, err := e.untilNext(ctx)
		if wait <= 0 || err != nil {
			_, err = e.Cycle(ctx)
			wait = 0
			if errors.Is(err, ErrRunning) {
				wait = leaseTime
			} else if errors.Is(err, ErrPaused) || errors.Is(err, ErrStateFailed) {
				wait = pollTime
			}
		}
		timer := time.NewTimer(min(wait, pollTime))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// untilNext returns how long it is until a cycle is due.
func (e *Engine) untilNext(ctx context.Context) (time.Duration, error) {
	j := newJournal(e.state, e.job.Name)
	job, err := j.loadJob(ctx)
	if err != nil {
		return 0, err
	}
	if paused, err := j.requested(ctx, rowPause, job); err != nil || paused {
		return pollTime, err
	}
	for _, name := range []string{rowRestart, rowDeletes} {
		if asked, err := j.requested(ctx, name, job); err != nil || asked {
			return 0, err
		}
	}
	if job.Status.Disabled {
		return pollTime, nil
	}
	wait := time.Until(job.next(e.interval))
	longest := e.interval
	if job.Status.Quarantine != nil {
		longest = max(longest, 24*time.Hour)
	}
	if wait > longest { // the clock was set back
		wait = 0
	}
	return wait, nil
}
