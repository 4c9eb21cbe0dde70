package mapping

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

func buildCount(args []argument) (eval, *expr, string) {
	source := args[0]
	return func(in input) (value, *Error) {
		list, err := source.values(in)
		if err != nil {
			return value{}, err
		}
		return value{kind: kindNumber, text: strconv.Itoa(len(list))}, nil
	}, nil, ""
}

// buildItem: the first element is 1; there is no value after the last.
func buildItem(args []argument) (eval, *expr, string) {
	source, index := args[0], args[1]
	if n, ok := constantInteger(index); ok && n < 1 {
		return nil, index.node, "the index of the first element is 1"
	}
	return func(in input) (value, *Error) {
		list, err := source.values(in)
		if err != nil {
			return value{}, err
		}
		n, ok, err := index.integer(in)
		if err != nil || !ok || n < 1 || n > int64(len(list)) {
			return value{}, err
		}
		return textValue(list[n-1]), nil
	}, nil, ""
}

// constantInteger returns the value of an argument that is a number as it
// stands.
func constantInteger(a argument) (int64, bool) {
	if a.empty() || a.node.kind != exprInteger && a.node.kind != exprText {
		return 0, false
	}
	return integerOf(a.node.text)
}

func buildRemoveDuplicates(args []argument) (eval, *expr, string) {
	source := args[0]
	return func(in input) (value, *Error) {
		list, err := source.values(in)
		if err != nil {
			return value{}, err
		}
		kept, seen := make([]string, 0, len(list)), make(map[string]bool, len(list))
		for _, s := range list {
			if !seen[s] {
				seen[s] = true
				kept = append(kept, s)
			}
		}
		return value{kind: kindList, list: kept}, nil
	}, nil, ""
}

// buildSplit: the parts are trimmed, and those with nothing in them are left
// out as they are in every list.
func buildSplit(args []argument) (eval, *expr, string) {
	source, delimiter := args[0], args[1]
	if text, ok := delimiter.constant(); ok && text == "" {
		return nil, delimiter.node, "the delimiter is empty"
	}
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		d, _, err := delimiter.single(in)
		if err != nil {
			return value{}, err
		}
		v := value{kind: kindList}
		if d == "" {
			v.list = listValue([]string{strings.TrimSpace(s)}).list
			return v, nil
		}
		for part := range strings.SplitSeq(s, d) {
			if part = strings.TrimSpace(part); part != "" {
				v.list = append(v.list, part)
			}
		}
		return v, nil
	}, nil, ""
}

// role is one app role that is assigned to a user.
type role struct{ id, value, display string }

// roles reads an attribute of app role assignments: a list of objects with
// id, value and displayName, or of names.
func (rec Record) roles(name string) ([]role, *Error) {
	raw, ok := rec[name]
	if !ok || raw == nil {
		return nil, nil
	}
	var out []role
	switch raw := raw.(type) {
	case []any:
		for _, item := range raw {
			r, ok := readRole(item)
			if !ok {
				return nil, &Error{Kind: KindValue, Attribute: name, Detail: "an app role is an object with id, value and displayName, or its name"}
			}
			out = append(out, r)
		}
	case []string:
		for _, s := range raw {
			out = append(out, role{value: s, display: s})
		}
	default:
		r, ok := readRole(raw)
		if !ok {
			return nil, &Error{Kind: KindValue, Attribute: name, Detail: "app roles are a list of objects with id, value and displayName, or of names"}
		}
		out = append(out, r)
	}
	return slices.DeleteFunc(out, func(r role) bool { return r.value == "" }), nil
}

func readRole(item any) (r role, ok bool) {
	switch item := item.(type) {
	case string:
		return role{value: item, display: item}, true
	case map[string]any:
		for name, to := range map[string]*string{"id": &r.id, "value": &r.value, "displayName": &r.display} {
			switch v := item[name].(type) {
			case nil:
			case string:
				*to = v
			default:
				return role{}, false
			}
		}
		if r.value == "" {
			r.value = r.display
		}
		if r.display == "" {
			r.display = r.value
		}
		return r, true
	}
	return role{}, false
}

func withRoles(arg argument, make func([]role) value) (eval, *expr, string) {
	name := arg.node.text
	return func(in input) (value, *Error) {
		list, err := in.rec.roles(name)
		if err != nil {
			return value{}, err
		}
		return make(list), nil
	}, nil, ""
}

// buildSingleRole: of several roles the first one is taken, where Entra takes
// any.
func buildSingleRole(args []argument) (eval, *expr, string) {
	return withRoles(args[0], func(list []role) value {
		if len(list) == 0 {
			return value{}
		}
		return textValue(list[0].value)
	})
}

// buildRolesAsJSON: each role is the JSON of an object inside a text, as
// Entra sends it.
func buildRolesAsJSON(args []argument) (eval, *expr, string) {
	return withRoles(args[0], func(list []role) value {
		v := value{kind: kindList}
		for _, r := range list {
			b := []byte(`{"id":`)
			b, _ = jsontext.AppendQuote(b, r.id)
			b, _ = jsontext.AppendQuote(append(b, `,"value":`...), r.value)
			b, _ = jsontext.AppendQuote(append(b, `,"displayName":`...), r.display)
			v.list = append(v.list, string(append(b, '}')))
		}
		return v
	})
}

func buildRoles(args []argument) (eval, *expr, string) {
	return withRoles(args[0], func(list []role) value {
		v := value{kind: kindRoles}
		for _, r := range list {
			v.list = append(v.list, r.display, r.value)
		}
		return v
	})
}
