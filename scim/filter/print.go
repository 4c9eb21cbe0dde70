package filter

import "unicode/utf8"

// String writes the comparison as a filter.
func (e *Compare) String() string { return string(appendExpr(nil, e, looseBinding)) }

// String writes the presence test as a filter.
func (e *Present) String() string { return string(appendExpr(nil, e, looseBinding)) }

// String writes the terms joined by "and", those that are an Or in parentheses.
func (e *And) String() string { return string(appendExpr(nil, e, looseBinding)) }

// String writes the terms joined by "or".
func (e *Or) String() string { return string(appendExpr(nil, e, looseBinding)) }

// String writes the negation as a filter.
func (e *Not) String() string { return string(appendExpr(nil, e, looseBinding)) }

// String writes the value path as a filter.
func (e *ValuePath) String() string { return string(appendExpr(nil, e, looseBinding)) }

// String writes the attribute path, with its schema URI if it has one.
func (a AttrPath) String() string { return string(appendAttr(nil, a)) }

// String writes the path in a form that [ParsePath] reads as an equal Path.
func (p Path) String() string {
	b := appendAttr(nil, p.Attr)
	if p.Filter != nil {
		b = append(b, '[')
		b = appendExpr(b, p.Filter, looseBinding)
		b = append(b, ']')
	}
	if p.Sub != "" {
		b = append(b, '.')
		b = append(b, p.Sub...)
	}
	return string(b)
}

// String writes the literal as a filter has it: text as a quoted JSON string.
func (l Literal) String() string { return string(appendLiteral(nil, l)) }

// binding says how tightly the place of an expression binds, which decides
// whether an Or needs parentheses there.
type binding uint8

const (
	looseBinding binding = iota // a whole filter, inside brackets, a term of an Or
	andBinding                  // a term of an And
)

func appendExpr(b []byte, e Expr, place binding) []byte {
	switch e := e.(type) {
	case *Compare:
		b = append(appendAttr(b, e.Attr), ' ')
		b = append(append(b, e.Op.String()...), ' ')
		b = appendLiteral(b, e.Value)
	case *Present:
		b = append(appendAttr(b, e.Attr), " pr"...)
	case *And:
		b = appendTerms(b, e.Terms, " and ", andBinding)
	case *Or:
		if place == andBinding {
			b = append(b, '(')
		}
		b = appendTerms(b, e.Terms, " or ", looseBinding)
		if place == andBinding {
			b = append(b, ')')
		}
	case *Not:
		b = append(b, "not ("...)
		b = append(appendExpr(b, e.Expr, looseBinding), ')')
	case *ValuePath:
		b = append(appendAttr(b, e.Attr), '[')
		b = append(appendExpr(b, e.Expr, looseBinding), ']')
	}
	return b
}

func appendTerms(b []byte, terms []Expr, joiner string, place binding) []byte {
	for i, t := range terms {
		if i > 0 {
			b = append(b, joiner...)
		}
		b = appendExpr(b, t, place)
	}
	return b
}

func appendAttr(b []byte, a AttrPath) []byte {
	if a.URN != "" {
		b = append(append(b, a.URN...), ':')
	}
	b = append(b, a.Name...)
	if a.Sub != "" {
		b = append(append(b, '.'), a.Sub...)
	}
	return b
}

func appendLiteral(b []byte, l Literal) []byte {
	switch l.Kind {
	case Number:
		return append(b, l.Text...)
	case True:
		return append(b, "true"...)
	case False:
		return append(b, "false"...)
	case Null:
		return append(b, "null"...)
	default:
		return appendQuoted(b, l.Text)
	}
}

// appendQuoted writes s as a JSON string. Bytes that are not UTF-8, which only
// a tree built by hand can hold, become U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&0xf])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
