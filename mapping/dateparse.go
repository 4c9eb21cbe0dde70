package mapping

import (
	"strings"
	"time"
)

// dateFields are the parts of a date that have been read; -1: not yet.
type dateFields struct {
	year, month, day, weekday, hour, hour12, minute, second, ticks, pm int

	zone   int // seconds east of UTC
	zoned  bool
	failed bool
}

// set sets a field that has no value yet, or the same.
func (d *dateFields) set(field *int, v int, ok bool) {
	if !ok || *field >= 0 && *field != v {
		d.failed = true
		return
	}
	*field = v
}

// parse reads a time as .NET's ParseExact does. Without an offset it is UTC;
// without a year it is in the year 1, because there is no clock to ask.
func (f dateFormat) parse(s string) (time.Time, bool) {
	d := &dateFields{year: -1, month: -1, day: -1, weekday: -1, hour: -1, hour12: -1, minute: -1, second: -1, ticks: -1, pm: -1}
	for i, p := range f {
		if strings.HasSuffix(p.text, ".") && i+1 < len(f) && f[i+1].spec == 'F' && !strings.HasPrefix(s, p.text) {
			p.text = strings.TrimSuffix(p.text, ".") // the places may be missing with their point
		}
		s = d.read(p, s)
		if d.failed {
			return time.Time{}, false
		}
	}
	if s != "" {
		return time.Time{}, false
	}
	return d.time()
}

// read reads one part and returns the rest of the text.
func (d *dateFields) read(p datePart, s string) string {
	switch p.spec {
	case 0:
		rest, ok := strings.CutPrefix(s, p.text)
		d.failed = !ok
		return rest
	case 'y':
		return d.readYear(p.n, s)
	case 'M':
		if p.n > 2 {
			return d.readName(&d.month, p.n, 1, 12, func(i int) string { return time.Month(i).String() }, s)
		}
		return d.number(&d.month, p.n, s)
	case 'd':
		if p.n > 2 {
			return d.readName(&d.weekday, p.n, 0, 6, func(i int) string { return time.Weekday(i).String() }, s)
		}
		return d.number(&d.day, p.n, s)
	case 'H':
		return d.number(&d.hour, p.n, s)
	case 'h':
		return d.number(&d.hour12, p.n, s)
	case 'm':
		return d.number(&d.minute, p.n, s)
	case 's':
		return d.number(&d.second, p.n, s)
	case 'f', 'F':
		return d.readTicks(p, s)
	case 't':
		return d.readHalf(p.n, s)
	}
	return d.readZone(p, s)
}

// digits reads at least least and at most most digits.
func digits(s string, least, most int) (v, n int, ok bool) {
	for n < len(s) && n < most && isDigit(s[n]) {
		v = 10*v + int(s[n]-'0')
		n++
	}
	return v, n, n >= least
}

// number reads a field of one or two digits, or of exactly two.
func (d *dateFields) number(field *int, width int, s string) string {
	v, n, ok := digits(s, min(width, 2), 2)
	d.set(field, v, ok)
	return s[n:]
}

// readYear: two digits are a year from 1950 to 2049, as .NET has it.
func (d *dateFields) readYear(width int, s string) string {
	least, most := width, width
	switch width {
	case 1:
		most = 2
	case 3:
		most = 4
	}
	v, n, ok := digits(s, least, most)
	if width <= 2 {
		if v += 1900; v < 1950 {
			v += 100
		}
	}
	d.set(&d.year, v, ok)
	return s[n:]
}

func (d *dateFields) readName(field *int, width, first, last int, name func(int) string, s string) string {
	for i := first; i <= last; i++ {
		want := name(i)
		if width == 3 {
			want = want[:3]
		}
		if len(s) >= len(want) && strings.EqualFold(s[:len(want)], want) {
			d.set(field, i, true)
			return s[len(want):]
		}
	}
	d.failed = true
	return s
}

func (d *dateFields) readTicks(p datePart, s string) string {
	least := p.n
	if p.spec == 'F' {
		least = 0
	}
	v, n, ok := digits(s, least, p.n)
	for range 7 - n {
		v *= 10
	}
	d.set(&d.ticks, v, ok)
	return s[n:]
}

func (d *dateFields) readHalf(width int, s string) string {
	for pm, want := range [...]string{"AM", "PM"} {
		want = want[:min(width, 2)]
		if len(s) >= len(want) && strings.EqualFold(s[:len(want)], want) {
			d.set(&d.pm, pm, true)
			return s[len(want):]
		}
	}
	d.failed = true
	return s
}

// readZone reads an offset: hours, or hours and minutes. K may be Z, an
// offset or nothing.
func (d *dateFields) readZone(p datePart, s string) string {
	width := min(p.n, 3)
	if p.spec == 'K' {
		if rest, ok := strings.CutPrefix(s, "Z"); ok {
			d.setZone(0)
			return rest
		}
		if s == "" || s[0] != '+' && s[0] != '-' {
			return s
		}
		width = 3
	}
	if s == "" || s[0] != '+' && s[0] != '-' {
		d.failed = true
		return s
	}
	hours, n, ok := digits(s[1:], min(width, 2), 2)
	rest, minutes := s[1+n:], 0
	if width == 3 {
		rest, _ = strings.CutPrefix(rest, ":")
		minutes, n, _ = digits(rest, 2, 2)
		ok = ok && n == 2
		rest = rest[n:]
	}
	if !ok || hours > 14 || minutes > 59 {
		d.failed = true
		return s
	}
	zone := (hours*60 + minutes) * 60
	if s[0] == '-' {
		zone = -zone
	}
	d.setZone(zone)
	return rest
}

func (d *dateFields) setZone(zone int) {
	d.failed = d.failed || d.zoned && d.zone != zone
	d.zone, d.zoned = zone, true
}

// time puts the fields together; ok is false if there is no such time.
func (d *dateFields) time() (t time.Time, ok bool) {
	if d.hour12 >= 0 {
		if d.hour12 < 1 || d.hour12 > 12 {
			return t, false
		}
		d.set(&d.hour, d.hour12%12+12*max(d.pm, 0)+12*half(d), true)
	}
	if d.pm == 1 && d.hour < 0 {
		d.hour = 12
	}
	year, month, day, hour := or(d.year, 1), or(d.month, 1), or(d.day, 1), or(d.hour, 0)
	t = time.Date(year, time.Month(month), day, hour, or(d.minute, 0), or(d.second, 0), or(d.ticks, 0)*100, time.UTC)
	ok = !d.failed && year >= 1 && t.Year() == year && int(t.Month()) == month && t.Day() == day && t.Hour() == hour &&
		or(d.minute, 0) < 60 && or(d.second, 0) < 60 &&
		(d.weekday < 0 || int(t.Weekday()) == d.weekday) && (d.pm < 0 || d.pm == t.Hour()/12)
	if !ok {
		return t, false
	}
	return inRange(t.Add(-time.Duration(d.zone) * time.Second))
}

// half is 1 if a 24-hour field has said that the 12-hour one is in the
// afternoon.
func half(d *dateFields) int {
	if d.pm < 0 && d.hour >= 12 {
		return 1
	}
	return 0
}

func or(field, otherwise int) int {
	if field < 0 {
		return otherwise
	}
	return field
}
