package filter

import "strconv"

// Expr is a filter expression. It is one of *Compare, *Present, *And, *Or, *Not
// and *ValuePath; no other package can add to them.
//
// Parse never returns an And among the terms of an And or an Or among those of
// an Or, nor a nil expression.
type Expr interface {
	// String writes the expression as a filter that strict parsing accepts. For
	// a tree from Parse it yields an equal tree again, given limits that admit
	// it: the text can be longer than the input and nest deeper. Text is
	// escaped; names and numbers are written as they are.
	String() string

	isExpr()
}

// Compare tests an attribute against a value: attr op value.
type Compare struct {
	Attr  AttrPath
	Op    Op
	Value Literal
}

// Present tests that an attribute has a value: attr pr.
type Present struct {
	Attr AttrPath
}

// And is true where all of its terms are. It has two terms or more.
type And struct {
	Terms []Expr
}

// Or is true where one of its terms is. It has two terms or more.
type Or struct {
	Terms []Expr
}

// Not is true where its expression is false.
type Not struct {
	Expr Expr
}

// ValuePath is true where one element of a multi-valued attribute meets the
// whole expression: attr[expr]. Attribute names in Expr are relative to Attr.
type ValuePath struct {
	Attr AttrPath
	Expr Expr
}

func (*Compare) isExpr()   {}
func (*Present) isExpr()   {}
func (*And) isExpr()       {}
func (*Or) isExpr()        {}
func (*Not) isExpr()       {}
func (*ValuePath) isExpr() {}

// AttrPath names an attribute or sub-attribute in the notation of RFC 7644
// section 3.10, spelled as it was given. All parts are case-insensitive.
type AttrPath struct {
	URN  string // schema URI without the colon that ends it; "" if none was given
	Name string // attribute name
	Sub  string // sub-attribute name; "" if none was given
}

// Path is the target of a PATCH operation, RFC 7644 section 3.5.2:
//
//	attr    attr.sub    attr[filter]    attr[filter].sub
//
// Without a filter a sub-attribute is in Attr.Sub, and Sub is empty.
type Path struct {
	Attr   AttrPath
	Filter Expr   // selects elements of Attr, its names relative to Attr; nil if none was given
	Sub    string // sub-attribute of the selected elements; "" if none was given
}

// Op is a comparison operator, RFC 7644 table 3.
type Op uint8

// The comparison operators.
const (
	Eq Op = iota // equal
	Ne           // not equal
	Co           // contains
	Sw           // starts with
	Ew           // ends with
	Gt           // greater than
	Ge           // greater than or equal
	Lt           // less than
	Le           // less than or equal
)

const opNames = "eqnecoswewgtgeltle"

// String returns the operator as a filter has it, such as "eq".
func (o Op) String() string {
	if i := 2 * int(o); i < len(opNames) {
		return opNames[i : i+2]
	}
	return "Op(" + strconv.Itoa(int(o)) + ")"
}

// Literal is a comparison value. The zero Literal is the empty string.
type Literal struct {
	Kind LiteralKind
	Text string // String: the text, unescaped; Number: the JSON number as written; otherwise ""
}

// LiteralKind is the JSON type of a [Literal].
type LiteralKind uint8

// The kinds of literal.
const (
	String LiteralKind = iota
	Number
	True
	False
	Null
)
