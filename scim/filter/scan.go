package filter

import (
	"strings"
	"unicode/utf8"
)

// at reports whether c is the next byte.
func (p *parser) at(c byte) bool { return p.pos < len(p.s) && p.s[p.pos] == c }

// skipSpaces moves past spaces and reports whether there was one.
func (p *parser) skipSpaces() bool {
	start := p.pos
	for p.at(' ') {
		p.pos++
	}
	return p.pos > start
}

// joiner moves past spaces and word, in any case. If they are not there it
// stays and returns false.
func (p *parser) joiner(word string) bool {
	i := p.pos
	for i < len(p.s) && p.s[i] == ' ' {
		i++
	}
	end := i + len(word)
	if i == p.pos || !p.wordAt(i, word) || end < len(p.s) && isNameByte(p.s[end]) {
		return false
	}
	p.pos = end
	return true
}

// not moves to the parenthesis after a "not". Without a parenthesis it is an
// attribute name like any other; not stays and returns false.
func (p *parser) not() bool {
	if !p.wordAt(p.pos, "not") {
		return false
	}
	i := p.pos + len("not")
	for i < len(p.s) && p.s[i] == ' ' {
		i++
	}
	if i == len(p.s) || p.s[i] != '(' {
		return false
	}
	p.pos = i
	return true
}

// wordAt reports whether the lower-case word is at i, in any case.
func (p *parser) wordAt(i int, word string) bool {
	if len(p.s)-i < len(word) {
		return false
	}
	for j := range len(word) {
		if p.s[i+j]|0x20 != word[j] {
			return false
		}
	}
	return true
}

// operator reads an operator: a comparison, or present for "pr". It stays if
// there is none.
func (p *parser) operator() (op Op, present, ok bool) {
	end := p.pos + 2
	if end > len(p.s) || end < len(p.s) && isNameByte(p.s[end]) {
		return 0, false, false
	}
	if p.wordAt(p.pos, "pr") {
		p.pos = end
		return 0, true, true
	}
	for i := 0; i < len(opNames); i += 2 {
		if p.wordAt(p.pos, opNames[i:i+2]) {
			p.pos = end
			return Op(i / 2), false, true
		}
	}
	return 0, false, false
}

// attrPath = [URI ":"] name ["." name]
func (p *parser) attrPath() (AttrPath, error) {
	var a AttrPath
	start, colon := p.pos, -1
	for i := p.pos; i < len(p.s) && isURIByte(p.s[i]); i++ {
		if p.s[i] == ':' {
			colon = i
		}
	}
	if colon >= 0 {
		a.URN = p.s[start:colon]
		if !isURI(a.URN) {
			return AttrPath{}, p.fail(start, wantURI)
		}
		p.pos = colon + 1
	}
	var err error
	if a.Name, err = p.name(); err != nil {
		return AttrPath{}, err
	}
	if p.at('.') {
		p.pos++
		if a.Sub, err = p.name(); err != nil {
			return AttrPath{}, err
		}
	}
	return a, nil
}

// name = ["$"] ALPHA *nameChar, RFC 7643 section 2.1
func (p *parser) name() (string, error) {
	start, i := p.pos, p.pos
	if p.at('$') {
		i++
	}
	if i == len(p.s) || !isAlpha(p.s[i]) {
		return "", p.fail(i, wantAttr)
	}
	for i < len(p.s) && isNameByte(p.s[i]) {
		i++
	}
	p.pos = i
	return p.s[start:i], nil
}

// isURI reports whether s, made of URI bytes, is a scheme, a colon and more.
func isURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || rest == "" || scheme == "" || !isAlpha(scheme[0]) {
		return false
	}
	for i := range len(scheme) {
		if c := scheme[i]; !isAlpha(c) && !isDigit(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// literal reads a comparison value.
func (p *parser) literal() (Literal, error) {
	if p.at('"') {
		text, err := p.quoted()
		return Literal{Kind: String, Text: text}, err
	}
	start := p.pos
	end := start
	for end < len(p.s) && !isDelimiter(p.s[end]) {
		end++
	}
	token := p.s[start:end]
	p.pos = end
	switch {
	case isNumber(token):
		return Literal{Kind: Number, Text: token}, nil
	case len(token) == 4 && p.wordAt(start, "true"):
		return Literal{Kind: True}, nil
	case len(token) == 5 && p.wordAt(start, "false"):
		return Literal{Kind: False}, nil
	case len(token) == 4 && p.wordAt(start, "null"):
		return Literal{Kind: Null}, nil
	case p.tolerant && isBare(token):
		return Literal{Kind: String, Text: token}, nil
	}
	return Literal{}, p.fail(start, wantValue)
}

// isNumber reports whether s is a number in the JSON grammar, RFC 8259 section 6.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole := digits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if s != "" && s[0] == '.' {
		n := digits(s[1:])
		if n == 0 {
			return false
		}
		s = s[1+n:]
	}
	if s != "" && s[0]|0x20 == 'e' {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		n := digits(s)
		return n > 0 && n == len(s)
	}
	return s == ""
}

// digits returns how many digits s starts with.
func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// isBare reports whether a token may be a string without quotes. A joining word
// there means that the value was left out; a single quote, that the sender took
// it for a delimiter, and would be matched as part of the value.
func isBare(s string) bool {
	if s == "" || s[0] == '\'' || strings.EqualFold(s, "and") || strings.EqualFold(s, "or") {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}

// isDelimiter reports whether c ends a value without quotes.
func isDelimiter(c byte) bool {
	switch c {
	case ' ', '(', ')', '[', ']', '"':
		return true
	}
	return false
}

// isURIByte reports whether c may be in a URI, RFC 3986 section 2, or in an
// attribute path, whose bytes are among them. Brackets are left out: they are
// the grammar's own.
func isURIByte(c byte) bool {
	switch c {
	case ':', '/', '?', '#', '@', '!', '&', '\'', '*', '+', ',', ';', '=', '%', '~', '.':
		return true
	}
	return isNameByte(c)
}

func isNameByte(c byte) bool {
	return isAlpha(c) || isDigit(c) || c == '-' || c == '_' || c == '$'
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
