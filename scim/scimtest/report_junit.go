package scimtest

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"time"
)

// The form of JUnit's XML that build servers read: a suite for each group of
// cases, which is the first part of their IDs.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`

		took time.Duration
	}
	junitCase struct {
		Class   string    `xml:"classname,attr"`
		Name    string    `xml:"name,attr"`
		Time    string    `xml:"time,attr"`
		Failure *junitEnd `xml:"failure"`
		Skipped *junitEnd `xml:"skipped"`
	}
	junitEnd struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as JUnit XML: a test case for each case, with a
// failure if it failed, and skipped if it was not asked or is excepted. An
// exception that nothing needed is a failure of its own.
func (r *Report) WriteJUnit(w io.Writer) error {
	out := junitSuites{Name: "scimtest " + r.BaseURL, Time: seconds(r.Took)}
	index := map[string]int{}
	add := func(name string, c junitCase, took time.Duration) {
		i, ok := index[name]
		if !ok {
			i = len(out.Suites)
			index[name] = i
			out.Suites = append(out.Suites, junitSuite{Name: name, Timestamp: r.Began.UTC().Format("2006-01-02T15:04:05")})
		}
		s := &out.Suites[i]
		s.Tests++
		out.Tests++
		if c.Failure != nil {
			s.Failures++
			out.Failures++
		}
		if c.Skipped != nil {
			s.Skipped++
			out.Skipped++
		}
		s.took += took
		s.Time = seconds(s.took)
		s.Cases = append(s.Cases, c)
	}
	for _, x := range r.Results {
		group, _, _ := strings.Cut(x.Case.ID, "/")
		add(group, junitResult(&x), x.Took)
	}
	for _, what := range r.Unused {
		end := &junitEnd{Message: "nothing needs this exception", Type: "exception"}
		add("exceptions", junitCase{Class: "scimtest.exceptions", Name: what, Time: seconds(0), Failure: end}, 0)
	}
	data, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(data)+"\n")
	return err
}

func junitResult(x *Result) junitCase {
	group, _, _ := strings.Cut(x.Case.ID, "/")
	c := junitCase{Class: "scimtest." + group, Name: x.Case.ID, Time: seconds(x.Took)}
	switch x.Outcome {
	case Failed:
		c.Failure = &junitEnd{Message: x.Case.Explanation, Type: string(x.Case.Level), Text: x.String()}
	case Excepted:
		c.Skipped = &junitEnd{Message: "excepted: " + x.Reason, Text: x.String()}
	case Skipped:
		c.Skipped = &junitEnd{Message: x.Reason}
	}
	return c
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
