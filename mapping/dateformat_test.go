package mapping

import (
	"testing"
	"time"
)

var formats = []struct{ format, text, iso, reason string }{
	{"yyyyMMddHHmmss.fZ", "20150123105347.1Z", "2015-01-23T10:53:47.1Z", "Entra's example; Z is a letter like any other"},
	{"yyyy-MM-ddzzz", "2020-12-31-08:00", "2020-12-31T08:00:00Z", "an offset"},
	{"yyyy-MM-dd HH:mm z", "2020-01-01 10:00 +9", "2020-01-01T01:00:00Z", "hours alone"},
	{"yyyy-MM-dd HH:mm zz", "2020-01-01 10:00 +09", "2020-01-01T01:00:00Z", "hours alone, two digits"},
	{"d/M/yy", "3/4/49", "2049-04-03T00:00:00Z", "two digits up to 49"},
	{"d/M/yy", "3/4/50", "1950-04-03T00:00:00Z", "two digits from 50"},
	{"dddd, d MMM yyyy", "Monday, 16 Mar 2020", "2020-03-16T00:00:00Z", "names"},
	{"h:mm tt", "12:05 AM", "0001-01-01T00:05:00Z", "midnight; there is no clock to ask for the date"},
	{"h:mm tt", "12:05 PM", "0001-01-01T12:05:00Z", "noon"},
	{"h t", "3 P", "0001-01-01T15:00:00Z", "one letter"},
	{"yyyy'year'MM\\d", "2020year05d", "2020-05-01T00:00:00Z", "literals"},
	{"yyyy-MM-ddTHH:mm:ss.FFFK", "2020-01-01T00:00:00.25Z", "2020-01-01T00:00:00.25Z", "as many places as there are"},
	{"yyyy-MM-ddTHH:mm:ss.FFFK", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "no place and no point"},
	{"%d", "7", "0001-01-07T00:00:00Z", "a single specifier"},
	{"o", "2020-01-01T00:00:00.0000001Z", "2020-01-01T00:00:00.0000001Z", "a standard format"},
	{"R", "Mon, 16 Mar 2020 07:00:00 GMT", "2020-03-16T07:00:00Z", "a standard format"},
}

func TestDateFormats(t *testing.T) {
	for _, row := range formats {
		f, detail := parseDateFormat(row.format)
		if detail != "" {
			t.Errorf("%s: %s", row.format, detail)
			continue
		}
		got, ok := f.parse(row.text)
		if !ok || got.Format(time.RFC3339Nano) != row.iso {
			t.Errorf("%s reads %s as %v, %t; want %s: %s", row.format, row.text, got, ok, row.iso, row.reason)
		}
	}
	refused := []struct{ format, text, reason string }{
		{"yyyy-MM-dd", "2020-02-30", "there is no such day"}, {"yyyy-MM-dd", "2020-2-03", "two digits are two"}, {"dddd yyyy-MM-dd", "Sunday 2020-03-16", "it was a Monday"},
		{"HH:mm", "24:00", "there is no hour 24"}, {"hh:mm", "13:00", "nor 13 of 12"}, {"yyyy", "0000", "nor a year 0"}, {"yyyy", "20201", "something follows"}, {"yyyyK", "2020+15:00", "no such offset"},
		{"HH h", "15 4", "the fields contradict"}, {"yyyy yyyy", "2020 2021", "the fields contradict"}, {"zzz", "+0900x", "something follows"}, {"MMM", "Foo", "not a month"}, {"tt", "XM", "not a half"},
	}
	for _, row := range refused {
		f, detail := parseDateFormat(row.format)
		if _, ok := f.parse(row.text); ok || detail != "" {
			t.Errorf("%s reads %s (%s): %s", row.format, row.text, detail, row.reason)
		}
	}
	for _, bad := range []string{"q", "'a", `a\`, "a%", "%%d", "gg", "ffffffff", "yyyyyyyyyy"} {
		if _, detail := parseDateFormat(bad); detail == "" {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func TestDateFormatWrites(t *testing.T) {
	at := time.Date(2020, 3, 6, 15, 4, 5, 120_000_000, time.UTC)
	rows := []struct{ format, want string }{
		{"d", "03/06/2020"}, {"D", "Friday, 06 March 2020"}, {"f", "Friday, 06 March 2020 15:04"}, {"g", "03/06/2020 15:04"}, {"G", "03/06/2020 15:04:05"}, {"M", "March 06"},
		{"o", "2020-03-06T15:04:05.1200000Z"}, {"R", "Fri, 06 Mar 2020 15:04:05 GMT"}, {"s", "2020-03-06T15:04:05"}, {"T", "15:04:05"}, {"t", "15:04"}, {"u", "2020-03-06 15:04:05Z"}, {"y", "2020 March"}, {"U", "Friday, 06 March 2020 15:04:05"},
		{"ddd MMM y yyyyy", "Fri Mar 20 02020"}, {"h hh t tt", "3 03 P PM"}, {"ff FFF", "12 12"}, {"s.FF", "5.12"}, {"z zz zzz K", "+0 +00 +00:00 Z"}, {"'at' HH\"h\"", "at 15h"}, {"本yyyy", "本2020"},
	}
	for _, row := range rows {
		f, detail := parseDateFormat(row.format)
		if got := f.format(at); got != row.want || detail != "" {
			t.Errorf("%s = %q %s, want %q", row.format, got, detail, row.want)
		}
	}
}

// fixedWidth reports whether each part of a format is as long as it says:
// then only one reading is possible.
func fixedWidth(f dateFormat) bool {
	for _, p := range f {
		if p.spec != 0 && p.spec != 'K' && p.n == 1 && p.spec != 't' || p.spec == 'F' || p.spec == 'y' && p.n == 3 {
			return false
		}
	}
	return true
}

// FuzzDateFormat: what a format of fixed width writes and can read again, it
// writes again in the same way.
func FuzzDateFormat(f *testing.F) {
	for _, row := range formats {
		f.Add(row.format, int64(1584342245), int64(123456700))
	}
	f.Fuzz(func(t *testing.T, text string, seconds, nanos int64) {
		format, detail := parseDateFormat(text)
		if detail != "" || len(text) > 200 {
			return
		}
		at, ok := inRange(time.Unix(seconds, nanos%1e9))
		if !ok {
			return
		}
		first := format.format(at)
		again, ok := format.parse(first)
		if !ok {
			return
		}
		if second := format.format(again); first != second && fixedWidth(format) {
			t.Fatalf("%q writes %q, reads %v and writes %q", text, first, again, second)
		}
	})
}
