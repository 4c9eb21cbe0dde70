package scimtest

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// dateTime is xsd:dateTime, which RFC 7643 section 2.3.5 names.
var dateTime = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?$`)
})

// missing stands for a value that is not there.
type missing struct{}

// holds reports whether a value, missing{} if there is none, is as the check
// wants it, which is d.Want with its variables filled in.
func (d Demand) holds(got any, want string) (bool, error) {
	switch d.Op {
	case OpPresent:
		return !unassigned(got), nil
	case OpType:
		return hasType(got, strings.Trim(want, `"`)), nil
	case OpMatches:
		re, err := regexp.Compile(want)
		if err != nil {
			return false, fmt.Errorf("scimtest: a demand's expression: %w", err)
		}
		text, ok := got.(string)
		return ok && re.MatchString(text), nil
	}
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		return false, fmt.Errorf("scimtest: a demand's JSON: %w", err)
	}
	switch d.Op {
	case OpLike:
		return like(got, w), nil
	case OpUnlike:
		return !like(got, w), nil
	case OpOneOf:
		options, _ := w.([]any)
		return slices.ContainsFunc(options, func(o any) bool { return like(got, o) }), nil
	}
	return d.holdsList(got, w)
}

func (d Demand) holdsList(got, want any) (bool, error) {
	list, ok := got.([]any)
	if !ok && (!unassigned(got) || d.Op == OpContains) {
		return false, nil // no list where one is looked at
	}
	isLike := func(item any) bool { return like(item, want) }
	switch d.Op {
	case OpContains:
		return slices.ContainsFunc(list, isLike), nil
	case OpLacks:
		return !slices.ContainsFunc(list, isLike), nil
	case OpSequence:
		wanted, _ := want.([]any)
		return slices.EqualFunc(list, wanted, like), nil
	case OpAtMost:
		n, ok := want.(float64)
		return ok && float64(len(list)) <= n, nil
	}
	return false, fmt.Errorf("scimtest: there is no kind of demand %q", d.Op)
}

// unassigned says what RFC 7643 section 2.5 says: no value, null and an
// empty array are the same.
func unassigned(v any) bool {
	switch v := v.(type) {
	case nil, missing:
		return true
	case []any:
		return len(v) == 0
	}
	return false
}

// like is described at the constants of [Op].
func like(got, want any) bool {
	switch want := want.(type) {
	case nil:
		return unassigned(got)
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return false
		}
		for name, w := range want {
			g := member(object, name)
			if !like(g, w) && (name != "primary" || w != false || !unassigned(g)) {
				return false
			}
		}
		return true
	case []any:
		list, ok := got.([]any)
		if !ok {
			return len(want) == 0 && unassigned(got)
		}
		return len(list) == len(want) && pairs(list, want)
	}
	return got == want // a text, a number or a boolean
}

// pairs reports whether each wanted element has a partner of its own.
func pairs(list, want []any) bool {
	if len(want) == 0 {
		return true
	}
	for i, item := range list {
		if like(item, want[0]) && pairs(slices.Delete(slices.Clone(list), i, i+1), want[1:]) {
			return true
		}
	}
	return false
}

// member finds a member by its name, or else by the name in another case.
func member(object map[string]any, name string) any {
	if v, ok := object[name]; ok {
		return v
	}
	for key, v := range object {
		if strings.EqualFold(key, name) {
			return v
		}
	}
	return missing{}
}

func hasType(v any, name string) bool {
	switch v := v.(type) {
	case string:
		return name == "string" || name == "dateTime" && dateTime().MatchString(v)
	case bool:
		return name == "boolean"
	case float64:
		return name == "number" || name == "integer" && v == math.Trunc(v)
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	}
	return false
}

// at follows a JSON pointer to one value.
func at(v any, pointer string) any {
	if found := all(v, pointer); len(found) == 1 {
		return found[0]
	}
	return missing{}
}

// all follows a JSON pointer in which "*" stands for each element of an
// array. An array that is not there has no elements.
func all(v any, pointer string) []any {
	values := []any{v}
	for token := range jsontext.Pointer(pointer).Tokens() {
		var next []any
		for _, v := range values {
			next = append(next, step(v, token)...)
		}
		values = next
	}
	return values
}

func step(v any, token string) []any {
	switch x := v.(type) {
	case map[string]any:
		if token != "*" {
			return []any{member(x, token)}
		}
	case []any:
		if token == "*" {
			return x
		}
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(x) {
			return x[i : i+1]
		}
	case nil, missing:
		if token == "*" {
			return nil
		}
	}
	return []any{missing{}}
}

// show prints a value for a report, cut to a length that can be read.
func show(v any) string {
	if _, ok := v.(missing); ok {
		return "no value"
	}
	data, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return "a value that cannot be shown"
	}
	return cut(string(data))
}

func cut(text string) string {
	const limit = 300
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
