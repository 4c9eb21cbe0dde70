package mapping

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Positions and lengths count characters. .NET counts UTF-16 units, which is
// the same but for characters outside the basic plane, and never cuts one in
// half here.

// buildLeft: a length of 0 gives an empty text and one below 0 the source.
// Without a source the result is an empty text, which is a value.
func buildLeft(args []argument) (eval, *expr, string) {
	source, length := args[0], args[1]
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return textValue(""), err
		}
		n, _, err := length.integer(in)
		if err != nil {
			return value{}, err
		}
		if n >= 0 {
			s = s[:offset(s, n)]
		}
		return textValue(s), nil
	}, nil, ""
}

// offset returns the byte at which n characters have passed, or the end.
func offset(s string, n int64) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// buildMid: the first character is 1. What lies outside the source is cut
// off; without a source the result is an empty text.
func buildMid(args []argument) (eval, *expr, string) {
	source, from, length := args[0], args[1], args[2]
	if n, ok := constantInteger(from); ok && n < 1 {
		return nil, from.node, "the first character is 1"
	}
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return textValue(""), err
		}
		start, _, err := from.integer(in)
		if err != nil {
			return value{}, err
		}
		n, _, err := length.integer(in)
		if err != nil {
			return value{}, err
		}
		s = s[offset(s, max(start-1, 0)):]
		return textValue(s[:offset(s, max(n, 0))]), nil
	}, nil, ""
}

// buildInStr gives the place of one text in another, from 1; 0 if it is not
// there. Comparison is exact unless vbTextCompare says that letter case does
// not count.
func buildInStr(args []argument) (eval, *expr, string) {
	var all [4]argument
	copy(all[:], args)
	if n, ok := constantInteger(all[2]); ok && n < 1 {
		return nil, all[2].node, "the first character is 1"
	}
	fold := !all[3].empty() && strings.EqualFold(all[3].node.text, "vbTextCompare")
	return func(in input) (value, *Error) {
		s, _, err := all[0].single(in)
		if err != nil {
			return value{}, err
		}
		sought, _, err := all[1].single(in)
		if err != nil {
			return value{}, err
		}
		start, given, err := all[2].integer(in)
		if err != nil {
			return value{}, err
		}
		if !given {
			start = 1
		}
		return value{kind: kindNumber, text: strconv.Itoa(inStr(s, sought, max(start, 1), fold))}, nil
	}, nil, ""
}

func inStr(s, sought string, start int64, fold bool) int {
	if fold { // rune by rune, so that places stay what they are
		s, sought = strings.Map(foldRune, s), strings.Map(foldRune, sought)
	}
	if start > int64(utf8.RuneCountInString(s)) {
		return 0
	}
	at := offset(s, start-1)
	i := strings.Index(s[at:], sought)
	if i < 0 {
		return 0
	}
	return utf8.RuneCountInString(s[:at+i]) + 1
}

// buildWord: every one of the delimiters ends a word, and there is no word
// between two that follow each other. A word that is not there is an empty
// text.
func buildWord(args []argument) (eval, *expr, string) {
	source, number, delimiters := args[0], args[1], args[2]
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return textValue(""), err
		}
		n, _, err := number.integer(in)
		if err != nil {
			return value{}, err
		}
		d, _, err := delimiters.single(in)
		if err != nil {
			return value{}, err
		}
		if n >= 1 {
			for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(d, r) }) {
				if n--; n == 0 {
					return textValue(word), nil
				}
			}
		}
		return textValue(""), nil
	}, nil, ""
}

// buildDNComponent: the first component of a distinguished name (RFC 4514) is
// 1. Its value is given without the attribute's type and without escapes.
func buildDNComponent(args []argument) (eval, *expr, string) {
	source, number := args[0], args[1]
	if n, ok := constantInteger(number); ok && n < 1 {
		return nil, number.node, "the number of the first component is 1"
	}
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		n, _, err := number.integer(in)
		if err != nil {
			return value{}, err
		}
		parts := splitDN(s)
		if n < 1 || n > int64(len(parts)) {
			return value{}, nil
		}
		_, text, found := strings.Cut(parts[n-1], "=")
		if !found {
			return value{}, source.at(&Error{Kind: KindValue, Detail: "the value is not a distinguished name"})
		}
		return textValue(unescapeDN(strings.TrimSpace(text))), nil
	}, nil, ""
}

// splitDN cuts a distinguished name at the commas that are not escaped.
func splitDN(s string) (parts []string) {
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ',', ';':
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

func unescapeDN(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		if i+2 < len(s) && isHex(s[i+1:i+3]) {
			c, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
			b.WriteByte(byte(c))
			i += 2
			continue
		}
		i++
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}
