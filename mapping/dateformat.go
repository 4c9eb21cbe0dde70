package mapping

import (
	"strings"
	"time"
	"unicode/utf8"
)

// dateFormat is a date format of .NET ("Custom date and time format strings",
// invariant culture), read into its parts.
type dateFormat []datePart

// datePart is a specifier that is repeated n times, or a literal text.
type datePart struct {
	spec byte // 0 for a literal
	n    int
	text string
}

// standardFormats are the formats of one letter that stand for others.
func standardFormats(c byte) string {
	switch c {
	case 'd':
		return "MM/dd/yyyy"
	case 'D':
		return "dddd, dd MMMM yyyy"
	case 'f':
		return "dddd, dd MMMM yyyy HH:mm"
	case 'F', 'U':
		return "dddd, dd MMMM yyyy HH:mm:ss"
	case 'g':
		return "MM/dd/yyyy HH:mm"
	case 'G':
		return "MM/dd/yyyy HH:mm:ss"
	case 'm', 'M':
		return "MMMM dd"
	case 'o', 'O':
		return "yyyy-MM-ddTHH:mm:ss.fffffffK"
	case 'r', 'R':
		return "ddd, dd MMM yyyy HH:mm:ss 'GMT'"
	case 's':
		return "yyyy-MM-ddTHH:mm:ss"
	case 't':
		return "HH:mm"
	case 'T':
		return "HH:mm:ss"
	case 'u':
		return "yyyy-MM-dd HH:mm:ssZ"
	case 'y', 'Y':
		return "yyyy MMMM"
	}
	return ""
}

const dateSpecifiers = "dfFghHKmMstyz"

// parseDateFormat reads a format, or says what is wrong with it.
func parseDateFormat(s string) (f dateFormat, detail string) {
	if len(s) == 1 {
		if s = standardFormats(s[0]); s == "" {
			return nil, "a format of one character is a standard one: d D f F g G M o R s t T u U y"
		}
	}
	for len(s) > 0 {
		n := 1
		switch c := s[0]; {
		case strings.IndexByte(dateSpecifiers, c) >= 0:
			if f, n, detail = f.specifier(s); detail != "" {
				return nil, detail
			}
		case c == '\'' || c == '"':
			end := strings.IndexByte(s[1:], c)
			if end < 0 {
				return nil, "a quote in the format is not closed"
			}
			f = f.literal(s[1 : 1+end])
			n = end + 2
		case c == '\\':
			if len(s) == 1 {
				return nil, "a backslash ends the format"
			}
			_, n = utf8.DecodeRuneInString(s[1:])
			f = f.literal(s[1 : 1+n])
			n++
		case c == '%':
			if len(s) == 1 || s[1] == '%' {
				return nil, "a percent sign stands before a specifier"
			}
		default:
			_, n = utf8.DecodeRuneInString(s)
			f = f.literal(s[:n])
		}
		s = s[n:]
	}
	return f, ""
}

func (f dateFormat) specifier(s string) (out dateFormat, n int, detail string) {
	c := s[0]
	for n < len(s) && s[n] == c && (c != 'K' || n == 0) {
		n++
	}
	switch {
	case c == 'g':
		return nil, 0, "eras are not supported"
	case (c == 'f' || c == 'F') && n > 7:
		return nil, 0, "a second has at most seven places after the point"
	case c == 'y' && n > 9:
		return nil, 0, "a year has at most nine digits"
	}
	return append(f, datePart{spec: c, n: n}), n, ""
}

func (f dateFormat) literal(text string) dateFormat {
	if n := len(f); n > 0 && f[n-1].spec == 0 {
		f[n-1].text += text
		return f
	}
	return append(f, datePart{text: text})
}

// format writes a time, which is in UTC.
func (f dateFormat) format(t time.Time) string {
	var b []byte
	for _, p := range f {
		b = p.append(b, t)
	}
	return string(b)
}

func (p datePart) append(b []byte, t time.Time) []byte {
	switch p.spec {
	case 0:
		return append(b, p.text...)
	case 'd':
		return appendNamed(b, p.n, t.Day(), t.Weekday().String())
	case 'M':
		return appendNamed(b, p.n, int(t.Month()), t.Month().String())
	case 'y':
		if p.n <= 2 {
			return appendDigits(b, t.Year()%100, p.n)
		}
		return appendDigits(b, t.Year(), p.n)
	case 'H':
		return appendDigits(b, t.Hour(), min(p.n, 2))
	case 'h':
		return appendDigits(b, (t.Hour()+11)%12+1, min(p.n, 2))
	case 'm':
		return appendDigits(b, t.Minute(), min(p.n, 2))
	case 's':
		return appendDigits(b, t.Second(), min(p.n, 2))
	case 'f':
		return append(b, ticks(t)[:p.n]...)
	case 'F':
		if digits := strings.TrimRight(ticks(t)[:p.n], "0"); digits != "" {
			return append(b, digits...)
		}
		if n := len(b); n > 0 && b[n-1] == '.' {
			b = b[:n-1] // no point without places
		}
		return b
	case 't':
		return append(b, t.Format("PM")[:min(p.n, 2)]...)
	case 'K':
		return append(b, 'Z')
	}
	return append(b, [...]string{"+0", "+00", "+00:00"}[min(p.n, 3)-1]...) // z
}

// appendNamed writes a day or month: a number, a short or a long name.
func appendNamed(b []byte, n, number int, name string) []byte {
	switch {
	case n <= 2:
		return appendDigits(b, number, n)
	case n == 3:
		return append(b, name[:3]...)
	}
	return append(b, name...)
}

func appendDigits(b []byte, v, width int) []byte {
	var digits [20]byte
	i := len(digits)
	for ; v > 0 || width > 0; width-- {
		i--
		digits[i] = byte('0' + v%10)
		v /= 10
	}
	return append(b, digits[i:]...)
}

// ticks returns the seven places of the second.
func ticks(t time.Time) string {
	return string(appendDigits(nil, t.Nanosecond()/100, 7))
}
