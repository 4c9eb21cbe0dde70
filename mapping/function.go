package mapping

import (
	"strconv"
	"strings"
)

// input is what an expression is evaluated on.
type input struct {
	rec Record
	env *Env
}

// eval computes a value.
type eval func(input) (value, *Error)

// argument is one compiled argument of a function.
type argument struct {
	node *expr
	eval eval
}

// empty reports whether the argument was left out.
func (a argument) empty() bool { return a.node == nil || a.node.kind == exprEmpty }

// constant returns the text of a constant argument.
func (a argument) constant() (string, bool) {
	if a.node == nil || a.node.kind != exprText {
		return "", false
	}
	return a.node.text, true
}

// given reports whether the argument says something: "" in the place of a
// pattern or a name is the same as leaving it out.
func (a argument) given() bool {
	text, ok := a.constant()
	return !a.empty() && (!ok || text != "")
}

// at names the attribute in an error, if the argument is one.
func (a argument) at(err *Error) *Error {
	if err != nil && err.Attribute == "" && a.node.kind == exprAttribute {
		err.Attribute = a.node.text
	}
	return err
}

// single computes one text; ok is false for null.
func (a argument) single(in input) (string, bool, *Error) {
	if a.empty() {
		return "", false, nil
	}
	v, err := a.eval(in)
	if err != nil {
		return "", false, err
	}
	s, ok, err := v.single()
	return s, ok, a.at(err)
}

// integer computes a whole number; ok is false for null.
func (a argument) integer(in input) (n int64, ok bool, err *Error) {
	s, ok, err := a.single(in)
	if err != nil || !ok || s == "" {
		return 0, false, err
	}
	if n, ok = integerOf(s); !ok {
		return 0, false, a.at(&Error{Kind: KindValue, Detail: "the value is not a whole number of at most 64 bits"})
	}
	return n, true, nil
}

// values computes any number of texts; a single value is a list of one.
func (a argument) values(in input) ([]string, *Error) {
	v, err := a.eval(in)
	if err != nil || v.kind == kindList {
		return v.list, err
	}
	s, ok, err := v.single()
	if err != nil || !ok || s == "" {
		return nil, a.at(err)
	}
	return []string{s}, nil
}

// compiler turns an expression's tree into functions, reporting every mistake.
type compiler struct {
	s      string
	report func(*Error)
	root   *expr
}

// compileExpression reads and compiles an expression; nil after a mistake.
func compileExpression(s string, report func(*Error)) eval {
	e, err := parseExpr(s)
	if err != nil {
		report(err)
		return nil
	}
	return compileTree(s, e, report)
}

// compileTree compiles an expression that was parsed from s.
func compileTree(s string, e *expr, report func(*Error)) eval {
	failed := false
	c := &compiler{s: s, root: e, report: func(e *Error) { failed = true; report(e) }}
	run := c.compile(e)
	if failed {
		return nil
	}
	return run
}

func (c *compiler) fail(at *expr, detail string) eval {
	c.report(exprError(c.s, at.pos, detail))
	return constantEval(value{})
}

// compile compiles a node. Whether it may stand where it stands is for
// [function.check] to say.
func (c *compiler) compile(e *expr) eval {
	switch e.kind {
	case exprCall:
		return c.call(e)
	case exprAttribute:
		name := e.text
		return func(in input) (value, *Error) { return in.rec.value(name) }
	case exprText:
		return constantEval(textValue(e.text))
	case exprInteger:
		n, _ := integerOf(e.text) // the parser has checked it
		return constantEval(value{kind: kindNumber, text: strconv.FormatInt(n, 10)})
	case exprCompare:
		return c.comparison(e)
	}
	return constantEval(value{})
}

func constantEval(v value) eval { return func(input) (value, *Error) { return v, nil } }

func (c *compiler) call(e *expr) eval {
	f := findFunction(e.text)
	args := make([]argument, len(e.args))
	for i, arg := range e.args {
		args[i] = argument{arg, c.compile(arg)}
	}
	if f == nil {
		for _, arg := range e.args {
			c.bareWord(arg)
		}
		return c.fail(e, "there is no function "+strconv.Quote(e.text)+" (upper and lower case differ)"+suggestion(e.text, functionNames()))
	}
	if len(args) < f.min || f.max >= 0 && len(args) > f.max {
		return c.fail(e, f.name+" takes "+f.arity()+", not "+strconv.Itoa(len(args))+": "+f.name+"("+f.params+")")
	}
	if f.top && e != c.root {
		return c.fail(e, f.name+" must be the whole expression and not an argument")
	}
	ok := true
	for i, arg := range e.args {
		if detail := f.check(i, len(args), arg); detail != "" {
			c.fail(arg, detail)
			ok = false
		}
	}
	if !ok {
		return constantEval(value{})
	}
	run, at, detail := f.build(args)
	if detail != "" {
		if at == nil {
			at = e
		}
		return c.fail(at, f.name+": "+detail)
	}
	return run
}

// bareWord reports a word where the function that could take it is unknown.
func (c *compiler) bareWord(e *expr) {
	if e.kind == exprWord {
		c.fail(e, wordDetail(e.text))
	}
}

func wordDetail(word string) string {
	return "the word " + strconv.Quote(word) + " means nothing here: text is written in double quotes, an attribute in square brackets" + suggestion(word, functionNames())
}

// comparison compiles a condition. A side without a value fails it, whatever
// the operator.
func (c *compiler) comparison(e *expr) eval {
	left, right, op := e.args[0], e.args[1], e.text
	for _, side := range e.args {
		if side.kind == exprText && side.text == "" {
			return c.fail(side, `a comparison with "" never holds, because an attribute without a value fails every condition; use Coalesce or Switch with the key ""`)
		}
		if side.kind == exprWord {
			return c.fail(side, wordDetail(side.text))
		}
	}
	l, r := argument{left, c.compile(left)}, argument{right, c.compile(right)}
	return func(in input) (value, *Error) {
		a, _, err := l.single(in)
		if err != nil {
			return value{}, err
		}
		b, _, err := r.single(in)
		if err != nil {
			return value{}, err
		}
		return boolValue(a != "" && b != "" && holds(op, compareValues(a, b))), nil
	}
}

// compareValues orders whole numbers by value and everything else by the
// bytes of its text.
func compareValues(a, b string) int {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	if errX == nil && errY == nil {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(a, b)
}

func holds(op string, c int) bool {
	switch op {
	case "=":
		return c == 0
	case "<>":
		return c != 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "<":
		return c < 0
	}
	return c <= 0
}
