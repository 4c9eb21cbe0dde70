package filter

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Value is what an attribute can be compared with. A time is written as a
// dateTime of RFC 7643 section 2.3.5.
type Value interface {
	string | bool | int | int64 | float64 | time.Time
}

// Condition is a filter in the making, which [Where] and [Has] begin. Values
// are quoted and names are checked, so that it cannot be one that does not
// parse, or says another thing than its calls. It does not change: each
// method returns another one. The zero Condition is not a filter.
type Condition struct {
	expr Expr
	err  error
}

// Where begins with a comparison:
//
//	filter.Where("userName", filter.Sw, "a").And(filter.Where("active", filter.Eq, true))
func Where[V Value](attribute string, op Op, v V) Condition {
	attr, err := attributeName(attribute)
	if err == nil && int(op) >= len(opNames)/2 {
		err = fmt.Errorf("filter: there is no operator %v", op)
	}
	if err != nil {
		return Condition{err: err}
	}
	value, err := literal(v)
	return Condition{expr: &Compare{attr, op, value}, err: err}
}

// Has begins with the test that an attribute has a value.
func Has(attribute string) Condition {
	attr, err := attributeName(attribute)
	return Condition{expr: &Present{attr}, err: err}
}

// And returns the condition that c and all others hold.
func (c Condition) And(others ...Condition) Condition {
	return c.join(others, func(terms []Expr) Expr { return &And{terms} }, func(e Expr) []Expr {
		if and, ok := e.(*And); ok {
			return and.Terms
		}
		return []Expr{e}
	})
}

// Or returns the condition that c or one of the others holds.
func (c Condition) Or(others ...Condition) Condition {
	return c.join(others, func(terms []Expr) Expr { return &Or{terms} }, func(e Expr) []Expr {
		if or, ok := e.(*Or); ok {
			return or.Terms
		}
		return []Expr{e}
	})
}

// Not returns the condition that c does not hold.
func (c Condition) Not() Condition {
	e, err := c.Expr()
	return Condition{expr: &Not{e}, err: err}
}

// In returns the condition that one element of a multi-valued attribute meets
// c, whose names are those of sub-attributes. Its text is also the path of
// the elements that do, for a PATCH:
//
//	filter.Where("type", filter.Eq, "work").In("emails").String() + ".value"
func (c Condition) In(attribute string) Condition {
	e, err := c.Expr()
	if err != nil {
		return Condition{err: err}
	}
	attr, err := attributeName(attribute)
	return Condition{expr: &ValuePath{attr, e}, err: err}
}

// Expr returns the condition as a tree, or what is wrong with a name or a
// value in it.
func (c Condition) Expr() (Expr, error) {
	switch {
	case c.err != nil:
		return nil, c.err
	case c.expr == nil:
		return nil, errors.New("filter: the condition is empty")
	}
	return c.expr, nil
}

// String returns the condition as a filter. If Expr fails, the text is one
// that no service provider takes for a filter.
func (c Condition) String() string {
	e, err := c.Expr()
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return e.String()
}

func (c Condition) join(others []Condition, with func([]Expr) Expr, terms func(Expr) []Expr) Condition {
	var all []Expr
	for _, o := range append([]Condition{c}, others...) {
		e, err := o.Expr()
		if err != nil {
			return Condition{err: err}
		}
		all = append(all, terms(e)...)
	}
	if len(all) == 1 {
		return c
	}
	return Condition{expr: with(all)}
}

// attributeName reads the name of one attribute, without a filter.
func attributeName(name string) (AttrPath, error) {
	p, err := ParsePath(name, nil)
	switch {
	case err != nil:
		return AttrPath{}, err
	case p.Filter != nil:
		return AttrPath{}, errors.New("filter: an attribute's name is needed, not a path with a filter: use In")
	}
	return p.Attr, nil
}

func literal[V Value](v V) (Literal, error) {
	switch v := any(v).(type) {
	case string:
		return Literal{Text: v}, nil
	case bool:
		if v {
			return Literal{Kind: True}, nil
		}
		return Literal{Kind: False}, nil
	case int:
		return Literal{Kind: Number, Text: strconv.Itoa(v)}, nil
	case int64:
		return Literal{Kind: Number, Text: strconv.FormatInt(v, 10)}, nil
	case float64:
		text := strconv.FormatFloat(v, 'f', -1, 64)
		if v-v != 0 {
			return Literal{}, errors.New("filter: infinity and NaN are no numbers of JSON")
		}
		return Literal{Kind: Number, Text: text}, nil
	case time.Time:
		return Literal{Text: v.UTC().Format("2006-01-02T15:04:05.999Z")}, nil
	}
	return Literal{}, nil
}
