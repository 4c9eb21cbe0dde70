package provision

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"
)

// Rows of tableControl. They are written by whoever controls the job, in any
// process, and only read by the engine that works on it.
const (
	rowPause   = "pause"
	rowRestart = "restart"
	rowDeletes = "deletes"
)

// request is a row of tableControl.
type request struct {
	ID    string  `json:"id"` // what was handled is known by it
	Reset []Reset `json:"reset,omitempty"`
	Allow bool    `json:"allow,omitzero"`
}

// Reset is a part of what a job remembers, spelled as Microsoft Graph's
// synchronizationJobRestartCriteria has it.
type Reset string

// What [Engine.Restart] can reset.
const (
	ResetWatermark  Reset = "Watermark"          // the next cycle reads everything
	ResetEscrows    Reset = "Escrows"            // what failed counts as never tried
	ResetQuarantine Reset = "QuarantineState"    // the job is out of quarantine, and enabled
	ResetLinks      Reset = "ConnectorDataStore" // no account is known as the job's any more
	ResetFull       Reset = "Full"               // all of these
	ForceDeletes    Reset = "ForceDeletes"       // the next cycle may disable and delete any number, but not all
)

// Pause stops the job until [Engine.Resume], in all processes and over
// restarts of them. A cycle that runs is ended after the requests that are
// under way; what it has done is kept.
func (e *Engine) Pause(ctx context.Context) error {
	if err := e.request(ctx, rowPause, &request{}); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.session != nil {
		e.session.pause()
	}
	return nil
}

// Resume ends a pause. The next cycle goes on from the watermark.
func (e *Engine) Resume(ctx context.Context) error {
	rows := map[string]map[string][]byte{tableControl + e.job.Name: {rowPause: nil}}
	return stateError(e.state.Write(ctx, "", 0, rows))
}

// Restart lets the next cycle begin at once with parts of the state reset;
// none is Microsoft's usual three: the watermark, the escrows and the
// quarantine.
func (e *Engine) Restart(ctx context.Context, what ...Reset) error {
	if len(what) == 0 {
		what = []Reset{ResetWatermark, ResetEscrows, ResetQuarantine}
	}
	for _, w := range what {
		switch w {
		case ResetWatermark, ResetEscrows, ResetQuarantine, ResetLinks, ResetFull, ForceDeletes:
		default:
			return &Error{Code: CodeInvalidJob, Detail: "there is no reset of that name"}
		}
	}
	return e.request(ctx, rowRestart, &request{Reset: what})
}

// AllowDeletes lets the next cycle disable and delete the accounts that
// [Engine.Staged] lists. Others still count against the limit.
func (e *Engine) AllowDeletes(ctx context.Context) error {
	return e.request(ctx, rowDeletes, &request{Allow: true})
}

// RejectDeletes leaves the accounts that [Engine.Staged] lists alone, until
// the source has them active again.
func (e *Engine) RejectDeletes(ctx context.Context) error {
	return e.request(ctx, rowDeletes, &request{})
}

func (e *Engine) request(ctx context.Context, name string, req *request) error {
	req.ID = rand.Text()
	row, err := encodeRow(req)
	if err != nil {
		return err
	}
	return stateError(e.state.Write(ctx, "", 0, map[string]map[string][]byte{tableControl + e.job.Name: {name: row}}))
}

// StagedDelete is an account that the limit kept from being disabled or
// deleted.
type StagedDelete struct {
	Type   string
	Key    string
	Reason string
	Delete bool // deleted, not only disabled
}

// Staged calls fn with the accounts that the last cycle would have disabled or
// deleted if they were not more than the job allows. It ends with fn's error.
func (e *Engine) Staged(ctx context.Context, fn func(StagedDelete) error) error {
	j := newJournal(e.state, e.job.Name)
	return j.scan(ctx, tableStaged, "", func(name string, row []byte) error {
		var s stagedRow
		if err := decodeRow(row, &s); err != nil {
			return err
		}
		typ, key := splitLinkKey(name)
		return fn(StagedDelete{typ, key, s.Reason, s.Delete})
	})
}

// requested reports whether there is a request that was not handled yet.
func (j *journal) requested(ctx context.Context, name string, job *jobState) (bool, error) {
	req, err := j.pendingRequest(ctx, name, job)
	return req != nil, err
}

func (j *journal) pendingRequest(ctx context.Context, name string, job *jobState) (*request, error) {
	row, err := j.get(ctx, tableControl, name)
	if err != nil || row == nil {
		return nil, err
	}
	var req request
	if err := decodeRow(row, &req); err != nil || req.ID == job.Handled[name] {
		return nil, err
	}
	return &req, nil
}

// control does what was asked for since the last cycle. Its errors are that
// the job is paused or disabled.
func (r *run) control(ctx context.Context, job *jobState) error {
	for name, handle := range map[string]func(context.Context, *jobState, *request) error{rowRestart: r.restart, rowDeletes: r.decide} {
		req, err := r.pendingRequest(ctx, name, job)
		if err != nil {
			return err
		}
		if req == nil {
			continue
		}
		if err := handle(ctx, job, req); err != nil {
			return err
		}
		if job.Handled == nil {
			job.Handled = map[string]string{}
		}
		job.Handled[name] = req.ID
		if err := r.saveJob(ctx, job); err != nil {
			return err
		}
	}
	paused, err := r.requested(ctx, rowPause, job)
	switch {
	case err != nil || r.rec.plan != nil:
		return err
	case paused:
		return &Error{Code: CodePaused, Detail: "the job is paused: resume it"}
	case job.Status.Disabled:
		return &Error{Code: CodeDisabled, Detail: "the job was 28 days in quarantine: repair what its status says and restart it"}
	}
	return nil
}

// restart resets what was asked for.
func (r *run) restart(ctx context.Context, job *jobState, req *request) error {
	has := func(what Reset) bool {
		return slices.Contains(req.Reset, what) || what != ForceDeletes && slices.Contains(req.Reset, ResetFull)
	}
	if has(ResetEscrows) {
		if err := r.forgetEscrows(ctx); err != nil {
			return err
		}
	}
	if has(ResetLinks) {
		for _, table := range []string{tableLinks, tableTargets, tableMembers, tableWaits, tableLate, tableEscrow, tableAllowed} {
			if err := r.clear(ctx, table, ""); err != nil {
				return err
			}
		}
		all := r.managed()
		if err := r.keep(ctx, change{managed: managed{-all.Users, -all.Groups}}); err != nil {
			return err
		}
		job.Cursor, job.Fingerprint = "", ""
	}
	if has(ResetWatermark) {
		job.Cursor = ""
	}
	if has(ResetQuarantine) {
		job.Status.Quarantine, job.Status.Disabled, job.Status.SourceFailed = nil, false, time.Time{}
	}
	r.force = has(ForceDeletes)
	return nil
}

func (r *run) forgetEscrows(ctx context.Context) error {
	return r.scan(ctx, tableEscrow, "", func(name string, _ []byte) error {
		typ, key := splitLinkKey(name)
		l, err := r.link(ctx, typ, key)
		if err != nil {
			return err
		}
		var c change
		c.remove(tableEscrow, name)
		before := l.managed()
		l.Escrowed = false
		if err := c.setLink(typ, key, l, before); err != nil {
			return err
		}
		return r.keep(ctx, c)
	})
}

// decide allows or rejects what is staged.
func (r *run) decide(ctx context.Context, job *jobState, req *request) error {
	err := r.scan(ctx, tableStaged, "", func(name string, _ []byte) error {
		var c change
		if req.Allow {
			c.put(tableAllowed, name, []byte{})
			return r.keep(ctx, c)
		}
		typ, key := splitLinkKey(name)
		l, err := r.link(ctx, typ, key)
		if err != nil || l.ID == "" {
			return err
		}
		before := l.managed()
		l.Kept = true
		if err := c.setLink(typ, key, l, before); err != nil {
			return err
		}
		return r.keep(ctx, c)
	})
	if err != nil {
		return err
	}
	if q := job.Status.Quarantine; q != nil && q.Reason == TooManyDeletes {
		job.Status.Quarantine = nil
	}
	return nil
}

func (j *journal) loadJob(ctx context.Context) (*jobState, error) {
	job := &jobState{Version: stateVersion}
	row, err := j.get(ctx, tableJob, rowJob)
	if err != nil || row == nil {
		return job, err
	}
	if err := decodeRow(row, job); err != nil {
		return nil, err
	}
	if job.Version != stateVersion {
		return nil, stateError(errors.New("it was written by another version of this library"))
	}
	return job, nil
}

// saveJob writes the job's row, and all that was kept before it.
func (j *journal) saveJob(ctx context.Context, job *jobState) error {
	var c change
	if err := c.row(tableJob, rowJob, job); err != nil {
		return err
	}
	if err := j.keep(ctx, c); err != nil {
		return err
	}
	return j.sync(ctx)
}
