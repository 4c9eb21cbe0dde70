package filter

import "strconv"

// Options bounds what is read and says how strictly. The zero value and a nil
// *Options give the defaults. Limits of zero or less are defaults too: there is
// no way to have none.
type Options struct {
	MaxBytes int // length of the input in bytes; 4096 by default, 1024 for a path

	// MaxDepth is how deep parentheses and square brackets may nest; 16 by
	// default. More than 1000 counts as 1000, because reading and evaluating a
	// tree uses the stack.
	MaxDepth int

	MaxTerms int // number of comparisons and presence tests; 64 by default

	// Tolerant reads a comparison value without quotes as a string, up to the
	// next space or bracket, unless it is a number, true, false or null. The
	// words "and" and "or", and what starts with a single quote, are refused.
	Tolerant bool
}

const (
	defaultFilterBytes = 4096
	defaultPathBytes   = 1024
	defaultDepth       = 16
	defaultTerms       = 64
	ceilingDepth       = 1000
)

// Parse reads a filter, RFC 7644 section 3.4.2.2. A failure is an [*Error].
//
// The names and values of the tree share memory with s where they can.
func Parse(s string, o *Options) (Expr, error) {
	p, err := newParser(s, o, defaultFilterBytes)
	if err != nil {
		return nil, err
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.skipSpaces(); p.pos < len(s) {
		return nil, p.fail(p.pos, wantEnd)
	}
	return e, nil
}

// ParsePath reads the path of a PATCH operation, RFC 7644 section 3.5.2. A
// failure is an [*Error].
//
// A path may not be empty: an operation without a path has no path to parse.
// Spaces are accepted inside square brackets only.
//
// The names and values of the path share memory with s where they can.
func ParsePath(s string, o *Options) (Path, error) {
	p, err := newParser(s, o, defaultPathBytes)
	if err != nil {
		return Path{}, err
	}
	attr, err := p.attrPath()
	if err != nil {
		return Path{}, err
	}
	path := Path{Attr: attr}
	if p.at('[') {
		if path.Filter, err = p.enclosed(']', wantBracket); err != nil {
			return Path{}, err
		}
		if p.at('.') {
			p.pos++
			if path.Sub, err = p.name(); err != nil {
				return Path{}, err
			}
		}
	}
	if p.pos < len(s) {
		return Path{}, p.fail(p.pos, wantPathEnd)
	}
	return path, nil
}

// parser is a recursive-descent parser over the bytes of s. Its methods leave
// pos after what they read.
type parser struct {
	s        string
	pos      int
	depth    int // brackets open
	terms    int // terms begun
	maxDepth int
	maxTerms int
	tolerant bool
}

// newParser refuses an input that is too long before anything looks at it.
func newParser(s string, o *Options, maxBytes int) (parser, error) {
	p := parser{s: s, maxDepth: defaultDepth, maxTerms: defaultTerms}
	if o != nil {
		p.tolerant = o.Tolerant
		if o.MaxBytes > 0 {
			maxBytes = o.MaxBytes
		}
		if o.MaxDepth > 0 {
			p.maxDepth = min(o.MaxDepth, ceilingDepth)
		}
		if o.MaxTerms > 0 {
			p.maxTerms = o.MaxTerms
		}
	}
	if len(s) > maxBytes {
		return parser{}, overLimit(ErrTooLong, maxBytes, maxBytes)
	}
	return p, nil
}

// or = and *(SP "or" SP and)
func (p *parser) or() (Expr, error) {
	first, err := p.and()
	if err != nil || !p.joiner("or") {
		return first, err
	}
	terms := spliceOr(make([]Expr, 0, 2), first)
	for {
		if !p.skipSpaces() {
			return nil, p.fail(p.pos, wantTerm)
		}
		next, err := p.and()
		if err != nil {
			return nil, err
		}
		terms = spliceOr(terms, next)
		if !p.joiner("or") {
			return &Or{Terms: terms}, nil
		}
	}
}

// and = term *(SP "and" SP term)
func (p *parser) and() (Expr, error) {
	first, err := p.term()
	if err != nil || !p.joiner("and") {
		return first, err
	}
	terms := spliceAnd(make([]Expr, 0, 2), first)
	for {
		if !p.skipSpaces() {
			return nil, p.fail(p.pos, wantTerm)
		}
		next, err := p.term()
		if err != nil {
			return nil, err
		}
		terms = spliceAnd(terms, next)
		if !p.joiner("and") {
			return &And{Terms: terms}, nil
		}
	}
}

// spliceAnd appends a term, or the terms of a parenthesised And, so that one
// conjunction is one node however it was written.
func spliceAnd(terms []Expr, e Expr) []Expr {
	if a, ok := e.(*And); ok {
		return append(terms, a.Terms...)
	}
	return append(terms, e)
}

// spliceOr is spliceAnd for disjunctions.
func spliceOr(terms []Expr, e Expr) []Expr {
	if o, ok := e.(*Or); ok {
		return append(terms, o.Terms...)
	}
	return append(terms, e)
}

// term = ["not" *SP] "(" or ")" / attrPath test
func (p *parser) term() (Expr, error) {
	p.skipSpaces()
	if p.at('(') {
		return p.enclosed(')', wantParen)
	}
	if p.not() {
		e, err := p.enclosed(')', wantParen)
		if err != nil {
			return nil, err
		}
		return &Not{Expr: e}, nil
	}
	start := p.pos
	attr, err := p.attrPath()
	if err != nil {
		return nil, err
	}
	return p.test(attr, start)
}

// enclosed reads an opening bracket, an expression and the closing bracket.
func (p *parser) enclosed(closing byte, want string) (Expr, error) {
	if p.depth >= p.maxDepth {
		return nil, overLimit(ErrTooDeep, p.pos, p.maxDepth)
	}
	p.depth++
	p.pos++
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	p.skipSpaces()
	if !p.at(closing) {
		return nil, p.fail(p.pos, want)
	}
	p.pos++
	p.depth--
	return e, nil
}

// test = valuePath / SP "pr" / SP compareOp SP compValue, after the attribute
// path, which began at start.
func (p *parser) test(attr AttrPath, start int) (Expr, error) {
	if p.at('[') {
		return p.valuePath(attr)
	}
	if p.terms >= p.maxTerms {
		return nil, overLimit(ErrTooManyTerms, start, p.maxTerms)
	}
	p.terms++
	if !p.skipSpaces() {
		return nil, p.fail(p.pos, wantOperator)
	}
	op, present, ok := p.operator()
	if !ok {
		return nil, p.fail(p.pos, wantOperator)
	}
	if present {
		return &Present{Attr: attr}, nil
	}
	if !p.skipSpaces() {
		return nil, p.fail(p.pos, wantOperand)
	}
	value, err := p.literal()
	if err != nil {
		return nil, err
	}
	return &Compare{Attr: attr, Op: op, Value: value}, nil
}

// valuePath = "[" or "]" ["." name test]
//
// What follows the bracket is about the same element as what is in it, so it
// becomes one more condition of the bracket.
func (p *parser) valuePath(attr AttrPath) (Expr, error) {
	e, err := p.enclosed(']', wantBracket)
	if err != nil {
		return nil, err
	}
	if !p.at('.') {
		return &ValuePath{Attr: attr, Expr: e}, nil
	}
	p.pos++
	start := p.pos
	sub, err := p.name()
	if err != nil {
		return nil, err
	}
	p.depth++ // a[…].b[…].c[…] nests in the tree
	rest, err := p.test(AttrPath{Name: sub}, start)
	if err != nil {
		return nil, err
	}
	p.depth--
	terms := append(spliceAnd(make([]Expr, 0, 2), e), rest)
	return &ValuePath{Attr: attr, Expr: &And{Terms: terms}}, nil
}

// fail returns the error of a wrong byte, or of a missing one, at pos.
func (p *parser) fail(pos int, want string) error {
	return &Error{Kind: ErrSyntax, Pos: pos, Want: want}
}

// overLimit returns the error of what at pos exceeds a limit.
func overLimit(kind Kind, pos, limit int) error {
	return &Error{Kind: kind, Pos: pos, Want: "at most " + strconv.Itoa(limit)}
}
