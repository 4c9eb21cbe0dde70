package mapping

import (
	"errors"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// plain has Mapping's fields without its methods.
type plain Mapping

// UnmarshalJSON reads the JSON form of a mapping strictly: a member that it
// does not have, a name that is there twice, or a value of the wrong type is
// an [ErrJSON] that says where, as a JSON pointer (RFC 6901). Whether the
// rules make sense is for [Compile] to say.
func (m *Mapping) UnmarshalJSON(data []byte) error {
	var p plain
	err := json.Unmarshal(data, &p,
		json.RejectUnknownMembers(true),
		json.WithUnmarshalers(json.UnmarshalFromFunc(readScalar)))
	if err == nil {
		*m = Mapping(p)
		return nil
	}
	out := &Error{Kind: KindJSON, Place: "mapping", Detail: "the value is not of the member's type"}
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	var own *Error
	switch {
	case errors.As(err, &semantic):
		if semantic.JSONPointer != "" {
			out.Place = string(semantic.JSONPointer)
		}
		if errors.Is(err, json.ErrUnknownName) {
			out.Detail = "there is no such member"
		}
	case errors.As(err, &syntactic):
		if syntactic.JSONPointer != "" {
			out.Place = string(syntactic.JSONPointer)
		}
		out.Detail = "the text is not JSON at byte " + strconv.FormatInt(syntactic.ByteOffset, 10)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			out.Detail = "the member is there twice"
		}
	}
	if errors.As(err, &own) {
		out.Detail = own.Detail
	}
	return out
}

// readScalar reads the value of "fixed" or "default", keeping integers whole.
func readScalar(dec *jsontext.Decoder, to *any) error {
	if kind := dec.PeekKind(); kind == '{' || kind == '[' {
		return &Error{Kind: KindJSON, Detail: "the value must be a string, a number, true or false"}
	}
	token, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch token.Kind() {
	case '"':
		*to = token.String()
	case 't', 'f':
		*to = token.Bool()
	case '0':
		text := token.String()
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			*to = n
			return nil
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return &Error{Kind: KindJSON, Detail: "the number is too large"}
		}
		*to = f + 0 // without the sign of -0.0, which a whole number has not
	}
	return nil
}
