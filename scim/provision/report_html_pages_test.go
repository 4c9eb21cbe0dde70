package provision

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

var htmlPages = flag.String("htmlpages", "", "a directory to write pages to, for testdata/browser/run.sh")

// TestHTMLPages makes the pages that are looked at in a browser.
func TestHTMLPages(t *testing.T) {
	dir := *htmlPages
	if dir == "" {
		dir = t.TempDir()
	}
	broken := NewHTMLReport(nil)
	why := newFailure("", "", &Error{Code: CodeSourceFailed, Detail: "the source could not be read"})
	broken.CycleEnded(&Report{ID: "c", Job: "zoho-one", Began: htmlEpoch, Ended: htmlEpoch.Add(time.Second), Error: &why}, why.Err)
	for name, h := range map[string]*HTMLReport{
		"cycle-en": htmlFed(&HTMLReportOptions{Values: []string{"*"}}, htmlSample()...),
		"cycle-ja": htmlFed(&HTMLReportOptions{Values: []string{"title", "active"}, Language: "ja", MaxObjects: 40}, htmlSample()...),
		"plan":     htmlFed(&HTMLReportOptions{Plan: true}, htmlSample()[:30]...),
		"broken":   broken,
	} {
		if r := &h.ended.report; name != "broken" {
			r.Job, r.ID, r.Initial, r.Managed, r.Escrowed, r.Lookups, r.Writes = "zoho-one", "YCUTLFCQXXRV4TVNHTDM7YMZV7", true, 1234, 30, 1500, 2345
			r.Users.Read, r.Groups.Read = r.Users.Created*5, r.Groups.References
		}
		page := htmlOf(t, h)
		if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// htmlSample is a cycle with something of everything.
func htmlSample() []Event {
	rng := rand.New(rand.NewPCG(1, 2))
	typ := scim.UserType()
	failures := []*Error{
		{Code: CodeConflict, Detail: "a value that must be unique is in use by another account"},
		{Code: CodeTimeout, Err: errors.New("scim: no answer within 30s")},
		{Code: CodeImportSkipped, Detail: "the object has no value for a matching attribute"},
		{Code: CodeConflict, Detail: `<script>alert("x")</script>` + "\u202e"},
	}
	var out []Event
	at := htmlEpoch
	for i := range 900 {
		at = at.Add(time.Duration(rng.IntN(130)) * time.Millisecond)
		e := Event{
			Cycle: "c", Type: User, Key: fmt.Sprintf("user%03d@example.com", i), ID: fmt.Sprintf("5d48a0a8e9f04aa3%04d", i), Began: at,
			Ended: at.Add(time.Duration(rng.ExpFloat64() * float64(80*time.Millisecond))),
			Steps: []Step{{StepImport, StatusSuccess, "", at}, {StepScope, StatusSuccess, "in scope", at}, {StepMatch, StatusSuccess, "userName: no account", at}},
		}
		patch := func(path, value string) {
			e.typ, e.sent = typ, []byte(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"u@example.com","active":true,"title":"Engineer"}`)
			e.patch = &scim.Patch{Operations: []scim.Operation{{Op: scim.OpReplace, Path: path, Value: []byte(value)},
				{Op: scim.OpAdd, Path: `addresses[type eq "work"].formatted`, Value: []byte(`"本社、東京都千代田区丸の内一丁目"`)}}}
			e.Paths = patchPaths(e.patch)
		}
		switch n := i % 30; {
		case n == 3:
			e.Action, e.Err = Failed, failures[i/30%len(failures)]
			e.Steps = append(e.Steps, Step{StepAction, StatusFailure, e.Err.Error(), at})
		case n == 4 && i > 600:
			e.Action, e.Reason, e.Steps = Staged, reasonMissing, nil
		case n == 5:
			e.Action, e.Reason = Disabled, "disabled in the source"
			patch("active", "false")
		case n == 6 && i < 90:
			e.Action, e.Reason = Deleted, "deleted in the source"
		case n == 7:
			e.Type, e.Key, e.Action, e.Joined, e.Left = Group, fmt.Sprintf("group%03d", i), References, 12, 3
		case n < 12:
			e.Action = Updated
			patch("title", `"Lead"`)
		case n < 18:
			e.Action = Created
		default:
			e.Action, e.Reason, e.Ended = Skipped, reasonRedundant, at
			if n == 20 {
				e.Reason = "out of scope, not provisioned"
			}
		}
		out = append(out, e)
	}
	return out
}
