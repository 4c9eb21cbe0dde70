package scimtest

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed report.html
var reportPage string

var pageTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("report").Parse(reportPage)
})

// page is what the template shows.
type page struct {
	*Report
	Verdict string
	Took    string
	Date    string
	Counts  []pageCount
	Levels  []pageLevel
	Failing []Result
	Skips   []skips
	Groups  []pageGroup
}

type pageCount struct {
	Outcome Outcome
	Name    string
	Cases   int
}

type pageLevel struct {
	Level                 Level
	Passed, Failed, Other int
}

type pageGroup struct {
	Name    string
	Results []Result
	Passed  int
	Failed  int
}

// WriteHTML writes the report as one page that needs no other file and no
// script. What the service provider answered is escaped.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := pageTemplate()
	if err != nil {
		return err
	}
	p := page{
		Report: r, Verdict: "It does not conform", Took: r.Took.Round(time.Millisecond).String(), Date: r.Began.UTC().Format("2006-01-02 15:04 UTC"),
		Counts: []pageCount{
			{Passed, "passed", r.Count(Passed)}, {Failed, "failed", r.Count(Failed)},
			{Excepted, "excepted", r.Count(Excepted)}, {Skipped, "not asked", r.Count(Skipped)},
		},
		Skips: r.skipped(),
	}
	if r.Conforms() {
		p.Verdict = "It conforms"
	}
	for _, level := range levels() {
		p.Levels = append(p.Levels, pageLevel{Level: level})
	}
	for _, x := range r.Results {
		p.add(x)
	}
	return t.Execute(w, &p)
}

// add sorts a result into the page.
func (p *page) add(x Result) {
	if x.Outcome == Failed || x.Outcome == Excepted {
		p.Failing = append(p.Failing, x)
	}
	name, _, _ := strings.Cut(x.Case.ID, "/")
	i := slices.IndexFunc(p.Groups, func(g pageGroup) bool { return g.Name == name })
	if i < 0 {
		i = len(p.Groups)
		p.Groups = append(p.Groups, pageGroup{Name: name})
	}
	g := &p.Groups[i]
	g.Results = append(g.Results, x)
	level := &pageLevel{}
	if i := slices.IndexFunc(p.Levels, func(l pageLevel) bool { return l.Level == x.Case.Level }); i >= 0 {
		level = &p.Levels[i]
	}
	switch x.Outcome {
	case Passed:
		g.Passed++
		level.Passed++
	case Failed:
		g.Failed++
		level.Failed++
	default:
		level.Other++
	}
}
