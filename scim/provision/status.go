package provision

import (
	"context"
	"errors"
	"time"
)

// JobCode is the state of a job, spelled as Microsoft Graph's
// synchronizationStatus has it.
type JobCode string

// The states of a job.
const (
	JobNotRun     JobCode = "NotRun"
	JobActive     JobCode = "Active"
	JobPaused     JobCode = "Paused"
	JobQuarantine JobCode = "Quarantine"
	JobDisabled   JobCode = "Disabled" // 28 days in quarantine; Graph has it as the state of the schedule
)

// JobStatus is the state of a job in the shape of Microsoft Graph's
// synchronizationStatus.
type JobStatus struct {
	Code                               JobCode        `json:"code"`
	Running                            bool           `json:"running"` // a cycle began and has not ended, or was killed
	Interval                           string         `json:"interval"`
	NextCycle                          time.Time      `json:"nextCycle,omitzero"`
	CountSuccessiveCompleteFailures    int            `json:"countSuccessiveCompleteFailures"`
	EscrowsPruned                      int            `json:"escrowsPruned"`
	LastExecution                      *Execution     `json:"lastExecution,omitempty"`
	LastSuccessfulExecution            *Execution     `json:"lastSuccessfulExecution,omitempty"`
	LastSuccessfulExecutionWithExports *Execution     `json:"lastSuccessfulExecutionWithExports,omitempty"`
	Quarantine                         *Quarantine    `json:"quarantine,omitempty"`
	SteadyStateFirstAchieved           time.Time      `json:"steadyStateFirstAchievedTime,omitzero"`
	SteadyStateLastAchieved            time.Time      `json:"steadyStateLastAchievedTime,omitzero"`
	SynchronizedEntryCountByType       map[string]int `json:"synchronizedEntryCountByType"`
}

// Execution is one cycle in a [JobStatus], as Microsoft Graph's
// synchronizationTaskExecution has it.
type Execution struct {
	ActivityIdentifier string    `json:"activityIdentifier"`
	State              string    `json:"state"` // "Succeeded", "Failed" or "EntryLevelErrors"
	TimeBegan          time.Time `json:"timeBegan"`
	TimeEnded          time.Time `json:"timeEnded"`
	CountImported      int       `json:"countImported"`
	CountExported      int       `json:"countExported"` // objects that were written
	CountExports       int       `json:"countExports"`  // requests that wrote
	CountEscrowed      int       `json:"countEscrowed"`
	Error              *Failure  `json:"error,omitempty"`
}

// statusRow is what is remembered for a [JobStatus].
type statusRow struct {
	Failures     int         `json:"failures,omitzero"`
	Pruned       int         `json:"pruned,omitzero"`
	Last         *Execution  `json:"last,omitempty"`
	LastGood     *Execution  `json:"lastGood,omitempty"`
	LastExports  *Execution  `json:"lastExports,omitempty"`
	SteadyFirst  time.Time   `json:"steadyFirst,omitzero"`
	SteadyLast   time.Time   `json:"steadyLast,omitzero"`
	SourceFailed time.Time   `json:"sourceFailed,omitzero"` // since when
	Quarantine   *Quarantine `json:"quarantine,omitempty"`
	Disabled     bool        `json:"disabled,omitzero"`
	Deletes      []dayDelete `json:"deletes,omitempty"` // of the last 24 hours
}

// dayDelete is how many accounts a cycle disabled and deleted.
type dayDelete struct {
	Time time.Time `json:"time"`
	N    int       `json:"n"`
}

// today returns how many accounts were disabled and deleted in the 24 hours
// before now.
func (s *statusRow) today(now time.Time) int {
	n := 0
	for _, d := range s.Deletes {
		if age := now.Sub(d.Time); age < 24*time.Hour && age > -24*time.Hour {
			n += d.N
		}
	}
	return n
}

// finish remembers how a cycle ended. A cycle that was stopped goes on when
// the next one begins.
func (r *run) finish(ctx context.Context, job *jobState, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*leaseTime) // also if the cycle was stopped
	defer cancel()
	report := r.rec.report
	fail, references, countErr := r.countEscrow(ctx)
	if countErr != nil {
		return errors.Join(err, countErr)
	}
	managed := r.managed()
	report.Managed, report.Escrowed = managed.Users+managed.Groups, fail+references
	report.Lookups, report.Writes = int(r.target.looked.Load()), int(r.target.wrote.Load())
	job.Status.Deletes = trimDeletes(job.Status.Deletes, r.now, int(r.deletes.Load()))
	if job.Open = stopped(err); !job.Open {
		job.Ended = time.Now()
		job.Status.quarantine(err, r.job.Quarantine.verdict(fail, references, managed.Users+managed.Groups), r.now)
		job.Status.executed(report, err)
	}
	if saveErr := r.saveJob(ctx, job); saveErr != nil {
		return errors.Join(err, saveErr)
	}
	return err
}

// stopped reports whether a cycle did not fail but was stopped.
func stopped(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == CodeCanceled || e.Code == CodePaused || e.Code == CodeStateFailed)
}

func trimDeletes(old []dayDelete, now time.Time, n int) []dayDelete {
	var out []dayDelete
	for _, d := range old {
		if now.Sub(d.Time) < 24*time.Hour {
			out = append(out, d)
		}
	}
	if n > 0 {
		out = append(out, dayDelete{now, n})
	}
	return out
}

func (r *run) countEscrow(ctx context.Context) (fail, references int, err error) {
	err = r.scan(ctx, tableEscrow, "", func(_ string, row []byte) error {
		var esc escrowRow
		if err := decodeRow(row, &esc); err != nil {
			return err
		}
		if esc.Reference {
			references++
		} else {
			fail++
		}
		return nil
	})
	return fail, references, err
}

// executed takes a cycle into the status.
func (s *statusRow) executed(report *Report, err error) {
	x := &Execution{
		ActivityIdentifier: report.ID, State: "Succeeded", TimeBegan: report.Began, TimeEnded: time.Now(),
		CountImported: report.Users.Read + report.Groups.Read,
		CountExported: report.Users.written() + report.Groups.written(),
		CountExports:  report.Writes, CountEscrowed: report.Escrowed,
	}
	s.Last = x
	s.Pruned += report.Pruned
	switch {
	case err != nil:
		f := newFailure("", "", err)
		x.State, x.Error = "Failed", &f
		s.Failures++
		return
	case report.Users.Failed+report.Groups.Failed > 0:
		x.State = "EntryLevelErrors"
	default:
		s.LastGood = x
		if x.CountExports > 0 {
			s.LastExports = x
		}
	}
	s.Failures = 0
	if s.SteadyLast = x.TimeEnded; s.SteadyFirst.IsZero() {
		s.SteadyFirst = x.TimeEnded
	}
}

func (c *Counts) written() int { return c.Created + c.Updated + c.Disabled + c.Deleted + c.References }

// Status returns the state of the job, as the last cycle left it.
func (e *Engine) Status(ctx context.Context) (*JobStatus, error) {
	j := newJournal(e.state, e.job.Name)
	job, err := j.loadJob(ctx)
	if err != nil {
		return nil, err
	}
	if err := j.load(ctx); err != nil {
		return nil, err
	}
	paused, err := j.requested(ctx, rowPause, job)
	if err != nil {
		return nil, err
	}
	s := &job.Status
	out := &JobStatus{
		Code: JobActive, Running: job.Open, Interval: e.interval.String(), NextCycle: job.next(e.interval),
		CountSuccessiveCompleteFailures: s.Failures, EscrowsPruned: s.Pruned,
		LastExecution: s.Last, LastSuccessfulExecution: s.LastGood, LastSuccessfulExecutionWithExports: s.LastExports,
		Quarantine: s.Quarantine, SteadyStateFirstAchieved: s.SteadyFirst, SteadyStateLastAchieved: s.SteadyLast,
		SynchronizedEntryCountByType: map[string]int{User: j.counts.Users, Group: j.counts.Groups},
	}
	switch {
	case s.Disabled:
		out.Code, out.NextCycle = JobDisabled, time.Time{}
	case paused:
		out.Code, out.NextCycle = JobPaused, time.Time{}
	case s.Quarantine != nil:
		out.Code = JobQuarantine
	case job.Began.IsZero():
		out.Code = JobNotRun
	}
	return out, nil
}

// next returns when the next cycle is due; one that has not ended is due at
// once.
func (j *jobState) next(interval time.Duration) time.Time {
	switch {
	case j.Open || j.Began.IsZero():
		return j.Began
	case j.Status.Quarantine != nil:
		return j.Status.Quarantine.NextAttempt
	}
	return j.Began.Add(interval)
}
