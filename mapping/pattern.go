package mapping

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The classes of .NET, in which letters and digits are those of Unicode.
// RE2's are ASCII's, so that \w would not match 本社.
const (
	dotNetDigit = `\p{Nd}`
	dotNetWord  = `\p{L}\p{Mn}\p{Nd}\p{Pc}`
	dotNetSpace = `\f\n\r\t\v\x{85}\p{Z}`
)

// pattern translates a .NET regular expression to RE2. What RE2 lacks, or
// reads in another way, is refused: a pattern that quietly means something
// else is worse than one that has to be rewritten.
type pattern struct {
	s     string
	pos   int
	out   strings.Builder
	class int // offset after the bracket of the class being read; 0 outside one
}

// compilePattern returns the pattern, or a sentence that says why RE2 cannot
// do it and where.
func compilePattern(s string) (*regexp.Regexp, string) {
	p := &pattern{s: s}
	for p.pos < len(s) {
		if detail := p.step(); detail != "" {
			return nil, "character " + strconv.Itoa(utf8.RuneCountInString(s[:p.pos])+1) + " of the pattern: " + detail
		}
	}
	re, err := regexp.Compile(p.out.String())
	if err == nil {
		return re, ""
	}
	detail := "the pattern is not a regular expression of RE2"
	if e := new(syntax.Error); errors.As(err, &e) {
		detail += ": " + e.Code.String()
	}
	return nil, detail
}

func (p *pattern) rest(prefix string) bool { return strings.HasPrefix(p.s[p.pos:], prefix) }

func (p *pattern) copy(n int) {
	p.out.WriteString(p.s[p.pos : p.pos+n])
	p.pos += n
}

// step translates the next element.
func (p *pattern) step() string {
	switch {
	case p.rest(`\`):
		return p.escape()
	case p.class > 0:
		return p.inClass()
	case p.rest("["):
		p.copy(1)
		if p.rest("^") {
			p.copy(1)
		}
		p.class = p.pos
	case p.rest("(?"):
		return p.group()
	default:
		p.copy(1)
	}
	return ""
}

func (p *pattern) inClass() string {
	switch {
	case p.rest("]") && p.pos > p.class:
		p.class = 0
	case p.rest("-[") && p.pos > p.class:
		return "RE2 has no class subtraction; list the characters"
	case p.rest("[:"):
		return `write \[ for a square bracket`
	}
	p.copy(1)
	return ""
}

// group lets named and plain groups and the flags i, m and s through.
func (p *pattern) group() string {
	for _, x := range [...]struct{ prefix, detail string }{
		{"(?=", "RE2 has no look-ahead; match the whole text and put groups in the replacement"},
		{"(?!", "RE2 has no look-ahead; list what may follow"},
		{"(?<=", "RE2 has no look-behind; match the whole text and put groups in the replacement"},
		{"(?<!", "RE2 has no look-behind; list what may come before"},
		{"(?>", "RE2 does not need atomic groups; write (?:"},
		{"(?(", "RE2 has no conditions; use IIF"},
		{"(?P", "write the group's name as (?<name>"},
	} {
		if p.rest(x.prefix) {
			return x.detail
		}
	}
	switch {
	case p.rest("(?#"):
		return p.comment()
	case p.rest("(?'"):
		return p.quotedName()
	}
	if p.rest("(?<") {
		end := strings.IndexByte(p.s[p.pos:], '>')
		if end < 0 || strings.ContainsAny(p.s[p.pos:p.pos+end], "-") {
			return "a named group is written (?<name>"
		}
		p.copy(end + 1)
		return ""
	}
	end := strings.IndexAny(p.s[p.pos:], ":)")
	if end < 0 || strings.Trim(p.s[p.pos+2:p.pos+end], "ims-") != "" {
		return "RE2 knows the flags i, m and s only"
	}
	p.copy(end + 1)
	return ""
}

// comment leaves (?#…) out.
func (p *pattern) comment() string {
	end := strings.IndexByte(p.s[p.pos:], ')')
	if end < 0 {
		return "the comment is not closed"
	}
	p.pos += end + 1
	return ""
}

// quotedName writes (?'name' as (?<name>.
func (p *pattern) quotedName() string {
	name, _, closed := strings.Cut(p.s[p.pos+3:], "'")
	if !closed || strings.Contains(name, "-") {
		return "a named group is written (?<name>"
	}
	p.out.WriteString("(?<" + name + ">")
	p.pos += len("(?''") + len(name)
	return ""
}

// escape translates a backslash and what belongs to it.
func (p *pattern) escape() string {
	if p.pos+1 == len(p.s) {
		return "a backslash ends the pattern"
	}
	c := p.s[p.pos+1]
	switch c {
	case 'd', 'w', 's', 'D', 'W', 'S':
		return p.perlClass(c)
	case 'b', 'B':
		return "RE2 knows word boundaries between ASCII letters only; name the characters around the word"
	case 'Z', 'G':
		return "RE2 knows the end of the text as \\z and no place where the last match ended"
	case 'k', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return "RE2 has no references back to a group"
	case 'u':
		if len(p.s) < p.pos+6 || !isHex(p.s[p.pos+2:p.pos+6]) {
			return `four hexadecimal digits belong after \u`
		}
		p.out.WriteString(`\x{` + p.s[p.pos+2:p.pos+6] + `}`)
		p.pos += 6
		return ""
	case 'x':
		if len(p.s) < p.pos+4 || !isHex(p.s[p.pos+2:p.pos+4]) {
			return `two hexadecimal digits belong after \x`
		}
		p.copy(4)
		return ""
	case 'e':
		p.out.WriteString(`\x1b`)
		p.pos += 2
		return ""
	case 'p', 'P', 'A', 'z', 'f', 'n', 'r', 't', 'v', 'a':
		p.copy(2)
		return ""
	}
	if isLetter(c) || isDigit(c) || c >= utf8.RuneSelf {
		return "RE2 and .NET do not agree on this escape; leave it out"
	}
	p.copy(2)
	return ""
}

func (p *pattern) perlClass(c byte) string {
	set := map[byte]string{'d': dotNetDigit, 'w': dotNetWord, 's': dotNetSpace}[c|0x20]
	negated := c < 'a'
	switch {
	case p.class > 0 && negated && c == 'D':
		set = `\P{Nd}`
	case p.class > 0 && negated:
		return "RE2 cannot have this class inside brackets; list the characters"
	case negated:
		set = "[^" + set + "]"
	case p.class == 0:
		set = "[" + set + "]"
	}
	p.out.WriteString(set)
	p.pos += 2
	return ""
}

func isHex(s string) bool {
	_, err := strconv.ParseUint(s, 16, 32)
	return err == nil && s[0] != '+'
}

// goTemplate translates a .NET replacement pattern: ${name}, ${1}, $1, $& and
// $$. In .NET every other dollar sign is text.
func goTemplate(re *regexp.Regexp, s string) (out, detail string) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "$")
		b.WriteString(before)
		if !found {
			return b.String(), ""
		}
		name, rest := templateName(after)
		switch {
		case strings.HasPrefix(after, "$"):
			b.WriteString("$$")
			rest = after[1:]
		case strings.HasPrefix(after, "&"):
			b.WriteString("${0}")
			rest = after[1:]
		case name == "":
			b.WriteString("$$")
			rest = after
		default:
			if detail := checkGroup(re, name); detail != "" {
				return "", detail
			}
			b.WriteString("${" + name + "}")
		}
		s = rest
	}
}

// templateName returns the name of the group that text after a dollar sign
// refers to.
func templateName(s string) (name, rest string) {
	if strings.HasPrefix(s, "{") {
		if name, rest, ok := strings.Cut(s[1:], "}"); ok {
			return name, rest
		}
		return "", s
	}
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return s[:n], s[n:]
}

// checkGroup refuses names that the pattern does not have, and numbers where
// .NET counts in another order: it numbers named groups after all others.
func checkGroup(re *regexp.Regexp, name string) string {
	n, err := strconv.Atoi(name)
	if err != nil {
		if re.SubexpIndex(name) < 0 {
			return "the pattern has no group named " + strconv.Quote(name)
		}
		return ""
	}
	named := 0
	for _, group := range re.SubexpNames() {
		if group != "" {
			named++
		}
	}
	switch {
	case n < 0 || n > re.NumSubexp():
		return "the pattern has no group " + name
	case n > 0 && named > 0 && named < re.NumSubexp():
		return "the pattern has groups with and without a name; refer to them by name"
	}
	return ""
}
