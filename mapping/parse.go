package mapping

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxExpressionChars = 10_000 // Entra's own limit
	maxExpressionDepth = 64     // calls within calls
)

// parser reads one expression. Errors carry the byte offset of what is wrong
// until the whole text is at hand to count characters.
type parser struct {
	s     string
	pos   int
	depth int
}

// parseExpr reads an expression, which must be a function call.
func parseExpr(s string) (*expr, *Error) {
	if !utf8.ValidString(s) {
		return nil, &Error{Kind: KindExpression, Detail: "the text is not valid UTF-8"}
	}
	if utf8.RuneCountInString(s) > maxExpressionChars {
		return nil, &Error{Kind: KindExpression, Detail: "the text has more than 10,000 characters"}
	}
	p := &parser{s: s}
	e, err := p.argument()
	if err != nil {
		return nil, err
	}
	if p.pos < len(s) {
		return nil, p.fail(p.pos, "the expression has ended here, and more follows")
	}
	switch e.kind {
	case exprCall:
		return e, nil
	case exprAttribute:
		return nil, p.fail(e.pos, "an expression is a function; for an attribute alone use the rule's attribute")
	case exprText, exprInteger:
		return nil, p.fail(e.pos, "an expression is a function; for a constant use the rule's fixed value")
	}
	return nil, p.fail(e.pos, "an expression is a function such as Append([mailNickname], \"@example.com\")")
}

// fail returns the error for a byte offset.
func (p *parser) fail(offset int, detail string) *Error { return exprError(p.s, offset, detail) }

func exprError(s string, offset int, detail string) *Error {
	return &Error{Kind: KindExpression, Pos: utf8.RuneCountInString(s[:offset]) + 1, Detail: detail}
}

func (p *parser) skipSpace() {
	for p.pos < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.pos]) >= 0 {
		p.pos++
	}
}

// peek returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.s) {
		return p.s[p.pos]
	}
	return 0
}

// argument reads a comparison or an operand, with the space around it.
func (p *parser) argument() (*expr, *Error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	at := p.pos
	op := p.operator()
	if op == "" {
		return left, nil
	}
	if left.kind == exprEmpty {
		return nil, p.fail(at, "the comparison has nothing on its left")
	}
	right, err := p.operand()
	if err != nil {
		return nil, err
	}
	if right.kind == exprEmpty {
		return nil, p.fail(p.pos, "the comparison has nothing on its right")
	}
	if next := p.pos; p.operator() != "" {
		return nil, p.fail(next, "a comparison has one operator; nest IIF for a second condition")
	}
	return &expr{kind: exprCompare, pos: left.pos, text: op, args: []*expr{left, right}}, nil
}

// operator reads a comparison operator, "" if there is none.
func (p *parser) operator() string {
	for _, op := range [...]string{"<>", ">=", "<=", "=", ">", "<"} {
		if strings.HasPrefix(p.s[p.pos:], op) {
			p.pos += len(op)
			return op
		}
	}
	return ""
}

// operand reads everything but a comparison; an empty one reads nothing.
func (p *parser) operand() (e *expr, err *Error) {
	p.skipSpace()
	switch c := p.peek(); {
	case c == '[':
		e, err = p.attribute()
	case c == '"':
		e, err = p.constant()
	case c == '&' || c == '-' || isDigit(c):
		e, err = p.integer()
	case isLetter(c):
		e, err = p.word()
	default:
		e = &expr{pos: p.pos}
	}
	p.skipSpace()
	return e, err
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// attribute reads a name in brackets. The name may hold brackets in pairs, as
// the SCIM path emails[type eq "work"].value does.
func (p *parser) attribute() (*expr, *Error) {
	start, depth, end := p.pos, 0, -1
	for i := start; i < len(p.s) && end < 0; i++ {
		switch p.s[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				end = i
			}
		}
	}
	if end < 0 {
		return nil, p.fail(start, "the attribute has no closing square bracket")
	}
	name := p.s[start+1 : end]
	if strings.TrimSpace(name) == "" {
		return nil, p.fail(start, "there is no attribute name between the brackets")
	}
	p.pos = end + 1
	return &expr{kind: exprAttribute, pos: start, text: name}, nil
}

func (p *parser) constant() (*expr, *Error) {
	start := p.pos
	var b strings.Builder
	for i := start + 1; i < len(p.s); i++ {
		switch c := p.s[i]; c {
		case '"':
			p.pos = i + 1
			return &expr{kind: exprText, pos: start, text: b.String()}, nil
		case '\\':
			if i++; i == len(p.s) || p.s[i] != '\\' && p.s[i] != '"' {
				return nil, p.fail(i-1, `a backslash in a constant is written \\ and a double quote \"`)
			}
			b.WriteByte(p.s[i])
		default:
			b.WriteByte(c)
		}
	}
	return nil, p.fail(start, "the constant has no closing double quote")
}

func (p *parser) integer() (*expr, *Error) {
	start := p.pos
	p.pos++
	for isDigit(p.peek()) || isLetter(p.peek()) {
		p.pos++
	}
	e := &expr{kind: exprInteger, pos: start, text: p.s[start:p.pos]}
	if _, ok := integerOf(e.text); !ok {
		return nil, p.fail(start, "the number is not a whole number of at most 64 bits such as 1000, -1 or &HFF")
	}
	return e, nil
}

// integerOf returns the value of an integer as it is spelt.
func integerOf(s string) (int64, bool) {
	base := 10
	if len(s) > 2 && s[0] == '&' && s[1]|0x20 == 'h' {
		s, base = s[2:], 16
	}
	n, err := strconv.ParseInt(s, base, 64)
	return n, err == nil
}

// word reads a function call or an enumeration word.
func (p *parser) word() (*expr, *Error) {
	start := p.pos
	for isLetter(p.peek()) || isDigit(p.peek()) || p.peek() == '_' {
		p.pos++
	}
	e := &expr{kind: exprWord, pos: start, text: p.s[start:p.pos]}
	p.skipSpace()
	if p.peek() != '(' {
		return e, nil
	}
	open := p.pos
	p.pos++
	if p.depth++; p.depth > maxExpressionDepth {
		return nil, p.fail(start, "functions are nested more than 64 deep")
	}
	defer func() { p.depth-- }()
	e.kind = exprCall
	return e, p.arguments(e, open)
}

// arguments reads what follows an opening parenthesis. Nothing at all is no
// argument; a comma makes empty arguments on either side of it.
func (p *parser) arguments(call *expr, open int) *Error {
	for {
		arg, err := p.argument()
		if err != nil {
			return err
		}
		next := p.peek()
		if arg.kind != exprEmpty || next == ',' || len(call.args) > 0 {
			call.args = append(call.args, arg)
		}
		switch next {
		case ',':
			p.pos++
		case ')':
			p.pos++
			return nil
		case 0:
			if p.pos == len(p.s) {
				return p.fail(open, "the parenthesis is not closed")
			}
			fallthrough
		default:
			return p.fail(p.pos, `a comma or a closing parenthesis is needed here; text is written in double quotes`)
		}
	}
}
