package filter

import (
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads a JSON string, RFC 8259 section 7, and returns its text. Without
// escapes that is a part of the input.
func (p *parser) quoted() (string, error) {
	start := p.pos + 1
	i, err := p.plain(start)
	if err != nil {
		return "", err
	}
	if p.s[i] == '"' {
		p.pos = i + 1
		return p.s[start:i], nil
	}
	text := append(make([]byte, 0, 64), p.s[start:i]...)
	for p.s[i] == '\\' {
		r, n := unescape(p.s[i:])
		if n == 0 {
			return "", p.fail(i, wantEscape)
		}
		text = utf8.AppendRune(text, r)
		i += n
		end, err := p.plain(i)
		if err != nil {
			return "", err
		}
		text = append(text, p.s[i:end]...)
		i = end
	}
	p.pos = i + 1
	return string(text), nil
}

// plain returns where the text from i on ends: at a quote or a backslash.
func (p *parser) plain(i int) (int, error) {
	start, ascii := i, true
	for ; i < len(p.s); i++ {
		switch c := p.s[i]; {
		case c == '"' || c == '\\':
			if !ascii {
				if bad := invalidUTF8(p.s[start:i]); bad >= 0 {
					return 0, p.fail(start+bad, wantUTF8)
				}
			}
			return i, nil
		case c < ' ':
			return 0, p.fail(i, wantNoCtrl)
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return 0, p.fail(i, wantQuote)
}

// invalidUTF8 returns the index of the first byte that is not UTF-8, or -1.
func invalidUTF8(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// unescape reads the escape that s starts with and returns its length, 0 if it
// is none. Two escapes that make a surrogate pair count as one.
func unescape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch c := s[1]; c {
	case '"', '\\', '/':
		return rune(c), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := unicodeEscape(s)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(r):
		return r, 6
	}
	low, ok := unicodeEscape(s[6:])
	if !ok {
		return 0, 0
	}
	// DecodeRune gives U+FFFD for what is no pair, and no pair stands for that.
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// unicodeEscape reads \u and four hexadecimal digits.
func unicodeEscape(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for i := 2; i < 6; i++ {
		c := s[i]
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
