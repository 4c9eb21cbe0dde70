package mapping

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// UnmarshalJSON reads the JSON form of a mapping strictly: a member that it
// does not have, a name that is there twice, or a value of the wrong type is
// an [ErrJSON] that says where, as a JSON pointer (RFC 6901). Several of them
// are a [Mistakes]. Whether the rules make sense is for [Compile] to say.
func (m *Mapping) UnmarshalJSON(data []byte) error {
	tree, wrong := readTree(data)
	if wrong != nil {
		if wrong.Place == "document" {
			wrong.Place = "mapping"
		}
		return wrong
	}
	r := &formReader{}
	var out Mapping
	r.mapping(&out, tree)
	switch len(r.mistakes) {
	case 0:
		*m = out
		return nil
	case 1:
		return r.mistakes[0]
	}
	return r.mistakes
}

// formReader reads the JSON form of a mapping and collects what is wrong.
type formReader struct{ mistakes Mistakes }

func (r *formReader) fail(place, detail string) {
	if place == "" {
		place = "mapping"
	}
	r.mistakes = append(r.mistakes, &Error{Kind: KindJSON, Place: place, Detail: detail})
}

// object calls the reader of each member.
func (r *formReader) object(place string, v any, readers map[string]func(place string, v any)) {
	o, ok := v.(*object)
	if !ok {
		r.fail(place, "the value is not of the member's type object")
		return
	}
	for _, m := range o.members {
		at := pointer(place, m.name)
		if read, ok := readers[m.name]; ok {
			read(at, m.value)
			continue
		}
		r.fail(at, "there is no such member"+suggestion(m.name, slices.Sorted(maps.Keys(readers))))
	}
}

func (r *formReader) list(place string, v any, read func(place string, v any)) {
	list, ok := v.([]any)
	if !ok && v != nil {
		r.fail(place, "the value is not of the member's type list")
	}
	for i, item := range list {
		read(pointer(place, strconv.Itoa(i)), item)
	}
}

// into returns the reader of a value of the type T; null is no value.
func into[T any](r *formReader, to *T) func(string, any) {
	return func(place string, v any) {
		value, ok := v.(T)
		if !ok && v != nil {
			r.fail(place, fmt.Sprintf("the value is not of the member's type %T", value))
		}
		*to = value
	}
}

// word returns the reader of a constant that has a spelling.
func word[T ~uint8](r *formReader, to *T, words []string) func(string, any) {
	return func(place string, v any) {
		text, _ := v.(string)
		if err := unmarshalWord(to, words, []byte(text)); err != nil {
			r.fail(place, "the word is none of "+strings.Join(words, ", ")+suggestion(text, words))
		}
	}
}

func (r *formReader) mapping(m *Mapping, v any) {
	r.object("", v, map[string]func(string, any){
		"target": into(r, &m.Target),
		"off": func(place string, v any) {
			r.list(place, v, func(place string, v any) {
				var a Action
				word(r, &a, actionWords())(place, v)
				m.Off = append(m.Off, a)
			})
		},
		"scope": func(place string, v any) {
			r.list(place, v, func(place string, v any) { m.Scope = append(m.Scope, r.group(place, v)) })
		},
		"rules": func(place string, v any) {
			r.list(place, v, func(place string, v any) { m.Rules = append(m.Rules, r.rule(place, v)) })
		},
		"attributes": func(place string, v any) {
			r.list(place, v, func(place string, v any) {
				var name string
				into(r, &name)(place, v)
				m.Attributes = append(m.Attributes, name)
			})
		},
		"extensions": func(place string, v any) {
			r.list(place, v, func(place string, v any) {
				x, err := scim.ParseSchema(appendTree(nil, v))
				if err != nil {
					r.mistakes = append(r.mistakes, &Error{Kind: KindJSON, Place: place, Detail: "the schema is wrong", cause: err})
				}
				m.Extensions = append(m.Extensions, x)
			})
		},
	})
}

func (r *formReader) group(place string, v any) (g ScopeGroup) {
	r.object(place, v, map[string]func(string, any){
		"name": into(r, &g.Name),
		"clauses": func(place string, v any) {
			r.list(place, v, func(place string, v any) {
				var c Clause
				r.object(place, v, map[string]func(string, any){
					"attribute": into(r, &c.Attribute),
					"operator":  into(r, (*string)(&c.Operator)),
					"value":     into(r, &c.Value),
				})
				g.Clauses = append(g.Clauses, c)
			})
		},
	})
	return g
}

func (r *formReader) rule(place string, v any) (rule Rule) {
	r.object(place, v, map[string]func(string, any){
		"target":     into(r, &rule.Target),
		"attribute":  into(r, &rule.Attribute),
		"fixed":      r.scalar(&rule.Fixed),
		"expression": into(r, &rule.Expression),
		"none":       into(r, &rule.None),
		"default":    r.scalar(&rule.Default),
		"apply":      word(r, &rule.Apply, applyWords()),
		"flowNulls":  into(r, &rule.FlowNulls),
		"matching": func(place string, v any) {
			text, _ := v.(number)
			n, err := strconv.Atoi(string(text))
			if err != nil && v != nil {
				r.fail(place, "the value is not of the member's type whole number")
			}
			rule.Matching = n
		},
	})
	return rule
}

// scalar returns the reader of a fixed value or default.
func (r *formReader) scalar(to *any) func(string, any) {
	return func(place string, v any) {
		switch v.(type) {
		case *object, []any:
			r.fail(place, "the value must be a string, a number, true or false")
			return
		}
		*to = plainValue(v)
		if f, ok := (*to).(float64); ok && math.IsInf(f, 0) {
			r.fail(place, "the number is too large")
		}
	}
}

// UnmarshalJSON reads a record from a JSON object. Whole numbers become
// int64 and other numbers float64; an object is kept as a map[string]any,
// which only the functions of app roles can use.
func (rec *Record) UnmarshalJSON(data []byte) error {
	tree, wrong := readTree(data)
	if wrong != nil {
		return wrong
	}
	o, ok := tree.(*object)
	if !ok {
		return &Error{Kind: KindJSON, Place: "document", Detail: "a record is an object"}
	}
	out, _ := plainValue(o).(map[string]any)
	*rec = out
	return nil
}

// plainValue returns a tree in the types of a Record.
func plainValue(v any) any {
	switch v := v.(type) {
	case *object:
		out := make(map[string]any, len(v.members))
		for _, m := range v.members {
			out[m.name] = plainValue(m.value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plainValue(item)
		}
		return out
	case number:
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return n
		}
		f, _ := strconv.ParseFloat(string(v), 64) // what is too large is infinite, and refused when it is mapped
		return f + 0                              // without the sign of -0.0, which a whole number has not
	}
	return v
}
