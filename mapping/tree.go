package mapping

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object with its members in the order in which they were
// written, so that a document that is read and written again stays the same.
// Other values are string, bool, nil, number and []any.
type object struct{ members []member }

type member struct {
	name  string
	value any
}

// number is a JSON number as it is spelt.
type number string

func (o *object) get(name string) (any, bool) {
	if o != nil {
		for _, m := range o.members {
			if m.name == name {
				return m.value, true
			}
		}
	}
	return nil, false
}

func (o *object) set(name string, value any) {
	for i := range o.members {
		if o.members[i].name == name {
			o.members[i].value = value
			return
		}
	}
	o.members = append(o.members, member{name, value})
}

// pairs makes an object of names and values in turn.
func pairs(list ...any) *object {
	o := &object{}
	for i := 0; i+1 < len(list); i += 2 {
		o.members = append(o.members, member{list[i].(string), list[i+1]})
	}
	return o
}

// readTree reads a JSON text that holds one value. Names that are there twice
// are refused, as are texts that are not UTF-8.
func readTree(data []byte) (any, *Error) {
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	v, err := readValue(dec)
	if err == nil {
		if _, err = dec.ReadToken(); errors.Is(err, io.EOF) {
			return v, nil
		}
	}
	out := &Error{Kind: KindJSON, Place: "document", Detail: "the text is not one JSON value"}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		if syntactic.JSONPointer != "" {
			out.Place = string(syntactic.JSONPointer)
		}
		out.Detail = "the text is not JSON at byte " + strconv.FormatInt(syntactic.ByteOffset, 10)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			out.Detail = "the member is there twice"
		}
	}
	return nil, out
}

// readValue reads the next value. The decoder limits the depth.
func readValue(dec *jsontext.Decoder) (any, error) {
	token, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		o := &object{}
		for dec.PeekKind() != '}' {
			name, err := dec.ReadToken()
			if err != nil {
				return nil, err
			}
			m := member{name: name.String()}
			if m.value, err = readValue(dec); err != nil {
				return nil, err
			}
			o.members = append(o.members, m)
		}
		_, err = dec.ReadToken()
		return o, err
	case '[':
		list := []any{}
		for dec.PeekKind() != ']' {
			v, err := readValue(dec)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = dec.ReadToken()
		return list, err
	case '"':
		return token.String(), nil
	case '0':
		return number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	}
	return nil, nil
}

// appendTree writes a value as readTree read it, without white space.
func appendTree(b []byte, v any) []byte {
	switch v := v.(type) {
	case *object:
		b = append(b, '{')
		for i, m := range v.members {
			if i > 0 {
				b = append(b, ',')
			}
			b, _ = jsontext.AppendQuote(b, m.name)
			b = appendTree(append(b, ':'), m.value)
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendTree(b, item)
		}
		return append(b, ']')
	case string:
		b, _ = jsontext.AppendQuote(b, v)
		return b
	case number:
		return append(b, v...)
	case bool:
		return strconv.AppendBool(b, v)
	}
	return append(b, "null"...)
}
