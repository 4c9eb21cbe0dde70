package scim

import (
	"encoding/base64"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Canonical returns the form in which two texts of an attribute with
// caseExact false are the same text: NFC and Unicode simple case folding. It
// is the one relation behind uniqueness, filters and matching; what is
// stored keeps its spelling.
func Canonical(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return canonicalUnicode(s)
		}
	}
	return foldASCII(s)
}

// canonicalUnicode folds the decomposed form: folded and then decomposed, a
// letter and its accent could still compose to a letter that folds again.
func canonicalUnicode(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFD.String(s) {
		b.WriteRune(foldRune(r))
	}
	return compose(b.String())
}

// compose returns NFC of the text between characters beyond U+FFFF, which it
// leaves alone: x/text composes those by the lower 16 bits of their numbers,
// so that U+1043A with an accent would become U+045C.
func compose(s string) string {
	beyond := func(r rune) bool { return r > 0xFFFF }
	if strings.IndexFunc(s, beyond) < 0 {
		return norm.NFC.String(s)
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexFunc(s, beyond)
		if i < 0 {
			i = len(s)
		}
		b.WriteString(norm.NFC.String(s[:i]))
		_, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(s[i : i+size])
		s = s[i+size:]
	}
	return b.String()
}

// foldRune returns the member of r's simple folding orbit that stands for
// all of them: the smallest in lower case or, without one, the smallest.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			return r | 0x20
		}
		return r
	}
	least, lower := r, rune(-1)
	for next := r; ; {
		least = min(least, next)
		if unicode.IsLower(next) && (lower < 0 || next < lower) {
			lower = next
		}
		if next = unicode.SimpleFold(next); next == r {
			break
		}
	}
	if lower >= 0 {
		return lower
	}
	return least
}

// checkText accepts the values of string, dateTime, binary and reference
// attributes, which are kept as they came.
func checkText(a *Attribute, v Value) (Value, error) {
	if v.kind != KindText {
		return Value{}, invalidValue(a.path, "the attribute takes a JSON string of type %s", a.Type)
	}
	switch a.Type {
	case TypeDateTime:
		if v.text == "" {
			return Value{}, nil
		}
		if _, ok := parseTime(v.text); !ok {
			return Value{}, invalidValue(a.path, "the attribute takes a date and time such as 2008-01-23T04:56:22Z")
		}
	case TypeBinary:
		if !isBase64(v.text) {
			return Value{}, invalidValue(a.path, "the attribute takes base64")
		}
	case TypeReference:
		if v.text == "" {
			return Value{}, nil
		}
	}
	return v, nil
}

// parseTime reads an xsd:dateTime (RFC 7643 section 2.3.5). One without a
// zone is taken as UTC.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func isBase64(s string) bool {
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if _, err := encoding.DecodeString(s); err == nil {
			return true
		}
	}
	return false
}

// isJSONNumber reports whether s is a number of RFC 8259 section 6.
func isJSONNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	digits := func() bool {
		n := 0
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	zero := strings.HasPrefix(s, "0")
	if before := len(s); !digits() || zero && before-len(s) > 1 {
		return false
	}
	if strings.HasPrefix(s, ".") {
		if s = s[1:]; !digits() {
			return false
		}
	}
	if s != "" && s[0]|0x20 == 'e' {
		if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return s == ""
}
