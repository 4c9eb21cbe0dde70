package directory

import (
	"context"
	"errors"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

// runInterval is how often [Directory.Run] looks for something to do.
const runInterval = 5 * time.Second

// Run delivers notifications and finishes what crashes left, until ctx ends,
// whose error it returns. A service runs it in a goroutine of its own, in one
// process or in several; failures go to [Options.Logger] and are tried again.
func (d *Directory) Run(ctx context.Context) error {
	ticker := time.NewTicker(runInterval)
	defer ticker.Stop()
	for {
		if err := d.Recover(ctx); err != nil && ctx.Err() == nil {
			d.log.ErrorContext(ctx, "directory: something is not finished", "error", err)
		}
		sent, err := d.Deliver(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.ErrorContext(ctx, "directory: some notifications were not taken", "error", err)
		}
		if sent > 0 {
			d.log.InfoContext(ctx, "directory: notifications were taken", "count", sent)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// Recover finishes or takes back changes that a crash has interrupted on the
// way to the service, in all scopes, and calls [Options.Deactivated] where it
// has not succeeded. What is younger than [Options.CallTimeout] is left to
// the process that works on it. It also removes old records of activity.
func (d *Directory) Recover(ctx context.Context) error {
	var unfinished []*binding
	err := d.inTx(ctx, func(ctx context.Context, q *sidecar) (err error) {
		if err := q.prune(ctx, int64(d.o.ActivityLimit)); err != nil {
			return err
		}
		unfinished, err = q.bindings(ctx, "WHERE (pending IS NOT NULL OR ending IS NOT NULL) AND since <= ? ORDER BY since",
			time.Now().Add(-d.o.CallTimeout).UnixNano())
		return err
	})
	if err != nil {
		return err
	}
	var failures []error
	for _, b := range unfinished {
		if err := d.finish(scim.WithScope(ctx, b.scope), b.id); err != nil && !refused(err) {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}
