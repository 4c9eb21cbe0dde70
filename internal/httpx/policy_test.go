package httpx

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)

var retryAfterTable = []struct {
	value  string
	want   time.Duration
	ok     bool
	reason string
}{
	{"", 0, false, "absent"},
	{"0", 0, true, "zero seconds"},
	{"5", 5 * time.Second, true, "seconds"},
	{" 5 ", 5 * time.Second, true, "white space around a field is not part of it"},
	{"0005", 5 * time.Second, true, "leading zeros are digits"},
	{"9223372036", 9223372036 * time.Second, true, "the most that fits"},
	{"9223372037", math.MaxInt64, true, "one more"},
	{"9223372036854775807", math.MaxInt64, true, "2^63-1 seconds"},
	{"18446744073709551616", math.MaxInt64, true, "2^64 seconds"},
	{"-1", 0, false, "negative"},
	{"+1", 0, false, "a sign is not a digit"},
	{"1.5", 0, false, "a fraction"},
	{"5s", 0, false, "a unit"},
	{"1_000", 0, false, "Go syntax"},
	{"٥", 0, false, "other digits"},
	{"soon", 0, false, "garbage"},
	{"Wed, 01 Apr 2026 09:01:30 GMT", 90 * time.Second, true, "IMF-fixdate"},
	{"Wednesday, 01-Apr-26 09:01:30 GMT", 90 * time.Second, true, "RFC 850"},
	{"Wed Apr  1 09:01:30 2026", 90 * time.Second, true, "asctime"},
	{"Fri, 31 Dec 1999 23:59:59 GMT", 0, true, "past"},
	{"Fri, 31 Dec 9999 23:59:59 GMT", math.MaxInt64, true, "further than a Duration reaches"},
	{"2026-04-01T09:01:30Z", 0, false, "not an HTTP date"},
}

func TestRetryAfter(t *testing.T) {
	for _, tt := range retryAfterTable {
		h := http.Header{}
		if tt.value != "" {
			h.Set("Retry-After", tt.value)
		}
		if got, ok := RetryAfter(h, now); got != tt.want || ok != tt.ok {
			t.Errorf("%q: got %v, %t, want %v, %t (%s)", tt.value, got, ok, tt.want, tt.ok, tt.reason)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, tt := range retryAfterTable {
		f.Add(tt.value)
	}
	f.Fuzz(func(t *testing.T, v string) {
		h := http.Header{"Retry-After": {v}}
		d, ok := RetryAfter(h, now)
		if d < 0 || !ok && d != 0 {
			t.Fatalf("%q: %v, %t", v, d, ok)
		}
		later, okLater := RetryAfter(h, now.Add(time.Hour))
		if ok != okLater || later > d {
			t.Fatalf("%q: %v, %t now, %v, %t an hour later", v, d, ok, later, okLater)
		}
		if digits := strings.TrimSpace(v); ok && digits[0] >= '0' && digits[0] <= '9' && later != d {
			t.Fatalf("%q: seconds depend on the clock", v)
		}
	})
}

func TestScrub(t *testing.T) {
	for _, tt := range []struct{ in, want, reason string }{
		{"dial tcp: refused", "dial tcp: refused", "no URL"},
		{`Post "https://h/p?token=x": EOF`, `Post "https://h/p": EOF`, "as url.Error quotes"},
		{`a https://u:p@h/p b http://h#f c`, `a https://h/p b http://h c`, "several"},
		{`"https://h/?a=\"x\"&b=x" end`, `"https://h/" end`, "an escaped quotation mark does not end a URL"},
		{"https://u:p@x@h", "https://h", "the last @ ends user information"},
		{"://", "://", "nothing after it"},
		{"x://?y", "x://", "at the end"},
	} {
		if got := scrub(tt.in); got != tt.want {
			t.Errorf("scrub(%q) = %q, want %q (%s)", tt.in, got, tt.want, tt.reason)
		}
	}
}

// FuzzScrub: whatever the secret, the text of a url.Error that quotes it as
// password, query and fragment does not show it, and the rest stays.
func FuzzScrub(f *testing.F) {
	for _, s := range []string{"plain", `quo"te`, `back\slash`, `both\"`, "sp ace", "日本", "%2F", "a@b", "a/b", "?#"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		secret := "<<" + s + ">>"
		u := &url.URL{Scheme: "https", Host: "a.example", Path: "/p", User: url.UserPassword("u", secret), RawQuery: url.Values{"q": {secret}}.Encode(), Fragment: secret}
		err := fmt.Errorf("before %w after", &url.Error{Op: "Post", URL: u.String(), Err: http.ErrAbortHandler})
		want := fmt.Sprintf(`before Post "https://a.example/p": %v after`, http.ErrAbortHandler)
		if got := scrub(err.Error()); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestBackoff(t *testing.T) {
	for _, tt := range []struct {
		first, longest time.Duration
		attempt        int
		ceiling        time.Duration
		reason         string
	}{
		{500 * time.Millisecond, 30 * time.Second, 0, 500 * time.Millisecond, "the first wait"},
		{500 * time.Millisecond, 30 * time.Second, 1, time.Second, "doubles"},
		{500 * time.Millisecond, 30 * time.Second, 5, 16 * time.Second, "doubles"},
		{500 * time.Millisecond, 30 * time.Second, 6, 30 * time.Second, "up to the longest"},
		{500 * time.Millisecond, 30 * time.Second, 1000, 30 * time.Second, "never overflows"},
		{1, math.MaxInt64 - 1, 70, math.MaxInt64 - 1, "never overflows"},
		{1, 1, 3, 1, "first and longest the same"},
	} {
		longest := time.Duration(0)
		for range 500 {
			got := backoff(tt.first, tt.longest, tt.attempt, nil)
			if got < 0 || got > tt.ceiling {
				t.Fatalf("%+v: got %v", tt, got)
			}
			longest = max(longest, got)
		}
		if longest < tt.ceiling/2 { // 500 draws below the middle: 1 in 2^500
			t.Errorf("%+v: no draw above %v", tt, longest)
		}
	}
	busy := &http.Response{Header: http.Header{"Retry-After": {"0"}}}
	var sum time.Duration
	for range 500 {
		sum += backoff(time.Second, time.Second, 0, busy)
	}
	if sum == 0 {
		t.Error("Retry-After: 0 made the client come back at once every time")
	}
}
