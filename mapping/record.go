package mapping

import (
	"fmt"
	"math"
	"strconv"
)

// Record is one object of the source: a user or a group by the names of its
// attributes, which are case-sensitive. A value is a string, bool, int, int64,
// float64, []string, []any of these, or nil.
//
// A list of app role assignments may also hold a map[string]any with id, value
// and displayName, for the functions that take it.
//
// A directory has no empty strings, but a file has: an attribute that is
// missing, nil or "" has no value, and nil and "" in a list are passed over.
// A Record is only read, so that several goroutines may map it.
type Record map[string]any

// kind is the form of a value inside the engine.
type kind uint8

const (
	kindNull    kind = iota
	kindIgnored      // IgnoreFlowIfNullOrEmpty took the attribute out of the flow
	kindText
	kindBool
	kindNumber // the digits are in text
	kindList
	kindRoles      // the list alternates between display names and values of roles
	kindCandidates // of SelectUniqueValue, of which one is to be chosen
)

// value is what a source gives: one typed value, kept free of pointers to
// the record except for strings and lists, which are never written to.
type value struct {
	text string
	list []string
	kind kind
	flag bool
}

func textValue(s string) value { return value{kind: kindText, text: s} }
func boolValue(b bool) value   { return value{kind: kindBool, flag: b} }

// null reports whether there is nothing to flow. An empty list counts, but
// stays a list: to a group, no members is an answer.
func (v value) null() bool {
	return v.kind == kindNull || v.kind == kindIgnored || v.kind >= kindList && len(v.list) == 0
}

// empty reports whether v is null or the empty text.
func (v value) empty() bool { return v.null() || v.kind == kindText && v.text == "" }

// single returns the text of one value, in the spelling of Entra: True and
// False for booleans. ok is false for null.
func (v value) single() (s string, ok bool, err *Error) {
	switch v.kind {
	case kindText, kindNumber:
		return v.text, true, nil
	case kindBool:
		if v.flag {
			return "True", true, nil
		}
		return "False", true, nil
	case kindRoles, kindCandidates:
		return "", false, &Error{Kind: KindValue, Detail: "the function's result is for a rule alone and not for another function"}
	case kindList:
		if len(v.list) > 1 {
			return "", false, &Error{Kind: KindValue, Detail: "there are several values where one is needed; use Join to make one of them"}
		}
		if len(v.list) == 1 {
			return v.list[0], true, nil
		}
	}
	return "", false, nil
}

// value returns an attribute's value.
func (rec Record) value(name string) (value, *Error) {
	raw, ok := rec[name]
	if !ok {
		return value{}, nil
	}
	switch raw := raw.(type) {
	case []string:
		return listValue(raw), nil
	case []any:
		v := value{kind: kindList, list: make([]string, 0, len(raw))}
		for _, item := range raw {
			one, err := scalar(item)
			if err != nil {
				err.Attribute = name
				return value{}, err
			}
			if s, ok, _ := one.single(); ok {
				v.list = append(v.list, s)
			}
		}
		return v, nil
	}
	v, err := scalar(raw)
	if err != nil {
		err.Attribute = name
		return value{}, err
	}
	return v, nil
}

func listValue(list []string) value {
	for i, s := range list {
		if s != "" {
			continue
		}
		kept := append(make([]string, 0, len(list)), list[:i]...)
		for _, s := range list[i:] {
			if s != "" {
				kept = append(kept, s)
			}
		}
		return value{kind: kindList, list: kept}
	}
	return value{kind: kindList, list: list}
}

// scalar returns one value of a record or a rule; "" is no value.
func scalar(raw any) (value, *Error) {
	switch raw := raw.(type) {
	case nil:
		return value{}, nil
	case string:
		if raw == "" {
			return value{}, nil
		}
		return textValue(raw), nil
	case bool:
		return boolValue(raw), nil
	case int:
		return value{kind: kindNumber, text: strconv.Itoa(raw)}, nil
	case int64:
		return value{kind: kindNumber, text: strconv.FormatInt(raw, 10)}, nil
	case float64:
		if math.IsNaN(raw) || math.IsInf(raw, 0) {
			return value{}, &Error{Kind: KindValue, Detail: "the number is not finite"}
		}
		return value{kind: kindNumber, text: strconv.FormatFloat(raw, 'f', -1, 64)}, nil
	}
	return value{}, &Error{Kind: KindValue, Detail: fmt.Sprintf("a value of the Go type %T cannot be mapped; use string, bool, int, int64, float64 or a list of these", raw)}
}
