package mapping

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// plainLetters are those whose accented forms Microsoft's table has, and
// thereby every form that Unicode composes of one of them and marks.
const plainLetters = "acdegilnorstuyzACDEGILNORSTUYZ"

// letterForm returns what the table gives for letters that are not a plain
// letter with marks; "" if it has none. đ, þ and ð are not in it.
func letterForm(r rune) string {
	switch r {
	case 'ø', 'œ', 'ǿ':
		return "oe"
	case 'Ø', 'Œ', 'Ǿ':
		return "OE"
	case 'æ', 'ǣ', 'ǽ':
		return "ae"
	case 'Æ', 'Ǣ', 'Ǽ':
		return "AE"
	case 'ß':
		return "ss"
	case 'ẞ':
		return "SS"
	case 'ł':
		return "l"
	case 'Ł':
		return "L"
	case 'ı':
		return "i"
	}
	return ""
}

// normalizeDiacritics replaces accented letters by plain ones, whether the
// accent is part of the character or follows it.
func normalizeDiacritics(s string) string {
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	dropMarks := false
	for _, r := range norm.NFC.String(s) {
		if unicode.Is(unicode.Mn, r) && dropMarks {
			continue
		}
		form := letterForm(r)
		if form == "" {
			form = baseLetter(r)
		}
		dropMarks = form != ""
		if form == "" {
			form = string(r)
		}
		b.WriteString(form)
	}
	return b.String()
}

// baseLetter returns the plain letter of the table that r is, with or without
// marks; "" if there is none.
func baseLetter(r rune) string {
	first, marks := rune(0), norm.NFD.String(string(r))
	for i, c := range marks {
		switch {
		case i == 0:
			first = c
		case !unicode.Is(unicode.Mn, c):
			return ""
		}
	}
	if strings.ContainsRune(plainLetters, first) {
		return string(first)
	}
	return ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
