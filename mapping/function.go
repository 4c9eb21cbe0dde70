package mapping

import (
	"strconv"
	"strings"
)

// eval computes a value from a record.
type eval func(Record) (value, *Error)

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

// single computes one text; ok is false for null.
func (a argument) single(rec Record) (string, bool, *Error) {
	v, err := a.eval(rec)
	if err != nil {
		return "", false, err
	}
	s, ok, err := v.single()
	if err != nil && a.node.kind == exprAttribute {
		err.Attribute = a.node.text
	}
	return s, ok, err
}

// function is a row of the table of functions.
type function struct {
	name      string
	params    string // as the documentation names them
	min, max  int    // number of arguments; max -1: no upper bound
	condition bool   // the first argument may be a comparison

	// build returns the function for its arguments. What is wrong with them
	// is an argument's node and a sentence.
	build func(args []argument) (eval, *expr, string)
}

// functions are those of Microsoft's "Functions for customizing application
// data" that can be used in an expression, by name. It must not be changed.
var functions = [...]function{
	{name: "Append", params: "source, suffix", min: 2, max: 2, build: buildAppend},
	{name: "Coalesce", params: "source1, source2, …, default", min: 1, max: -1, build: buildCoalesce},
	{name: "IgnoreFlowIfNullOrEmpty", params: "expression", min: 1, max: 1, build: buildIgnoreFlow},
	{name: "IIF", params: "condition, value if true, value if false", min: 3, max: 3, condition: true, build: buildIIF},
	{name: "Join", params: "separator, source1, source2, …", min: 2, max: -1, build: buildJoin},
	{name: "Not", params: "source", min: 1, max: 1, build: buildNot},
	{name: "Replace", params: "source, oldValue, regexPattern, regexGroupName, replacementValue, replacementAttributeName, template", min: 3, max: 7, build: buildReplace},
	{name: "Switch", params: "source, default, key1, value1, …", min: 4, max: -1, build: buildSwitch},
	{name: "ToLower", params: "source, culture", min: 1, max: 2, build: buildToLower},
	{name: "ToUpper", params: "source, culture", min: 1, max: 2, build: buildToUpper},
}

func functionNames() []string {
	names := make([]string, len(functions))
	for i := range functions {
		names[i] = functions[i].name
	}
	return names
}

func findFunction(name string) *function {
	for i := range functions {
		if functions[i].name == name {
			return &functions[i]
		}
	}
	return nil
}

// compiler turns an expression's tree into functions, reporting every mistake.
type compiler struct {
	s      string
	report func(*Error)
}

// compileExpression reads and compiles an expression; nil after a mistake.
func compileExpression(s string, report func(*Error)) eval {
	e, err := parseExpr(s)
	if err != nil {
		report(err)
		return nil
	}
	failed := false
	c := &compiler{s: s, report: func(e *Error) { failed = true; report(e) }}
	run := c.compile(e, false)
	if failed {
		return nil
	}
	return run
}

func (c *compiler) fail(at *expr, detail string) eval {
	c.report(exprError(c.s, at.pos, detail))
	return func(Record) (value, *Error) { return value{}, nil }
}

func (c *compiler) compile(e *expr, condition bool) eval {
	switch e.kind {
	case exprCall:
		return c.call(e)
	case exprAttribute:
		name := e.text
		return func(rec Record) (value, *Error) { return rec.value(name) }
	case exprText:
		return constantEval(textValue(e.text))
	case exprInteger:
		n, _ := integerOf(e.text) // the parser has checked it
		return constantEval(value{kind: kindNumber, text: strconv.FormatInt(n, 10)})
	case exprCompare:
		if !condition {
			return c.fail(e, "a comparison can only be the condition of IIF")
		}
		return c.comparison(e)
	case exprWord:
		return c.fail(e, "the word "+strconv.Quote(e.text)+" means nothing here: text is written in double quotes, an attribute in square brackets"+suggestion(e.text, functionNames()))
	}
	return constantEval(value{})
}

func constantEval(v value) eval { return func(Record) (value, *Error) { return v, nil } }

func (c *compiler) call(e *expr) eval {
	f := findFunction(e.text)
	args := make([]argument, len(e.args))
	for i, arg := range e.args {
		args[i] = argument{arg, c.compile(arg, i == 0 && (f == nil || f.condition))}
	}
	if f == nil {
		return c.fail(e, "there is no function "+strconv.Quote(e.text)+" (upper and lower case differ)"+suggestion(e.text, functionNames()))
	}
	if len(args) < f.min || f.max >= 0 && len(args) > f.max {
		return c.fail(e, f.name+" takes "+f.arity()+", not "+strconv.Itoa(len(args))+": "+f.name+"("+f.params+")")
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

func (f *function) arity() string {
	text := strconv.Itoa(f.min)
	switch {
	case f.max < 0:
		text += " or more"
	case f.max > f.min:
		text += " to " + strconv.Itoa(f.max)
	}
	if text == "1" {
		return "1 argument"
	}
	return text + " arguments"
}

// comparison compiles a condition. A side without a value fails it, whatever
// the operator.
func (c *compiler) comparison(e *expr) eval {
	left, right, op := e.args[0], e.args[1], e.text
	for _, side := range e.args {
		if side.kind == exprText && side.text == "" {
			return c.fail(side, `a comparison with "" never holds, because an attribute without a value fails every condition; use Coalesce or Switch with the key ""`)
		}
		if side.kind == exprCompare {
			return c.fail(side, "a comparison cannot be compared")
		}
	}
	l, r := argument{left, c.compile(left, false)}, argument{right, c.compile(right, false)}
	return func(rec Record) (value, *Error) {
		a, _, err := l.single(rec)
		if err != nil {
			return value{}, err
		}
		b, _, err := r.single(rec)
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
