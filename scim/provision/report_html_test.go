package provision

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
)

// htmlOf writes the page of a report and checks what holds for every page.
func htmlOf(t *testing.T, h *HTMLReport) string {
	t.Helper()
	var out bytes.Buffer
	n, err := h.WriteTo(&out)
	if err != nil || n != int64(out.Len()) {
		t.Fatalf("%d of %d bytes: %v", n, out.Len(), err)
	}
	checkHTML(t, out.String())
	return out.String()
}

// checkHTML reads a page as XML, which is stricter than HTML: balanced tags,
// quoted attributes, no stray < or &. Nothing in it may run or be loaded.
func checkHTML(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	var open []string
	policy := false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch el := token.(type) {
		case xml.StartElement:
			open = append(open, el.Name.Local)
			switch el.Name.Local {
			case "script", "link", "img", "image", "iframe", "object", "embed", "a", "use", "base", "form", "foreignObject", "animate", "set":
				t.Fatalf("the page has the element %s", el.Name.Local)
			}
			for _, a := range el.Attr {
				name, value := strings.ToLower(a.Name.Local), strings.ToLower(a.Value)
				if strings.HasPrefix(name, "on") || name == "style" || name == "src" || name == "href" ||
					strings.Contains(value, "http:") || strings.Contains(value, "https:") || strings.Contains(value, "javascript:") {
					t.Fatalf("<%s %s=%q>", el.Name.Local, name, a.Value)
				}
				policy = policy || name == "content" && strings.HasPrefix(value, "default-src 'none'; style-src 'sha256-")
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	if len(open) != 0 || !policy {
		t.Fatalf("open elements %q, policy: %v", open, policy)
	}
	_, style, _ := strings.Cut(page, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	if style != htmlStyle || strings.Contains(style, "url(") || strings.Contains(style, "@import") {
		t.Fatal("the style is not the file's, or loads something")
	}
}

var htmlEpoch = time.Date(2026, 4, 1, 9, 0, 0, 0, time.FixedZone("", 9*60*60))

// htmlFed returns a report that was given events and its end by hand.
func htmlFed(o *HTMLReportOptions, events ...Event) *HTMLReport {
	h := NewHTMLReport(o)
	h.CycleBegan(Cycle{ID: "c", Job: "test", Began: htmlEpoch})
	r := &Report{ID: "c", Job: "test", Began: htmlEpoch, Ended: htmlEpoch.Add(time.Minute)}
	rec := &recorder{engine: &Engine{}, report: r}
	for _, e := range events {
		if e.Began.IsZero() {
			e.Began, e.Ended = htmlEpoch, htmlEpoch.Add(time.Second)
		}
		rec.add(&e)
		h.Done(&e)
	}
	h.CycleEnded(r, nil)
	return h
}

func wants(t *testing.T, page string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
}

func TestHTMLReport(t *testing.T) {
	const canary = "canary-value"
	h := NewHTMLReport(&HTMLReportOptions{Values: []string{"active"}})
	f := observed(t, h)
	f.source.set(user("1", mapping.Record{"jobTitle": canary}), user("2", mapping.Record{"userPrincipalName": "", "displayName": canary}), group("g", "1"))
	if _, err := f.engine.Cycle(t.Context()); err == nil {
		t.Fatal("the second user cannot be matched")
	}
	page := htmlOf(t, h)
	wants(t, page, `<html lang="en">`, "Completed with failures", "ImportSkipped", CodeImportSkipped.Advice(), ">initial<", "title", "not shown",
		`<i>none</i></td><td class="new"><bdi>true</bdi>`, "members added: 1", "Failed <b>1</b>")
	f.source.set(user("1", mapping.Record{"jobTitle": "other " + canary, "accountEnabled": false}))
	f.cycle()
	if _, err := f.engine.ProvisionOnDemand(t.Context(), User, "1"); err != nil {
		t.Fatal(err)
	}
	page += htmlOf(t, h)
	wants(t, page, `<td class="old"><bdi>true</bdi></td><td class="new"><bdi>false</bdi>`, "disabled in the source", "Disabled <b>1</b>")
	if strings.Contains(page, canary) || strings.Contains(page, "user1@example.com") {
		t.Error("the page has a value that was not asked for")
	}
}

func TestHTMLReportStagedDeletes(t *testing.T) {
	h := NewHTMLReport(&HTMLReportOptions{Language: "ja-JP"})
	f := newFixture(t, func(j *Job) { j.MaxDeletes = 1 })
	f.source.set(many(4)...)
	f.cycle()
	f.engine.opts.Observers = []Observer{h}
	f.source.set(many(1)...)
	if _, err := f.engine.Cycle(t.Context()); !errors.Is(err, ErrTooManyDeletes) {
		t.Fatal(err)
	}
	wants(t, htmlOf(t, h), `<html lang="ja">`, "途中で終了", "承認待ち <b>3</b>", "ソースに存在しない", japaneseAdvice()[CodeTooManyDeletes])
}

// A plan is given to the report by hand.
func TestHTMLReportOfAPlan(t *testing.T) {
	h := NewHTMLReport(&HTMLReportOptions{Plan: true, Values: []string{"*"}})
	f := newFixture(t, nil)
	f.source.set(user("1", mapping.Record{"jobTitle": "Lead"}))
	report, err := f.engine.Plan(t.Context(), h.Done)
	if err != nil {
		t.Fatal(err)
	}
	h.CycleEnded(report, err)
	wants(t, htmlOf(t, h), "Provisioning plan", "nothing was sent", "Lead", "Created <b>1</b>")
}

func TestHTMLReportOfABrokenSource(t *testing.T) {
	h := NewHTMLReport(nil)
	if n, err := h.WriteTo(io.Discard); n != 0 || !errors.Is(err, ErrNotFound) {
		t.Errorf("before a cycle: %d bytes, %v", n, err)
	}
	f := observed(t, h)
	f.source.err = errors.New("the disk is gone")
	if _, err := f.engine.Cycle(t.Context()); !errors.Is(err, ErrSourceFailed) {
		t.Fatal(err)
	}
	wants(t, htmlOf(t, h), "Ended early", "SourceFailed", "the disk is gone", CodeSourceFailed.Advice(), "Nothing was done.")
	if n, err := h.WriteTo(fullDisk{}); n != 0 || err == nil {
		t.Errorf("the writer's error is lost: %d, %v", n, err)
	}
}

func TestHTMLReportHostileValues(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, tt := range []struct{ reason, value, want string }{
		{"a script", "<script>alert(1)</script>", "&lt;script&gt;"},
		{"the end of an element", `</bdi></td></style><img src=x onerror="alert(1)">`, "&lt;/bdi&gt;"},
		{"the end of an attribute", `" onmouseover="alert(1)`, "&#34; onmouseover"},
		{"an address", "https://example.com/", "https://example.com/"},
		{"a template", "{{.}}", "{{.}}"},
		{"a turned direction", "a\u202eb\u2066c", `a\u202eb\u2066c`},
		{"a control", "a\x00b\x1bc", `a\u0000b\u001bc`},
		{"invisible", "a\ufeffb\u200bc", `a\ufeffb\u200bc`},
		{"above the BMP", "a\U000e0041b", `a\U000e0041b`},
		{"not UTF-8", "a\xffb", `a\xffb`},
		{"1 MB", long, strings.Repeat("x", 200)},
		{"Japanese", "本社\u3000東京", "本社\u3000東京"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			h := htmlFed(nil, Event{
				Cycle: "c", Type: User, Key: tt.value, ID: tt.value, Action: Failed, Reason: tt.value,
				Err:   &Error{Code: CodeUnprocessable, Detail: tt.value},
				Steps: []Step{{Name: tt.value, Status: StatusFailure, Detail: tt.value}},
			}, Event{Cycle: "c", Type: tt.value, Key: "k", Action: Skipped, Reason: tt.value})
			h.ended.report.Job, h.ended.report.ID = tt.value, tt.value
			h.ended.objects[htmlKey{User, plain(tt.value, 256)}].events[0].properties = []htmlProperty{{path: plain(tt.value, 200), old: plain(tt.value, 200)}}
			page := htmlOf(t, h)
			wants(t, page, tt.want)
			if len(page) > 64<<10 {
				t.Errorf("the page has %d bytes", len(page))
			}
		})
	}
}

// A value passes through a whole cycle, and is shown only where it was asked for.
func TestHTMLReportEscapesWhatACycleWrote(t *testing.T) {
	const evil = `<script>alert("x")</script>` + "\u202e"
	shown, hidden := NewHTMLReport(&HTMLReportOptions{Values: []string{"*"}}), NewHTMLReport(nil)
	f := observed(t, shown, hidden)
	f.source.set(user("1", mapping.Record{"jobTitle": evil}))
	f.cycle()
	f.source.set(user("1", mapping.Record{"jobTitle": strings.Repeat("本", 100_000)}))
	f.cycle()
	page := htmlOf(t, shown)
	wants(t, page, "&lt;script&gt;", `\u202e`, "本本本", "300,002 bytes")
	if len(page) > 64<<10 {
		t.Errorf("the page has %d bytes", len(page))
	}
	if page := htmlOf(t, hidden); strings.Contains(page, "alert") || strings.Contains(page, "本") {
		t.Error("a value is not redacted")
	}
}

// The order in which workers end changes nothing, and failures are kept when
// there are too many objects.
func TestHTMLReportKeepsFailures(t *testing.T) {
	var events []Event
	for i := range 500 {
		events = append(events, Event{Cycle: "c", Type: User, Key: fmt.Sprintf("u%03d", i), Action: Skipped, Reason: reasonRedundant})
	}
	events[250].Action, events[250].Err = Failed, &Error{Code: CodeTimeout}
	events[499].Action, events[499].Err = Failed, errors.New("no code")
	events[100].Action = Created
	options := &HTMLReportOptions{MaxObjects: 5}
	want := htmlOf(t, htmlFed(options, events...))
	wants(t, want, ">u250<", ">u499<", ">u100<", ">u000<", ">u001<", "5 objects are shown, with 5 of 500 results", "Timeout", "InternalServerError", "<b>497</b>")
	if strings.Contains(want, ">u002<") {
		t.Error("more than five objects are shown")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		h := htmlFed(options, events...)
		if diff := cmp.Diff(want, htmlOf(t, h)); diff != "" {
			t.Fatalf("another order, another page:\n%s", diff)
		}
		if len(h.ended.objects) != 5 {
			t.Fatalf("%d objects are kept", len(h.ended.objects))
		}
	}
}

func TestHTMLReportBounds(t *testing.T) {
	h := NewHTMLReport(&HTMLReportOptions{MaxObjects: 10})
	h.CycleBegan(Cycle{ID: "c", Began: htmlEpoch})
	for i := range 10_000 {
		h.Done(&Event{Cycle: "c", Type: User, Key: fmt.Sprint("u", i), Action: Skipped, Reason: fmt.Sprint("reason ", i), Ended: htmlEpoch.Add(time.Duration(i) * time.Hour)})
		h.Done(&Event{Cycle: "c", Type: User, Key: "a", Action: References, Began: htmlEpoch, Ended: htmlEpoch.Add(time.Duration(i) * time.Second)})
		h.Done(&Event{Cycle: "other", Type: User, Key: "not in this cycle", Action: Failed})
		if n := len(h.open.objects); n > 20 {
			t.Fatalf("%d objects are kept", n)
		}
	}
	h.CycleEnded(&Report{ID: "c"}, nil)
	page := htmlOf(t, h)
	wants(t, page, "&#43;9,992", "<p>… <b>", "of 20,000 results")
	if strings.Contains(page, "not in this cycle") || len(page) > 128<<10 {
		t.Errorf("%d bytes", len(page))
	}
}

func TestHTMLReportInJapanese(t *testing.T) {
	var events []Event
	for _, a := range htmlOrder {
		events = append(events, Event{Cycle: "c", Type: User, Key: string(a), Action: a, Reason: "out of scope, not provisioned", Err: &Error{Code: CodeConflict}})
	}
	page := htmlOf(t, htmlFed(&HTMLReportOptions{Language: "ja"}, events...))
	wants(t, page, "プロビジョニングレポート", "スコープ外、未プロビジョニング", japaneseAdvice()[CodeConflict], "失敗の理由")
	for _, english := range []string{"Created", "Left alone", "not shown", "Users", CodeConflict.Advice()} {
		if strings.Contains(page, english) {
			t.Errorf("%q is not translated", english)
		}
	}
	advice := japaneseAdvice()
	for _, c := range adviceCodes {
		if c.Advice() == advice[c] || advice[c] == "" {
			t.Errorf("%s has no advice in Japanese", c)
		}
	}
	if len(advice) != len(adviceCodes) {
		t.Errorf("advice on %d codes, not %d", len(advice), len(adviceCodes))
	}
}

// A reason that the engine words anew needs its translation anew.
func TestHTMLReasonsAreTheEngines(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var engine strings.Builder
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "report_html") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		engine.Write(data)
	}
	for reason := range japaneseReasons() {
		if !strings.Contains(engine.String(), reason+`"`) {
			t.Errorf("the engine does not give the reason %q", reason)
		}
	}
}

func TestHTMLLanguage(t *testing.T) {
	for _, tt := range []struct{ language, want, reason string }{
		{"", "en", "the default"},
		{"ja", "ja", "the tag"},
		{"JA-jp", "ja", "BCP 47 tags are compared without case (RFC 5646, 2.1.1)"},
		{"jam", "en", "another language, Jamaican Creole"},
		{"fr", "en", "no other language is there"},
	} {
		if got := htmlWordsOf(tt.language).Lang; got != tt.want {
			t.Errorf("%q: %s, want %s: %s", tt.language, got, tt.want, tt.reason)
		}
	}
}

func TestDurations(t *testing.T) {
	var d durations
	for i := range 100 {
		d.add(time.Duration(i) * time.Millisecond)
	}
	d.add(time.Hour)
	if d.within(50) != 50*time.Millisecond || d.within(95) != 100*time.Millisecond || d.within(100) != time.Hour || d.all != 101 {
		t.Errorf("%v %v %v", d.within(50), d.within(95), d.within(100))
	}
}

// What was counted stays counted when the slots become longer.
func TestRate(t *testing.T) {
	for _, every := range []time.Duration{time.Microsecond, time.Millisecond, time.Second, time.Hour} {
		r := rate{began: htmlEpoch}
		for i := range 1000 {
			r.add(htmlEpoch.Add(time.Duration(i)*every), i%10 == 0)
		}
		all, failed := 0, 0
		for i := range rateSlots {
			all, failed = all+r.all[i], failed+r.failed[i]
		}
		if all != 1000 || failed != 100 || r.slot*rateSlots <= 999*every || every > time.Millisecond && r.used() <= rateSlots/2 {
			t.Errorf("every %v: %d, %d failed, %d slots of %v", every, all, failed, r.used(), r.slot)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, s := range []string{"", "a", "a\u202eb", "\xff\x00", strings.Repeat("本", 300), "\U000e0041"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		if n %= 1000; n < 0 {
			n = -n
		}
		out := plain(s, n)
		if len(out) > 10*n+40 {
			t.Errorf("%d bytes of %d characters", len(out), n)
		}
		if plain(out, len(out)) != out {
			t.Errorf("%q has something that is not plain", out)
		}
	})
}
