package mapping

import (
	"strconv"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// EntraPatch returns a patch in the form that Entra sends without the flag
// aadOptscim062020 ("Known issues and resolutions with SCIM 2.0 protocol
// compliance"), for targets that were written against it: operations begin
// with a capital, booleans are the texts "True" and "False", an element is
// removed by value, a reference is its id, and each operation has a path. The
// patch itself does not change.
func EntraPatch(p *scim.Patch) *scim.Patch {
	if p == nil {
		return nil
	}
	out := &scim.Patch{Operations: make([]scim.Operation, 0, len(p.Operations))}
	for _, op := range p.Operations {
		op.Op = entraOp(op.Op)
		if op.Path == "" {
			out.Operations = append(out.Operations, split(op)...)
			continue
		}
		out.Operations = append(out.Operations, entraOperation(op))
	}
	return out
}

func entraOp(op scim.Op) scim.Op {
	switch op {
	case scim.OpAdd:
		return "Add"
	case scim.OpRemove:
		return "Remove"
	case scim.OpReplace:
		return "Replace"
	}
	return op
}

// split gives each attribute of an operation without a path one of its own.
func split(op scim.Operation) (out []scim.Operation) {
	tree, err := readTree(op.Value)
	o, ok := tree.(*object)
	if err != nil || !ok {
		return []scim.Operation{op}
	}
	for _, m := range o.members {
		out = append(out, entraOperation(scim.Operation{Op: op.Op, Path: m.name, Value: appendTree(nil, m.value)}))
	}
	return out
}

func entraOperation(op scim.Operation) scim.Operation {
	if op.Op == "Remove" && op.Value == nil {
		if path, id, ok := elementByValue(op.Path); ok {
			op.Path = path
			op.Value = appendTree(nil, []any{pairs("value", id)})
		}
		return op
	}
	tree, err := readTree(op.Value)
	if err != nil {
		return op
	}
	switch v := tree.(type) {
	case bool:
		op.Value = []byte(strconv.Quote(map[bool]string{true: "True", false: "False"}[v]))
	case *object:
		if id, ok := v.get("value"); ok && len(v.members) == 1 {
			op.Value = appendTree(nil, id)
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
