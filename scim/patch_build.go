package scim

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// Add appends an operation that adds a value at an attribute path and returns
// p, so that calls can follow each other:
//
//	patch := new(scim.Patch).Replace("active", scim.Bool(false)).Remove("title")
//
// A path to selected elements is what [filter.Condition.In] writes. Path and
// value are checked when the patch is sent or applied.
func (p *Patch) Add(path string, v Value) *Patch { return p.with(OpAdd, path, v) }

// Replace appends an operation that puts a value in place of what is at an
// attribute path. The zero Value is null.
func (p *Patch) Replace(path string, v Value) *Patch { return p.with(OpReplace, path, v) }

// Remove appends an operation that removes what is at an attribute path.
func (p *Patch) Remove(path string) *Patch {
	p.Operations = append(p.Operations, Operation{Op: OpRemove, Path: path})
	return p
}

// AddMembers appends an operation that adds resources to a group.
func (p *Patch) AddMembers(ids ...string) *Patch {
	if len(ids) == 0 {
		return p
	}
	b := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b, _ = jsontext.AppendQuote(append(b, `{"value":`...), strings.ToValidUTF8(id, "\uFFFD"))
		b = append(b, '}')
	}
	p.Operations = append(p.Operations, Operation{Op: OpAdd, Path: "members", Value: append(b, ']')})
	return p
}

// RemoveMembers appends an operation for each of the ids that removes it from
// a group.
func (p *Patch) RemoveMembers(ids ...string) *Patch {
	for _, id := range ids {
		p.Remove(filter.Where("value", filter.Eq, id).In("members").String())
	}
	return p
}

func (p *Patch) with(op Op, path string, v Value) *Patch {
	p.Operations = append(p.Operations, Operation{Op: op, Path: path, Value: v.AppendJSON(nil)})
	return p
}

// Entra returns the patch in the form that Microsoft Entra sends without the
// flag aadOptscim062020 ("Known issues and resolutions with SCIM 2.0 protocol
// compliance"), for service providers that were written against it:
// operations begin with a capital, booleans are the texts "True" and "False",
// an element is removed by value, a reference is its id, and each operation
// has a path. The patch itself does not change.
func (p *Patch) Entra() *Patch {
	out := &Patch{Operations: make([]Operation, 0, len(p.Operations))}
	for _, op := range p.Operations {
		switch op.Op {
		case OpAdd:
			op.Op = "Add"
		case OpRemove:
			op.Op = "Remove"
		case OpReplace:
			op.Op = "Replace"
		}
		fields, err := valueMembers(op.Value)
		if op.Path != "" || err != nil {
			out.Operations = append(out.Operations, op.entra())
			continue
		}
		for _, f := range fields {
			out.Operations = append(out.Operations, Operation{Op: op.Op, Path: f.spelled, Value: []byte(f.value)}.entra())
		}
	}
	return out
}

// entra writes the value of an operation as Entra does.
func (op Operation) entra() Operation {
	if op.Op == "Remove" && op.Value == nil {
		if path, id, ok := elementByValue(op.Path); ok {
			op.Path = path
			op.Value, _ = jsontext.AppendQuote([]byte(`[{"value":`), id)
			op.Value = append(op.Value, "}]"...)
		}
		return op
	}
	switch jsontext.Value(op.Value).Kind() {
	case 't', 'f':
		op.Value = strconv.AppendQuote(nil, map[bool]string{true: "True", false: "False"}[strings.TrimSpace(string(op.Value)) == "true"])
	case '{':
		if fields, err := valueMembers(op.Value); err == nil && len(fields) == 1 && fields[0].name == "value" {
			op.Value = []byte(fields[0].value)
		}
	}
	return op
}

// elementByValue takes `members[value eq "id"]` apart.
func elementByValue(path string) (attribute, id string, ok bool) {
	p, err := filter.ParsePath(path, nil)
	if err != nil || p.Filter == nil || p.Sub != "" {
		return "", "", false
	}
	c, isCompare := p.Filter.(*filter.Compare)
	if !isCompare || c.Op != filter.Eq || !strings.EqualFold(c.Attr.Name, "value") || c.Value.Kind != filter.String {
		return "", "", false
	}
	return p.Attr.String(), c.Value.Text, true
}
