package provision

import (
	"errors"
	"time"
)

// Reason says why a job is in quarantine, spelled as Microsoft Graph's
// synchronizationQuarantine has it; the last one is ours.
type Reason string

// The reasons.
const (
	BaseEscrowThreshold       Reason = "EncounteredBaseEscrowThreshold"       // too many objects fail
	TotalEscrowThreshold      Reason = "EncounteredTotalEscrowThreshold"      // too many fail, those included that lack only references
	EscrowProportionThreshold Reason = "EncounteredEscrowProportionThreshold" // too large a part of all fails
	QuarantineException       Reason = "EncounteredQuarantineException"       // the service refuses the credential, fails at everything or is no SCIM service
	TooManyDeletes            Reason = "TooManyDeletes"                       // more would be disabled or deleted than the job allows
	IngestionInterrupted      Reason = "IngestionInterrupted"                 // the source has failed for 6 hours
	TooManyCreates            Reason = "TooManyCreates"                       // more accounts would be made than the job allows
)

// Quarantine says since when and why a job is in quarantine. Its cycles are
// then 6, 12 and 24 hours after the first failure and once a day after that.
// The first cycle that does not fail in the same way ends it; after 28 days
// the job is disabled.
type Quarantine struct {
	CurrentBegan time.Time `json:"currentBegan"` // with this reason
	SeriesBegan  time.Time `json:"seriesBegan"`
	SeriesCount  int       `json:"seriesCount"` // cycles that failed
	NextAttempt  time.Time `json:"nextAttempt"`
	Reason       Reason    `json:"reason"`
	Error        *Failure  `json:"error,omitempty"`
}

// Thresholds say how many failing objects put a job into quarantine.
// Its zero value stands for Microsoft's figures ("Application provisioning in
// quarantine status").
type Thresholds struct {
	Minimum    int     `json:"minimum,omitzero"`    // below it the others are not looked at; 0 is 5,000
	Proportion float64 `json:"proportion,omitzero"` // failing part of all objects; 0 is 0.4
	Base       int     `json:"base,omitzero"`       // objects that fail, but for references; 0 is 40,000
	Total      int     `json:"total,omitzero"`      // objects that fail; 0 is 60,000
}

// verdict returns the reason for a quarantine, "" for none, if of all objects
// some fail, some lack only references, and the rest is well.
func (t Thresholds) verdict(fail, references, well int) Reason {
	or := func(n, otherwise int) int {
		if n == 0 {
			return otherwise
		}
		return n
	}
	proportion := t.Proportion
	if proportion == 0 {
		proportion = 0.4
	}
	switch {
	case fail+references < or(t.Minimum, 5000):
		return ""
	case fail > or(t.Base, 40000):
		return BaseEscrowThreshold
	case fail+references > or(t.Total, 60000):
		return TotalEscrowThreshold
	case float64(fail) > proportion*float64(fail+references+well):
		return EscrowProportionThreshold
	}
	return ""
}

// sourceGrace is how long a source may fail before its job is in quarantine.
const sourceGrace = 6 * time.Hour

// reason returns why the end of a cycle puts the job into quarantine. over is
// what the thresholds say.
func (s *statusRow) reason(err error, over Reason, now time.Time) Reason {
	var e *Error
	if !errors.As(err, &e) {
		return over
	}
	switch e.Code {
	case CodeInvalidCredentials, CodeIncompatible, CodeUnavailable:
		return QuarantineException
	case CodeTooManyDeletes:
		return TooManyDeletes
	case CodeTooManyCreates:
		return TooManyCreates
	case CodeSourceFailed:
		if !s.SourceFailed.IsZero() && now.Sub(s.SourceFailed) >= sourceGrace {
			return IngestionInterrupted
		}
	}
	return ""
}

// quarantine takes the end of a cycle into account.
func (s *statusRow) quarantine(err error, over Reason, now time.Time) {
	var e *Error
	if errors.As(err, &e) && e.Code == CodeSourceFailed {
		if s.SourceFailed.IsZero() {
			s.SourceFailed = now
		}
	} else {
		s.SourceFailed = time.Time{}
	}
	reason := s.reason(err, over, now)
	if reason == "" {
		if err == nil {
			s.Quarantine = nil
		}
		return
	}
	q := s.Quarantine
	if q == nil {
		q = &Quarantine{SeriesBegan: now}
		s.Quarantine = q
	}
	if q.Reason != reason {
		q.CurrentBegan, q.Reason = now, reason
	}
	if q.Error = nil; err != nil {
		f := newFailure("", "", err)
		q.Error = &f
	}
	q.SeriesCount++
	q.NextAttempt = retryTime(q.SeriesBegan, q.SeriesCount, false)
	if !q.NextAttempt.After(now) {
		q.NextAttempt = now.Add(24 * time.Hour)
	}
	s.Disabled = s.Disabled || now.Sub(q.SeriesBegan) >= escrowTime
}
