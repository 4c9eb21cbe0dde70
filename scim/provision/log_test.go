package provision

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
)

// observed is a fixture with an observer of one's own.
func observed(t *testing.T, o ...Observer) *fixture {
	t.Helper()
	f := newFixture(t, func(j *Job) { j.Workers = 1 })
	var err error
	if f.engine, err = New(f.job, f.source, f.client, f.state, &Options{Observers: o}); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestLog(t *testing.T) {
	const canary = "canary-value"
	var out bytes.Buffer
	log := NewLog(&out, &LogOptions{Values: []string{"active"}})
	f := observed(t, log)
	f.source.set(user("1", mapping.Record{"jobTitle": canary}), user("2", mapping.Record{"userPrincipalName": "", "displayName": canary}))
	if _, err := f.engine.Cycle(t.Context()); err == nil {
		t.Fatal("the second user cannot be matched")
	}
	f.source.set(user("1", mapping.Record{"jobTitle": "other " + canary, "accountEnabled": false}), user("3", nil))
	f.cycle()
	f.cycle()
	if strings.Contains(out.String(), canary) || strings.Contains(out.String(), "user1@example.com") {
		t.Error("the log has a value")
	}
	type entry struct{ Key, Action, Status, Code, Steps, Active string }
	var got []entry
	for line := range strings.Lines(out.String()) {
		var e LogEntry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		row := entry{Key: e.SourceIdentity.ID, Action: e.Action, Status: e.StatusInfo.Status}
		if e.StatusInfo.Error != nil {
			row.Code = e.StatusInfo.Error.ErrorCode
			if row.Status == "failure" && e.StatusInfo.Error.RecommendedAction == "" {
				t.Errorf("%s does not say what to do", row.Code)
			}
		}
		for _, s := range e.Steps {
			row.Steps += s.Type + " "
		}
		for _, p := range e.ModifiedProperties {
			if p.DisplayName == "active" {
				row.Active = string(p.OldValue) + ">" + string(p.NewValue)
			} else if !p.Redacted {
				t.Errorf("%s is not redacted", p.DisplayName)
			}
		}
		got = append(got, row)
	}
	slices.SortStableFunc(got, func(a, b entry) int { return strings.Compare(a.Key, b.Key) })
	want := []entry{
		{"1", "create", "success", "", "import scoping matching export ", ">true"},
		{"1", "disable", "success", "", "export ", "true>false"},
		{"1", "other", "skipped", "EntrySynchronizationSkipped", "import scoping export ", ""},
		{"2", "other", "failure", "ImportSkipped", "import scoping export ", ""},
		{"3", "create", "success", "", "import scoping matching export ", ">true"},
		{"3", "other", "skipped", "RedundantExport", "import scoping matching export ", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the log:\n%s", diff)
	}
	if log.Err() != nil {
		t.Error(log.Err())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestLogWithoutSpace(t *testing.T) {
	log := NewLog(fullDisk{}, nil)
	f := observed(t, log)
	f.source.set(user("1", nil))
	f.cycle()
	if log.Err() == nil {
		t.Error("the writer's error is lost")
	}
}

var adviceCodes = []Code{
	CodeInvalidJob, CodeSourceFailed, CodeStateFailed, CodeInvalidCredentials, CodeIncompatible, CodeUnavailable, CodeTooManyDeletes,
	CodeTooManyCreates, CodePaused, CodeDisabled, CodeImportSkipped, CodeDuplicateSource, CodeDuplicateTarget, CodeConflict, CodeInvalidAnchor,
	CodeInsufficientRights, CodeMapping, CodeTooManyRequests, CodeTimeout, CodeInternalServer, CodeUnprocessable, CodeNotFound,
}

func TestEveryCodeHasAdvice(t *testing.T) {
	for _, c := range adviceCodes {
		if c.Advice() == "" {
			t.Errorf("%s does not say what to do", c)
		}
	}
}

func TestProgress(t *testing.T) {
	for _, tt := range []struct {
		reason   string
		terminal bool
		want     []string
	}{
		{"lines anywhere else", false, []string{"test: 0 of 3 objects\n", "test: 3 of 3 objects\n", "3 created"}},
		{"a bar on a terminal", true, []string{"\r\x1b[Ktest: [..............................] 0 of 3", "[####################..........] 2 of 3", "3 created", "\n"}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var out bytes.Buffer
			f := observed(t, NewProgress(&out, &ProgressOptions{Terminal: tt.terminal, Every: 1}))
			f.source.total = 3
			f.source.set(many(3)...)
			f.cycle()
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in %q", want, out.String())
				}
			}
		})
	}
}

func TestReportAsJSON(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(user("1", nil), user("2", mapping.Record{"userPrincipalName": ""}))
	report, err := f.engine.Cycle(t.Context())
	if err == nil {
		t.Fatal("one user fails")
	}
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.Users != report.Users || got.ID != report.ID || len(got.Failures) != 1 || got.Failures[0].Code != CodeImportSkipped || got.Failures[0].Key != "2" {
		t.Errorf("%s", data)
	}
}
