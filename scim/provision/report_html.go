package provision

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"
)

// HTMLReport makes a page of a cycle that a person can read: charts of what
// was done, why objects failed and what to do about it, how long they took,
// and each object with its attributes, old and new. It is an [Observer];
// [HTMLReport.WriteTo] writes the page of the last cycle that has ended.
//
// The page is one file without script, link or any other thing that a browser
// would load, and its Content-Security-Policy lets none be loaded. Attribute
// values are left out unless their path is named. It is still about people:
// keep it where they may be read about.
//
// Memory is bounded: all objects are counted, a number of them is kept (see
// MaxObjects), with values cut after 200 characters.
//
// A [Engine.Plan] is not told to observers. Its page is made by
//
//	report, err := engine.Plan(ctx, page.Done)
//	page.CycleEnded(report, err)
type HTMLReport struct {
	max    int
	values []string
	words  *htmlWords
	plan   bool

	mu    sync.Mutex
	open  *htmlCycle // the cycle under way; nil if there is none
	ended *htmlCycle // the last one that ended, not changed any more
}

// HTMLReportOptions are the optional settings of an [HTMLReport].
type HTMLReportOptions struct {
	// Language is a tag of BCP 47. "ja" and what begins with "ja-" is
	// Japanese, all else is English. What a service or a source said stays as
	// it is.
	Language string

	// Values are the attribute paths of the target whose values are shown, as
	// in [LogOptions]: "*" is all of them. Of the others only the path is.
	Values []string

	// MaxObjects is how many objects are shown one by one; 0 is 500. Failures
	// come first, then deletes and disables, objects that were left alone
	// last. The page says so if there are more.
	MaxObjects int

	// Plan says that the page is about an [Engine.Plan]: that nothing was sent.
	Plan bool
}

const (
	defaultHTMLObjects = 500
	maxHTMLEvents      = 8   // of one object
	maxHTMLProperties  = 100 // of one object
	maxHTMLValue       = 200 // characters
	maxHTMLText        = 1000
	maxHTMLReasons     = 50 // different ones
)

// NewHTMLReport returns a report of no cycle yet.
func NewHTMLReport(o *HTMLReportOptions) *HTMLReport {
	if o == nil {
		o = &HTMLReportOptions{}
	}
	h := &HTMLReport{max: o.MaxObjects, values: slices.Clone(o.Values), words: htmlWordsOf(o.Language), plan: o.Plan}
	if h.max <= 0 {
		h.max = defaultHTMLObjects
	}
	return h
}

// CycleBegan implements [Observer].
func (h *HTMLReport) CycleBegan(c Cycle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = newHTMLCycle(c.ID, c.Began)
	h.open.began = true
}

// Done implements [Observer]. Events of on-demand runs are passed over.
func (h *HTMLReport) Done(e *Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.open != nil && h.open.id == e.Cycle:
	case h.open != nil && h.open.began:
		return
	default: // a plan, or an on-demand run that the next cycle replaces
		h.open = newHTMLCycle(e.Cycle, e.Began)
	}
	h.open.add(h, e)
}

// CycleEnded implements [Observer].
func (h *HTMLReport) CycleEnded(r *Report, _ error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.open
	if c == nil || c.id != r.ID { // it ended before anything was read
		c = newHTMLCycle(r.ID, r.Began)
	}
	h.open, h.ended = nil, c
	c.report = *r
	c.trim(h.max)
}

// htmlCycle is what is kept of a cycle.
type htmlCycle struct {
	id     string
	began  bool // by CycleBegan
	report Report

	results   int // things done or left undone, also those that are not kept
	failures  map[Code]int
	skips     map[string]int
	durations durations
	rate      rate

	objects map[htmlKey]*htmlObject
	dropped bool       // some objects were
	worst   htmlObject // that is kept, once some were dropped
}

type htmlKey struct{ typ, key string }

func newHTMLCycle(id string, began time.Time) *htmlCycle {
	return &htmlCycle{
		id: id, failures: map[Code]int{}, skips: map[string]int{}, rate: rate{began: began}, objects: map[htmlKey]*htmlObject{},
	}
}

// htmlObject is an object with what was done to it.
type htmlObject struct {
	htmlKey
	rank   int // in htmlOrder, of its gravest event
	id     string
	events []htmlEvent
	more   int // events that are not kept
	left   int // properties that may still be kept
}

type htmlEvent struct {
	action     Action
	reason     string
	code       Code
	text       string // of the error
	joined     int
	parted     int
	took       time.Duration
	steps      []Step
	properties []htmlProperty
	more       int // properties that are not kept
}

type htmlProperty struct {
	path     string
	old, new string
	redacted bool
}

// htmlOrder is the order in which objects are shown, and kept if there are
// too many.
var htmlOrder = [...]Action{Failed, Staged, Deleted, Disabled, Created, Updated, References, Skipped}

// compare orders by what was done, then users before groups, then keys.
func (o *htmlObject) compare(p *htmlObject) int {
	return cmp.Or(cmp.Compare(o.rank, p.rank), -cmp.Compare(o.typ, p.typ), cmp.Compare(o.key, p.key))
}

// add counts an event, and keeps it if its object is among the first.
func (c *htmlCycle) add(h *HTMLReport, e *Event) {
	c.count(e)
	rank := slices.Index(htmlOrder[:], e.Action)
	if rank < 0 {
		return
	}
	key := htmlKey{plain(e.Type, maxHTMLValue), plain(e.Key, 256)} // also of an object that was refused for its key
	o := c.objects[key]
	if o == nil {
		o = &htmlObject{htmlKey: key, rank: rank, left: maxHTMLProperties}
		if c.dropped && o.compare(&c.worst) > 0 {
			return
		}
		c.objects[key] = o
	}
	o.rank = min(o.rank, rank)
	if e.ID != "" {
		o.id = plain(e.ID, maxHTMLValue)
	}
	if len(o.events) == maxHTMLEvents {
		o.more++
		return
	}
	o.events = append(o.events, o.event(h, e))
	if len(c.objects) >= 2*h.max {
		c.trim(h.max)
	}
}

func (c *htmlCycle) count(e *Event) {
	c.results++
	switch e.Action {
	case Failed:
		count(c.failures, failedCode(e.Err))
	case Skipped:
		count(c.skips, plain(e.Reason, maxHTMLValue))
	}
	if e.Action != Staged { // which takes no time
		c.rate.add(e.Ended, e.Action == Failed)
		if e.Action != Skipped {
			c.durations.add(e.Ended.Sub(e.Began))
		}
	}
}

// trim keeps the objects that come first.
func (c *htmlCycle) trim(most int) {
	if len(c.objects) <= most {
		return
	}
	kept := c.sorted()
	for _, o := range kept[most:] {
		delete(c.objects, o.htmlKey)
	}
	c.dropped, c.worst = true, *kept[most-1]
}

func (c *htmlCycle) sorted() []*htmlObject {
	out := make([]*htmlObject, 0, len(c.objects))
	for _, o := range c.objects {
		out = append(out, o)
	}
	slices.SortFunc(out, (*htmlObject).compare)
	return out
}

func (o *htmlObject) event(h *HTMLReport, e *Event) htmlEvent {
	out := htmlEvent{
		action: e.Action, reason: plain(e.Reason, maxHTMLValue), joined: e.Joined, parted: e.Left, took: e.Ended.Sub(e.Began),
	}
	if e.Err != nil {
		out.code, out.text = failedCode(e.Err), plain(e.Err.Error(), maxHTMLText)
	}
	for _, s := range e.Steps[:min(len(e.Steps), maxHTMLEvents)] {
		s.Detail = plain(s.Detail, maxHTMLValue)
		out.steps = append(out.steps, s)
	}
	for _, p := range e.Properties() {
		if o.left == 0 {
			out.more++
			continue
		}
		o.left--
		kept := htmlProperty{path: plain(p.Path, maxHTMLValue), redacted: !shows(h.values, p.Path)}
		if !kept.redacted {
			kept.old, kept.new = plain(string(p.Old), maxHTMLValue), plain(string(p.New), maxHTMLValue)
		}
		out.properties = append(out.properties, kept)
	}
	return out
}

func failedCode(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternalServer
}

// count counts under a key, as long as there are not too many of them.
func count[K ~string](in map[K]int, key K) {
	if _, ok := in[key]; !ok && len(in) >= maxHTMLReasons {
		key = "…"
	}
	in[key]++
}
