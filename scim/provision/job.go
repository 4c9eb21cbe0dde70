package provision

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/mapping"
)

// Job is a saved connection: everything an administrator sets, and no
// secret. It is read from and written to JSON; [Job.Check] names every
// mistake.
type Job struct {
	// Name tells jobs apart in logs and state. It is required: what a job
	// has done is kept under its name.
	Name string `json:"name"`

	// SyncURL is the endpoint that the service shows, with or without a
	// trailing "/scim".
	SyncURL string `json:"syncUrl"`

	// DataCenter is where the consent was given; "" for a service other
	// than Zoho or one that takes a SCIM token.
	DataCenter datacenter.DC `json:"dataCenter,omitzero"`

	// Credential names where the program that runs the job finds the
	// credential: a key in a token store, a variable. It is not a secret, and
	// the engine does not look at it.
	Credential string `json:"credential,omitzero"`

	// Users is the attribute mapping of users; nil is [mapping.ZohoOneUser].
	Users *mapping.Mapping `json:"users,omitzero"`

	// Groups is the attribute mapping of groups; nil is
	// [mapping.ZohoOneGroup].
	Groups *mapping.Mapping `json:"groups,omitzero"`

	// NoGroups leaves groups and memberships out.
	NoGroups bool `json:"noGroups,omitzero"`

	// Interval is the time from the start of one cycle to the start of the
	// next, such as "40m"; "" is 40 minutes.
	Interval string `json:"interval,omitzero"`

	// Adopt says what happens to an account that is in the target and was
	// not made by this job.
	Adopt Adopt `json:"adopt,omitzero"`

	// MaxDeletes is the most users and groups that one cycle disables or
	// deletes; 0 is the smaller of 500 and a tenth of those with an account,
	// but at least 3. Above it none is, and the job is in quarantine until
	// they are allowed or rejected or the source has them again.
	MaxDeletes int `json:"maxDeletes,omitzero"`

	// MaxDeletesPerDay is the same for any 24 hours; 0 is twice what is the
	// most for one cycle.
	MaxDeletesPerDay int `json:"maxDeletesPerDay,omitzero"`

	// MaxCreates is the most accounts that one cycle makes; 0 is any number.
	// The cycle ends when it is reached, and the job is in quarantine.
	MaxCreates int `json:"maxCreates,omitzero"`

	// Quarantine says how many failing objects put the job into quarantine.
	Quarantine Thresholds `json:"quarantine,omitzero"`

	// Reconcile lets a cycle read each object that the source gives from the
	// target, one request more for each, and puts right what was changed
	// there. Otherwise such a change is not noticed.
	Reconcile bool `json:"reconcile,omitzero"`

	// SkipOutOfScopeDeletions leaves users alone that are no longer in the
	// mapping's scope.
	SkipOutOfScopeDeletions bool `json:"skipOutOfScopeDeletions,omitzero"`

	// Workers is how many objects are in work at once; 0 is 8.
	Workers int `json:"workers,omitzero"`
}

// Adopt says what happens to accounts that are in the target already.
type Adopt string

// The values of [Adopt].
const (
	AdoptNone     Adopt = ""         // they are left alone and reported as a conflict
	AdoptMatching Adopt = "matching" // one that a matching attribute finds is linked and updated
)

// defaultInterval is Entra's and the help page's.
const defaultInterval = 40 * time.Minute

// ParseJob reads a job from JSON. A member that a job does not have is an
// error: a setting that is not taken must not look as if it were.
func ParseJob(data []byte) (*Job, error) {
	var j Job
	if err := json.Unmarshal(data, &j, json.RejectUnknownMembers(true)); err != nil {
		return nil, &Error{Code: CodeInvalidJob, Detail: "the job is not valid JSON of its form", Err: err}
	}
	return &j, j.Check()
}

// Check returns what is wrong with the job, or nil. The mappings are checked
// when an engine is made.
func (j *Job) Check() error {
	bad := func(place, format string, args ...any) error {
		return &Error{Code: CodeInvalidJob, Detail: place + ": " + fmt.Sprintf(format, args...)}
	}
	if _, err := j.interval(); err != nil {
		return bad("interval", "%q is not a time of at least a second such as 40m", j.Interval)
	}
	switch {
	case j.Name == "":
		return bad("name", "give the job a name: its state is kept under it")
	case j.Adopt != AdoptNone && j.Adopt != AdoptMatching:
		return bad("adopt", "%q is not %q", j.Adopt, AdoptMatching)
	case strings.ContainsFunc(j.Name, unicode.IsControl) || !utf8.ValidString(j.Name) || len(j.Name) > 100:
		return bad("name", "give at most 100 bytes without control characters")
	case j.MaxDeletes < 0 || j.MaxDeletesPerDay < 0 || j.MaxCreates < 0:
		return bad("maxDeletes, maxDeletesPerDay, maxCreates", "a number is negative")
	case j.Quarantine.Minimum < 0 || j.Quarantine.Proportion < 0 || j.Quarantine.Base < 0 || j.Quarantine.Total < 0:
		return bad("quarantine", "a number is negative")
	case j.Workers < 0 || j.Workers > 1000:
		return bad("workers", "give 1 to 1000")
	case j.SyncURL == "":
		return bad("syncUrl", "copy it from the service's settings page")
	}
	if _, err := datacenter.SCIMBaseURL(j.SyncURL); err != nil {
		return &Error{Code: CodeInvalidJob, Detail: "syncUrl", Err: err}
	}
	if j.DataCenter != "" {
		if err := datacenter.Check(j.SyncURL, j.DataCenter); err != nil {
			return &Error{Code: CodeInvalidJob, Detail: "dataCenter", Err: err}
		}
	}
	return nil
}

func (j *Job) interval() (time.Duration, error) {
	if j.Interval == "" {
		return defaultInterval, nil
	}
	d, err := time.ParseDuration(j.Interval)
	if err == nil && d < time.Second {
		err = fmt.Errorf("%s is too short", d)
	}
	return d, err
}

func (j *Job) workers() int {
	if j.Workers == 0 {
		return 8
	}
	return j.Workers
}

// deleteLimit is how many of the linked objects one cycle may take away.
func (j *Job) deleteLimit(linked int) int {
	if j.MaxDeletes > 0 {
		return j.MaxDeletes
	}
	return min(500, max(3, linked/10))
}

// dayLimit is how many one day may take away.
func (j *Job) dayLimit(cycle int) int {
	if j.MaxDeletesPerDay > 0 {
		return j.MaxDeletesPerDay
	}
	return 2 * cycle
}
