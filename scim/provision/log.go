package provision

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Log writes a provisioning log: a line of JSON for each event, in the shape
// of Microsoft Graph's provisioningObjectSummary. Attribute values are left
// out unless their path is named. It is an [Observer].
type Log struct {
	mu     sync.Mutex
	w      io.Writer
	values []string
	job    string
	n      int
	err    error
}

// LogOptions are the optional settings of a [Log].
type LogOptions struct {
	// Values are the attribute paths of the target whose values are written,
	// such as "active"; "*" is all of them. Of the others only the path is.
	Values []string
}

// NewLog returns a log that writes to w. It does not close it.
func NewLog(w io.Writer, o *LogOptions) *Log {
	l := &Log{w: w}
	if o != nil {
		l.values = slices.Clone(o.Values)
	}
	return l
}

// Err returns the first error of the writer.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// CycleBegan implements [Observer].
func (l *Log) CycleBegan(c Cycle) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.job = c.Job
}

// CycleEnded implements [Observer].
func (l *Log) CycleEnded(*Report, error) {}

// Done implements [Observer].
func (l *Log) Done(e *Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	line, err := json.Marshal(l.entry(e))
	if err == nil {
		_, err = l.w.Write(append(line, '\n'))
	}
	if l.err == nil {
		l.err = err
	}
}

// LogEntry is a line of a [Log]. Its members are those of Microsoft Graph's
// provisioningObjectSummary that an engine knows.
type LogEntry struct {
	ID                   string        `json:"id"`
	ActivityDateTime     time.Time     `json:"activityDateTime"`
	JobID                string        `json:"jobId,omitzero"`
	CycleID              string        `json:"cycleId"`
	ChangeID             string        `json:"changeId"`
	Action               string        `json:"provisioningAction"` // create, update, delete, stagedDelete, disable or other
	DurationMilliseconds int64         `json:"durationInMilliseconds"`
	StatusInfo           LogStatus     `json:"provisioningStatusInfo"`
	Steps                []LogStep     `json:"provisioningSteps"`
	ModifiedProperties   []LogProperty `json:"modifiedProperties"`
	SourceIdentity       LogIdentity   `json:"sourceIdentity"`
	TargetIdentity       LogIdentity   `json:"targetIdentity"`
}

// LogStatus says how the work on an object ended.
type LogStatus struct {
	Status string    `json:"status"` // success, failure, skipped or warning
	Error  *LogError `json:"errorInformation,omitempty"`
}

// LogError says why an object failed or was left out, and what to do.
type LogError struct {
	ErrorCode         string `json:"errorCode"`
	Reason            string `json:"reason"`
	RecommendedAction string `json:"recommendedAction,omitzero"`
}

// LogStep is a step of the work on an object.
type LogStep struct {
	Name        string    `json:"name"`
	Type        string    `json:"provisioningStepType"` // import, scoping, matching, processing, referenceResolution or export
	Status      Status    `json:"status"`
	Description string    `json:"description"`
	Time        time.Time `json:"timestamp"`
}

// LogProperty is an attribute that was written.
type LogProperty struct {
	DisplayName string         `json:"displayName"`
	OldValue    jsontext.Value `json:"oldValue,omitzero"`
	NewValue    jsontext.Value `json:"newValue,omitzero"`
	Redacted    bool           `json:"redacted,omitzero"` // there is a value and it is not shown
}

// LogIdentity is an object on one of the sides.
type LogIdentity struct {
	ID   string `json:"id,omitzero"`
	Type string `json:"identityType"`
}

func (l *Log) entry(e *Event) *LogEntry {
	change := fmt.Sprintf("%s-%d", e.Cycle, l.n)
	out := &LogEntry{
		ID: change, ActivityDateTime: e.Ended, JobID: l.job, CycleID: e.Cycle, ChangeID: change, Action: logAction(e.Action),
		DurationMilliseconds: e.Ended.Sub(e.Began).Milliseconds(), StatusInfo: logStatus(e),
		Steps: []LogStep{}, ModifiedProperties: []LogProperty{},
		SourceIdentity: LogIdentity{e.Key, e.Type}, TargetIdentity: LogIdentity{e.ID, e.Type},
	}
	for _, s := range e.Steps {
		out.Steps = append(out.Steps, LogStep{logStepName(s, e), logStepType(s, e), s.Status, s.Detail, s.Time})
	}
	for _, p := range e.Properties() {
		if shows(l.values, p.Path) {
			out.ModifiedProperties = append(out.ModifiedProperties, LogProperty{DisplayName: p.Path, OldValue: p.Old, NewValue: p.New})
		} else {
			out.ModifiedProperties = append(out.ModifiedProperties, LogProperty{DisplayName: p.Path, Redacted: true})
		}
	}
	return out
}

// shows reports whether the values of a path are among those that are shown.
func shows(values []string, path string) bool {
	return slices.Contains(values, "*") || slices.Contains(values, path)
}

func logAction(a Action) string {
	switch a {
	case Created, Updated, Disabled, Deleted, Staged:
		return string(a)
	case References:
		return string(Updated)
	}
	return "other"
}

func logStatus(e *Event) LogStatus {
	switch e.Action {
	case Failed:
		out := &LogError{ErrorCode: string(CodeInternalServer), Reason: e.Err.Error()}
		var pe *Error
		if errors.As(e.Err, &pe) {
			out.ErrorCode, out.RecommendedAction = string(pe.Code), pe.Code.Advice()
		}
		return LogStatus{"failure", out}
	case Skipped:
		code := "EntrySynchronizationSkipped"
		if e.Reason == reasonRedundant {
			code = reasonRedundant
		}
		return LogStatus{"skipped", &LogError{ErrorCode: code, Reason: e.Reason}}
	case Staged:
		return LogStatus{"warning", &LogError{string(CodeTooManyDeletes), e.Reason, CodeTooManyDeletes.Advice()}}
	}
	return LogStatus{Status: "success"}
}

func logStepName(s Step, e *Event) string {
	switch s.Name {
	case StepImport, StepMatch:
		return "EntryImport"
	case StepScope:
		return "EntrySynchronizationScoping"
	case StepAction:
		switch e.Action {
		case Created:
			return "EntryExportAdd"
		case Updated, Disabled, References:
			return "EntryExportUpdate"
		case Deleted:
			return "EntryExportDelete"
		case Skipped:
			return "EntrySynchronizationSkip"
		}
		return "EntryExport"
	}
	return s.Name
}

func logStepType(s Step, e *Event) string {
	switch s.Name {
	case StepImport:
		return "import"
	case StepScope:
		return "scoping"
	case StepMatch:
		return "matching"
	}
	if e.Action == References || e.reference {
		return "referenceResolution"
	}
	return "export"
}
