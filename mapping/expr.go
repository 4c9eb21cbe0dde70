package mapping

import "strings"

// exprKind is the kind of a node of an expression.
type exprKind uint8

const (
	exprEmpty     exprKind = iota // an argument that is left out
	exprCall                      // text(args…)
	exprAttribute                 // [text]
	exprText                      // "text"
	exprInteger                   // text is its spelling
	exprWord                      // an enumeration word such as vbTextCompare
	exprCompare                   // args[0] text args[1]
)

// expr is a node of an expression as it was written.
type expr struct {
	kind exprKind
	pos  int    // byte offset in the text
	text string // by kind
	args []*expr
}

// String writes the expression in the form that parseExpr reads as an equal
// tree.
func (e *expr) String() string {
	var b strings.Builder
	e.write(&b)
	return b.String()
}

func (e *expr) write(b *strings.Builder) {
	switch e.kind {
	case exprEmpty:
	case exprCall:
		b.WriteString(e.text + "(")
		for i, arg := range e.args {
			if i > 0 {
				b.WriteString(", ")
			}
			arg.write(b)
		}
		b.WriteByte(')')
	case exprAttribute:
		b.WriteString("[" + e.text + "]")
	case exprText:
		b.WriteString(quoteConstant(e.text))
	case exprInteger, exprWord:
		b.WriteString(e.text)
	case exprCompare:
		e.args[0].write(b)
		b.WriteString(" " + e.text + " ")
		e.args[1].write(b)
	}
}

// quoteConstant writes text as a constant: a backslash and a double quote
// are the two characters that are escaped.
func quoteConstant(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
