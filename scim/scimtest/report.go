package scimtest

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Report is what a run found.
type Report struct {
	BaseURL  string
	Features []Feature // what the service provider advertises, sorted
	Results  []Result  // in the order of [Cases]
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
}

// Outcome is how a case ended.
type Outcome string

// The outcomes.
const (
	Passed   Outcome = "pass"
	Failed   Outcome = "fail"
	Skipped  Outcome = "skip"   // not asked
	Excepted Outcome = "except" // failed, as [Options.Except] says
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

// String is the text of [Report.WriteTo].
func (r *Report) String() string {
	var b strings.Builder
	_, _ = r.WriteTo(&b) // a Builder takes everything
	return b.String()
}

// WriteTo writes the failures, the exceptions, what was not asked and a line
// of totals. Its form is for people and may change.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	count := map[Outcome]int{}
	var reasons []string
	skipped := map[string]int{}
	for _, x := range r.Results {
		count[x.Outcome]++
		switch x.Outcome {
		case Failed, Excepted:
			fmt.Fprintln(&b, x.String())
		case Skipped:
			if skipped[x.Reason]++; skipped[x.Reason] == 1 {
				reasons = append(reasons, x.Reason)
			}
		}
	}
	for _, reason := range reasons {
		fmt.Fprintf(&b, "not asked: %d, %s\n", skipped[reason], reason)
	}
	for _, path := range r.Left {
		fmt.Fprintf(&b, "left behind: %s\n", path)
	}
	fmt.Fprintf(&b, "%d passed, %d failed, %d excepted, %d not asked", count[Passed], count[Failed], count[Excepted], count[Skipped])
	for _, level := range []Level{Must, Should, May, Entra, Okta} {
		if n := len(r.Failed(level)); n > 0 {
			fmt.Fprintf(&b, "; %s failed: %d", level, n)
		}
	}
	b.WriteByte('\n')
	n, err := io.WriteString(w, b.String())
	return int64(n), err
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
