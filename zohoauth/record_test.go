package zohoauth

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// records are stored records, and the seeds of FuzzRecord. GRANT is the hash of
// the test's grant.
var records = []struct {
	name, text string
	allowed    int // requests that may be sent at once
	reason     string
}{
	{"empty", `{"version":1,"grant":"GRANT","sent":[]}`, 10, "a quiet grant"},
	{"some", `{"version":1,"grant":"GRANT","sent":["2026-01-01T11:55:00Z","2026-01-01T11:59:59Z"]}`, 8, "two in the window"},
	{"old", `{"version":1,"grant":"GRANT","sent":["2026-01-01T11:00:00Z"]}`, 10, "before the window"},
	{"ahead", `{"version":1,"grant":"GRANT","sent":["2026-01-02T00:00:00Z"]}`, 9, "written under another clock: counts as now"},
	{"other", `{"version":1,"grant":"00","sent":["2026-01-01T11:59:59Z"],"until":"2026-01-01T12:05:00Z","refusal":"limit"}`, 9, "another grant's; the token's own request counts"},
	{"limited", `{"version":1,"grant":"GRANT","sent":[],"until":"2026-01-01T12:05:00Z","refusal":"limit"}`, 0, "Zoho said so"},
	{"over", `{"version":1,"grant":"GRANT","sent":[],"until":"2026-01-01T11:05:00Z","refusal":"limit"}`, 10, "a limit that is over"},
	{"lost", `{"version":1,"grant":"GRANT","sent":[],"until":"2026-01-01T12:05:00Z","refusal":"grant"}`, 0, "Zoho said so"},
	{"version", `{"version":2,"grant":"GRANT","sent":[]}`, 1, "of a later version: replaced"},
	{"many", `{"version":1,"grant":"GRANT","sent":[` + elevenTimes + `]}`, 1, "more than are ever kept: replaced"},
	{"not json", `x`, 1, "damaged: replaced"},
}

const elevenTimes = `"2026-01-01T11:59:59Z","2026-01-01T11:59:59Z","2026-01-01T11:59:59Z","2026-01-01T11:59:59Z","2026-01-01T11:59:59Z",` +
	`"2026-01-01T11:59:59Z","2026-01-01T11:59:59Z","2026-01-01T11:59:59Z","2026-01-01T11:59:59Z","2026-01-01T11:59:59Z","2026-01-01T11:59:59Z"`

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// stored puts text in place of a record and loads it.
func stored(t *testing.T, text string) (*record, error) {
	t.Helper()
	tok, store := &Token{RefreshToken: NewSecret("r"), Issued: noon.Add(-time.Minute)}, NewMemoryStore()
	if err := store.Put(t.Context(), recordKey("k"), []byte(text)); err != nil {
		t.Fatal(err)
	}
	return loadRecord(t.Context(), store, "k", tok)
}

// grantHash is what GRANT stands for.
func grantHash(t *testing.T) string {
	r, err := stored(t, `{"version":1,"grant":"","sent":[]}`)
	if err != nil {
		t.Fatal(err)
	}
	return r.Grant
}

func TestRecord(t *testing.T) {
	grant := grantHash(t)
	for _, tt := range records {
		t.Run(tt.name, func(t *testing.T) {
			r, err := stored(t, replaceGrant(tt.text, grant))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			var refused *Error
			for refused = r.take(noon); refused == nil && n < 100; refused = r.take(noon) {
				n++
			}
			if n != tt.allowed {
				t.Errorf("%d requests allowed, want %d (%s)", n, tt.allowed, tt.reason)
			}
			if (tt.name == "lost") != errors.Is(refused, ErrConsentRequired) {
				t.Errorf("%v (%s)", refused, tt.reason)
			}
			if errors.Is(refused, ErrRateLimited) && (!refused.Until.After(noon) || refused.Until.After(noon.Add(11*time.Minute))) {
				t.Errorf("until %v (%s)", refused.Until, tt.reason)
			}
		})
	}
}

// FuzzRecord: whatever the store holds, no more than 10 requests go out in any 10
// minutes, and no refusal lasts longer than a day.
func FuzzRecord(f *testing.F) {
	for _, tt := range records {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := stored(t, replaceGrant(text, grantHash(t)))
		if err != nil {
			return
		}
		var sent []time.Time
		for now := noon; now.Before(noon.Add(2 * maxRefusal)); now = now.Add(7 * time.Minute) {
			for r.take(now) == nil {
				sent = append(sent, now)
			}
		}
		for i := perWindow; i < len(sent); i++ {
			if sent[i].Sub(sent[i-perWindow]) <= window {
				t.Fatalf("11 requests from %v to %v", sent[i-perWindow], sent[i])
			}
		}
		if len(sent) == 0 {
			t.Fatal("refused for two days")
		}
	})
}

func replaceGrant(text, grant string) string { return strings.ReplaceAll(text, "GRANT", grant) }
