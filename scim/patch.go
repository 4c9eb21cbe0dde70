package scim

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Op is the kind of a PATCH operation (RFC 7644 section 3.5.2).
type Op string

// The operations of RFC 7644 section 3.5.2.
const (
	OpAdd     Op = "add"
	OpRemove  Op = "remove"
	OpReplace Op = "replace"
)

// Patch is the message of a PATCH request: operations applied in order, all
// or none.
type Patch struct {
	Operations []Operation
}

// Operation is one operation of a [Patch].
type Operation struct {
	Op    Op
	Path  string // attribute path; "" means that Value is an object of attributes
	Value []byte // JSON; nil for none
}

// AppendJSON appends the message as RFC 7644 section 3.5.2 has it.
func (p *Patch) AppendJSON(b []byte) []byte {
	b = append(b, `{"schemas":["`+messagePatch+`"],"Operations":[`...)
	for i, op := range p.Operations {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"op":`...)
		b, _ = jsontext.AppendQuote(b, string(op.Op))
		if op.Path != "" {
			b = append(b, `,"path":`...)
			b, _ = jsontext.AppendQuote(b, op.Path)
		}
		if op.Value != nil {
			b = append(b, `,"value":`...)
			b = append(b, op.Value...)
		}
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

// String returns how many operations there are; their values are not text
// for logs.
func (p *Patch) String() string {
	return "PATCH of " + strconv.Itoa(len(p.Operations)) + " operations"
}
