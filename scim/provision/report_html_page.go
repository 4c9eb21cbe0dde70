package provision

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // for the page and its style
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"time"
)

//go:embed html/report.tmpl
var htmlTemplate string

//go:embed html/report.css
var htmlStyle string

// WriteTo writes the page of the last cycle that has ended, while the next
// one may be running. Before the first one has ended it fails with
// [ErrNotFound] and writes nothing. What w is left with after an error is the
// caller's: to replace a file at once, write another one beside it and rename
// it. The same cycle gives the same page.
func (h *HTMLReport) WriteTo(w io.Writer) (int64, error) {
	h.mu.Lock()
	c := h.ended
	h.mu.Unlock()
	if c == nil {
		return 0, &Error{Code: CodeNotFound, Detail: "no cycle has ended yet, so there is no page to write"}
	}
	t, err := template.New("report").Parse(htmlTemplate)
	if err != nil {
		return 0, err
	}
	var page bytes.Buffer
	if err := t.Execute(&page, h.page(c)); err != nil {
		return 0, err
	}
	return page.WriteTo(w)
}

// The view of a cycle: what the template prints, as text.
type (
	htmlPage struct {
		*htmlWords
		Style     template.CSS
		Policy    string
		PageTitle string
		JobName   string
		CycleID   string
		IsPlan    bool
		State     htmlState
		Facts     []htmlFact
		Stop      *htmlFailure // why the cycle ended early
		Counts    []htmlCount
		Failed    []htmlReason
		Skipped   []htmlReason
		Durations *htmlColumns
		Rate      *htmlColumns
		Lists     []htmlList
		Kept      string // what of it is in the lists
	}
	htmlState   struct{ Class, Text string }
	htmlFact    struct{ Name, Value, Time string }
	htmlFailure struct{ Text, Advice string }
	htmlCount   struct {
		Class, Name, Users, Groups, Title string
		Bars                              []bar
	}
	htmlReason struct {
		Name, Advice, Count string
		Bar                 bar
	}
	htmlColumns struct {
		Title, Note, Low, Middle, High, Top string
		Bars                                []bar
	}
	htmlList struct {
		Class, Name, Count, Advice string
		Open                       bool
		Objects                    []htmlItem
	}
	htmlItem struct {
		Key, Type, ID string
		Why           string      // of what it is listed for
		Badges        []htmlState // codes of failures, and actions if there are several
		Events        []htmlDone
		More          string
	}
	htmlDone struct {
		Class, Name, Reason, Took string
		Failure                   *htmlFailure
		Members                   string
		Properties                []htmlChange
		More                      string
		Steps                     []htmlStep
	}
	htmlChange struct {
		Path, Old, New string
		Redacted       bool
	}
	htmlStep struct{ Name, Class, Status, Detail string }
)

func (h *HTMLReport) page(c *htmlCycle) *htmlPage {
	w, r := h.words, &c.report
	sum := sha256.Sum256([]byte(htmlStyle))
	p := &htmlPage{
		htmlWords: w, PageTitle: w.Title, JobName: plain(r.Job, maxHTMLValue), CycleID: plain(r.ID, maxHTMLValue), IsPlan: h.plan,
		Style:     template.CSS(htmlStyle), //nolint:gosec // our own file, not data
		Policy:    "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		State:     htmlState{"ok", w.Well},
		Facts:     w.facts(r),
		Counts:    w.counts(r),
		Failed:    reasons(c.failures, "failure", func(c Code) (string, string) { return string(c), w.adviceOn(c) }),
		Skipped:   reasons(c.skips, "skip", func(s string) (string, string) { return w.reason(s), "" }),
		Durations: w.durationColumns(&c.durations),
		Rate:      w.rateColumns(&c.rate),
	}
	if h.plan {
		p.PageTitle = w.PlanTitle
	}
	if r.Users.Failed+r.Groups.Failed > 0 {
		p.State = htmlState{"warn", w.Failures}
	}
	if e := r.Error; e != nil {
		p.State = htmlState{"bad", w.EndedEarly}
		p.Stop = &htmlFailure{plain(e.Text, maxHTMLText), w.adviceOn(e.Code)}
	}
	shown := 0
	for _, o := range c.sorted() {
		shown += len(o.events) + o.more
		p.list(w, o)
	}
	for i := range p.Lists {
		p.Lists[i].Count = grouped(len(p.Lists[i].Objects))
	}
	p.Kept = fmt.Sprintf(w.Shown, grouped(len(c.objects)), grouped(shown), grouped(c.results))
	if c.dropped {
		p.Kept += " " + w.Dropped
	}
	return p
}

func (w *htmlWords) facts(r *Report) []htmlFact {
	kind := w.Changes
	switch {
	case r.Initial:
		kind = w.Initial
	case r.Full:
		kind = w.Full
	}
	return []htmlFact{
		{w.Began, r.Began.Format("2006-01-02 15:04:05 -07:00"), r.Began.Format(time.RFC3339)},
		{w.Took, span(r.Ended.Sub(r.Began)), ""},
		{w.Kind, kind, ""},
		{w.Managed, grouped(r.Managed), ""},
		{w.Escrowed, grouped(r.Escrowed), ""},
		{w.Pruned, grouped(r.Pruned), ""},
		{w.Lookups, grouped(r.Lookups), ""},
		{w.Writes, grouped(r.Writes), ""},
	}
}

// counts are the rows of the chart of actions.
func (w *htmlWords) counts(r *Report) []htmlCount {
	type row struct {
		class, name   string
		users, groups int
	}
	rows := []row{{"read", w.Read, r.Users.Read, r.Groups.Read}}
	for _, a := range []Action{Created, Updated, Disabled, Deleted, References, Staged, Skipped, Failed} {
		rows = append(rows, row{string(a), w.actions[a], r.Users.of(a), r.Groups.of(a)})
	}
	most := 1
	for _, row := range rows {
		most = max(most, row.users+row.groups)
	}
	var out []htmlCount
	for _, row := range rows {
		out = append(out, htmlCount{
			Class: row.class, Name: row.name, Users: grouped(row.users), Groups: grouped(row.groups),
			Title: fmt.Sprintf("%s: %s", row.name, grouped(row.users+row.groups)),
			Bars: []bar{
				{Class: row.class, X: "0", W: percent(row.users, most)},
				{Class: row.class + " second", X: percent(row.users, most), W: percent(row.groups, most)},
			},
		})
	}
	return out
}

func (c *Counts) of(a Action) int {
	return map[Action]int{
		Created: c.Created, Updated: c.Updated, Disabled: c.Disabled, Deleted: c.Deleted,
		Staged: c.Staged, Skipped: c.Skipped, Failed: c.Failed, References: c.References,
	}[a]
}

// reasons are the rows of a chart of reasons, the most frequent first.
func reasons[K cmp.Ordered](counts map[K]int, class string, text func(K) (name, advice string)) []htmlReason {
	keys := slices.Collect(maps.Keys(counts))
	slices.SortFunc(keys, func(a, b K) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	var out []htmlReason
	for _, k := range keys {
		name, advice := text(k)
		out = append(out, htmlReason{name, advice, grouped(counts[k]), bar{Class: class, W: percent(counts[k], counts[keys[0]])}})
	}
	return out
}

func (w *htmlWords) durationColumns(d *durations) *htmlColumns {
	if d.all == 0 {
		return nil
	}
	first, last := len(d.counts), 0
	for i, n := range d.counts {
		if n > 0 {
			first, last = min(first, i), i
		}
	}
	out := &htmlColumns{
		Title: w.Durations, High: w.upTo(last), Top: grouped(slices.Max(d.counts[:])),
		Note: fmt.Sprintf("%s %s · %s %s · %s %s", w.Half, span(d.within(50)), w.Most, span(d.within(95)), w.Longest, span(d.max)),
	}
	if last > first {
		out.Low = w.upTo(first)
	}
	if (last-first)%2 == 0 && last > first {
		out.Middle = w.upTo((first + last) / 2)
	}
	for i := first; i <= last; i++ {
		out.Bars = append(out.Bars, column("took", i-first, last-first+1, d.counts[i], slices.Max(d.counts[:]),
			fmt.Sprintf("%s: %s", w.upTo(i), grouped(d.counts[i]))))
	}
	return out
}

// upTo names a class of durations.
func (w *htmlWords) upTo(i int) string {
	if i == len(durationLimits) {
		return "> " + durationLimits[i-1].String()
	}
	return "≤ " + durationLimits[i].String()
}

func (w *htmlWords) rateColumns(r *rate) *htmlColumns {
	used := r.used()
	if used == 0 {
		return nil
	}
	perSecond := func(n int) string { return rateText(float64(n) / r.slot.Seconds()) }
	most := slices.Max(r.all[:])
	out := &htmlColumns{
		Title: w.Rate, Low: "0s", Middle: span(r.slot * time.Duration(used) / 2), High: span(r.slot * time.Duration(used)),
		Top: perSecond(most), Note: fmt.Sprintf("%s %s %s", w.PeakRate, perSecond(most), w.PerSecond),
	}
	for i := range used {
		title := fmt.Sprintf("%s: %s %s", span(r.slot*time.Duration(i)), perSecond(r.all[i]), w.PerSecond)
		out.Bars = append(out.Bars, column("rate", i, used, r.all[i], most, title))
		if r.failed[i] > 0 {
			out.Bars = append(out.Bars, column("failure", i, used, r.failed[i], most, title))
		}
	}
	return out
}

// list adds an object to the list of its gravest action.
func (p *htmlPage) list(w *htmlWords, o *htmlObject) {
	action := htmlOrder[o.rank]
	if n := len(p.Lists); n == 0 || p.Lists[n-1].Class != string(action) {
		l := htmlList{Class: string(action), Name: w.actions[action], Open: action == Failed || action == Staged}
		if action == Staged {
			l.Advice = w.adviceOn(CodeTooManyDeletes)
		}
		p.Lists = append(p.Lists, l)
	}
	item := htmlItem{Key: o.key, Type: w.User, ID: o.id}
	if o.typ != User {
		item.Type = o.typ
	}
	if o.typ == Group {
		item.Type = w.Group
	}
	for _, e := range o.events {
		switch {
		case e.code != "":
			item.Badges = append(item.Badges, htmlState{string(e.action), string(e.code)})
		case len(o.events) > 1:
			item.Badges = append(item.Badges, htmlState{string(e.action), w.actions[e.action]})
		}
		if e.action == action {
			item.Why = cmp.Or(item.Why, w.reason(e.reason))
		}
		item.Events = append(item.Events, w.done(&e))
	}
	if o.more > 0 {
		item.More = "+" + grouped(o.more)
	}
	l := &p.Lists[len(p.Lists)-1]
	l.Objects = append(l.Objects, item)
}

func (w *htmlWords) done(e *htmlEvent) htmlDone {
	out := htmlDone{Class: string(e.action), Name: w.actions[e.action], Reason: w.reason(e.reason)}
	if e.action != Staged {
		out.Took = span(e.took)
	}
	if e.code != "" {
		out.Failure = &htmlFailure{e.text, w.adviceOn(e.code)}
	}
	if e.joined > 0 || e.parted > 0 {
		out.Members = fmt.Sprintf("%s: %s, %s: %s", w.Joined, grouped(e.joined), w.Parted, grouped(e.parted))
	}
	for _, p := range e.properties {
		out.Properties = append(out.Properties, htmlChange{p.path, p.old, p.new, p.redacted})
	}
	if e.more > 0 {
		out.More = fmt.Sprintf("+%s %s", grouped(e.more), w.MoreAttributes)
	}
	for _, s := range e.steps {
		if s.Status == StatusFailure && out.Failure != nil {
			s.Detail = "" // what was said above
		}
		name := cmp.Or(w.steps[s.Name], plain(s.Name, maxHTMLValue))
		out.Steps = append(out.Steps, htmlStep{name, string(s.Status), cmp.Or(w.statuses[s.Status], string(s.Status)), s.Detail})
	}
	return out
}
