package mapping

import (
	"strings"
	"time"
)

// Dates are texts between functions, in the form in which Entra prints them:
// UTC, M/d/yyyy h:mm:ss tt.
const printedDate = "1/2/2006 3:04:05 PM"

// fileTimeEpoch is 1601-01-01, from which FILETIME counts 100 ns, in seconds
// before the Unix epoch.
const fileTimeEpoch = 11_644_473_600

const (
	daySeconds  = 24 * 60 * 60
	ticksSecond = 10_000_000 // of FILETIME
)

func dateValue(t time.Time) value { return textValue(t.UTC().Format(printedDate)) }

// dateLayouts are the forms that CDate and the other functions of dates read;
// without an offset the time is UTC.
var dateLayouts = [...]string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04Z07:00", "2006-01-02 15:04",
	"2006-01-02Z07:00", "2006-01-02Z0700", "2006-01-02", "2006-1-2",
	printedDate, "1/2/2006 3:04 PM", "1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/2006",
	"2006/1/2 15:04:05", "2006/1/2 15:04", "2006/1/2",
	time.RFC1123, time.RFC1123Z, "2 January 2006", "2 Jan 2006", "January 2, 2006", "Jan 2, 2006",
}

// parseDate reads a date in any of the forms, with a year from 1 to 9999.
func parseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 64 {
		return time.Time{}, false
	}
	for _, layout := range dateLayouts {
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return inRange(t)
		}
	}
	return time.Time{}, false
}

// inRange returns a time in UTC if .NET has it.
func inRange(t time.Time) (time.Time, bool) {
	t = t.UTC()
	return t, 1 <= t.Year() && t.Year() <= 9999
}

// date computes a date; ok is false for null.
func (a argument) date(in input) (t time.Time, ok bool, err *Error) {
	s, ok, err := a.single(in)
	if err != nil || !ok || s == "" {
		return time.Time{}, false, err
	}
	if t, ok = parseDate(s); !ok {
		return time.Time{}, false, a.at(&Error{Kind: KindValue, Detail: "the value is not a date such as 2020-03-16T07:00:00Z"})
	}
	return t, true, nil
}

// intervals are those of DateAdd and DateDiff.
func intervals() []string { return []string{"yyyy", "m", "d", "ww", "h", "n", "s"} }

// seconds returns the length of an interval, 0 if it is not always the same.
func seconds(interval string) int64 {
	switch interval {
	case "d":
		return daySeconds
	case "ww":
		return 7 * daySeconds
	case "h":
		return 60 * 60
	case "n":
		return 60
	case "s":
		return 1
	}
	return 0
}

// dateAdd adds n intervals; ok is false if that leaves the years .NET has. A
// month that is too short for the day ends on its last one.
func dateAdd(interval string, n int64, t time.Time) (time.Time, bool) {
	if n < -400_000_000_000 || n > 400_000_000_000 { // no interval fits so often
		return t, false
	}
	if length := seconds(interval); length > 0 {
		if n > 400_000_000_000/length || n < -400_000_000_000/length {
			return t, false
		}
		return inRange(time.Unix(t.Unix()+n*length, int64(t.Nanosecond())))
	}
	if interval == "yyyy" {
		n *= 12
	}
	months := int64(t.Year())*12 + int64(t.Month()) - 1 + n
	if months < 12 || months >= 10_000*12 {
		return t, false
	}
	year, month := int(months/12), time.Month(months%12+1)
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return inRange(time.Date(year, month, min(t.Day(), last), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC))
}

// dateDiff counts the boundaries of an interval between two times, as
// Visual Basic does: from 31 December to 1 January is a year. A week begins
// on Sunday.
func dateDiff(interval string, a, b time.Time) int64 {
	switch interval {
	case "yyyy":
		return int64(b.Year() - a.Year())
	case "m":
		return int64(b.Year()-a.Year())*12 + int64(b.Month()-a.Month())
	case "ww":
		return (startOfWeek(b) - startOfWeek(a)) / (7 * daySeconds)
	}
	length := seconds(interval)
	return floorDiv(b.Unix(), length) - floorDiv(a.Unix(), length)
}

func startOfWeek(t time.Time) int64 {
	return (floorDiv(t.Unix(), daySeconds) - int64(t.Weekday())) * daySeconds
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
