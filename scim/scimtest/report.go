package scimtest

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Report is what a run found.
type Report struct {
	BaseURL  string
	Profile  string // its name
	Sender   Level  // whose cases count as [Must]
	Began    time.Time
	Took     time.Duration
	Features []Feature // what the service provider advertises, sorted
	Results  []Result  // in the order of [Cases]
	// Unused are the exceptions of the profile that no case needed, sorted.
	Unused []string
	// Left are the paths of resources that could not be deleted again, or
	// were not because they did not come back under the name they were given.
	Left []string
}

// Result is what a case found.
type Result struct {
	Case    Case
	Outcome Outcome
	Reason  string   // why the case was skipped or excepted
	Failure *Failure // of a case that failed or is excepted
	Took    time.Duration
}

// Outcome is how a case ended.
type Outcome string

// The outcomes.
const (
	Passed   Outcome = "pass"
	Failed   Outcome = "fail"
	Skipped  Outcome = "skip"   // not asked
	Excepted Outcome = "except" // failed, as [Profile.Except] says
)

// Failure is the first demand of a case that was not met. Got can hold what
// the service provider answered, cut to a few hundred bytes.
type Failure struct {
	Step    int    // 1 is the first
	Request string // method and path, with variables as they stand in the case
	Place   string // "status", a header, or a JSON pointer into the body
	Want    string
	Got     string
}

// Failed returns the results of a level that failed.
func (r *Report) Failed(level Level) []Result {
	return slices.DeleteFunc(slices.Clone(r.Results), func(x Result) bool {
		return x.Outcome != Failed || x.Case.Level != level
	})
}

// Conforms reports whether nothing that must hold failed: no case of level
// [Must] or of the profile's sender. Nor is an exception unused then.
func (r *Report) Conforms() bool {
	return len(r.Failed(Must)) == 0 && (r.Sender == "" || len(r.Failed(r.Sender)) == 0) && len(r.Unused) == 0
}

// Count returns how many cases ended so.
func (r *Report) Count(o Outcome) int {
	n := 0
	for _, x := range r.Results {
		if x.Outcome == o {
			n++
		}
	}
	return n
}

// String is the text of [Report.WriteText].
func (r *Report) String() string {
	var b strings.Builder
	_ = r.WriteText(&b) // a Builder takes everything
	return b.String()
}

// WriteText writes the failures, the exceptions, what was not asked and a line
// of totals. Its form is for people and may change.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, x := range r.Results {
		if x.Outcome == Failed || x.Outcome == Excepted {
			fmt.Fprintln(&b, x.String())
		}
	}
	for _, s := range r.skipped() {
		fmt.Fprintf(&b, "not asked: %d, %s\n", s.Cases, s.Reason)
	}
	for _, what := range r.Unused {
		fmt.Fprintf(&b, "not needed: the exception for %s; take it off the list\n", what)
	}
	for _, path := range r.Left {
		fmt.Fprintf(&b, "left behind: %s\n", path)
	}
	fmt.Fprintf(&b, "%d passed, %d failed, %d excepted, %d not asked", r.Count(Passed), r.Count(Failed), r.Count(Excepted), r.Count(Skipped))
	for _, level := range levels() {
		if n := len(r.Failed(level)); n > 0 {
			fmt.Fprintf(&b, "; %s failed: %d", level, n)
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func levels() []Level { return []Level{Must, Should, May, Entra, Okta} }

// skips is why a number of cases was not asked.
type skips struct {
	Reason string
	Cases  int
}

// skipped returns the reasons in the order of the cases.
func (r *Report) skipped() (out []skips) {
	for _, x := range r.Results {
		if x.Outcome != Skipped {
			continue
		}
		i := slices.IndexFunc(out, func(s skips) bool { return s.Reason == x.Reason })
		if i < 0 {
			i = len(out)
			out = append(out, skips{Reason: x.Reason})
		}
		out[i].Cases++
	}
	return out
}

// String is the result in a few lines.
func (r Result) String() string {
	text := fmt.Sprintf("%s: %s %s (RFC %s)\n  %s", r.Outcome, r.Case.Level, r.Case.ID, r.Case.RFC, r.Case.Explanation)
	if f := r.Failure; f != nil {
		text += fmt.Sprintf("\n  step %d, %s: %s\n  want %s\n  got  %s", f.Step, f.Request, f.Place, f.Want, f.Got)
	}
	if r.Reason != "" {
		text += "\n  " + r.Reason
	}
	return text
}
