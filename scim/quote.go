package scim

import (
	"github.com/go-json-experiment/json/jsontext"
)

// appendQuoted appends s as a JSON text.
func appendQuoted(b []byte, s string) []byte {
	start := len(b)
	b = append(b, '"')
	b = append(b, s...)
	if isPlain(b[start+1:]) {
		return append(b, '"')
	}
	b, _ = jsontext.AppendQuote(b[:start], s)
	return b
}

// appendEscaped appends what stands between the quotes. Most texts need no
// escape: they are copied first and looked at where they then are, eight
// bytes at a time.
func appendEscaped(b []byte, s string) []byte {
	start := len(b)
	b = append(b, s...)
	if isPlain(b[start:]) {
		return b
	}
	quoted, _ := jsontext.AppendQuote(nil, s)
	return append(b[:start], quoted[1:len(quoted)-1]...)
}

// isPlain reports whether a text is ASCII without quotes, backslashes and
// control characters.
func isPlain[text string | []byte](t text) bool {
	for ; len(t) >= 8; t = t[8:] {
		// Eight bytes at a time: the compiler makes one load of it.
		x := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		const each, high = 0x0101010101010101, 0x8080808080808080
		quote, slash := x^'"'*each, x^'\\'*each
		// Subtracting 1 from a byte that is 0, or ' ' from a control character,
		// borrows from its high bit. A neighbour can be taken for one, too,
		// which only means a longer look.
		if (x|(x-' '*each)|(quote-each)|(slash-each))&high != 0 {
			return false
		}
	}
	for i := range len(t) {
		if c := t[i]; c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
