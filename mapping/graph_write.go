package mapping

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// The names that Entra gives the two sides of a SCIM application.
const (
	graphSource = "Azure Active Directory"
	graphTo     = "customappsso"
)

// NewGraphSchema returns the synchronizationSchema of some mappings, at most
// one for each resource type. The notes are what it cannot say.
func NewGraphSchema(mappings ...*Mapping) (*GraphSchema, []Note) {
	rule := pairs("name", "USERGROUP_OUTBOUND_USERGROUP", "priority", number("1"), "editable", true,
		"sourceDirectoryName", graphSource, "targetDirectoryName", graphTo, "objectMappings", []any{})
	s := &GraphSchema{root: pairs("directories", []any{}, "synchronizationRules", []any{rule})}
	var notes []Note
	for _, m := range mappings {
		notes = append(notes, s.Set(m)...)
	}
	return s, notes
}

// Set puts a mapping in the place of the schema's mapping for the same
// resource type, or adds it. What the mapping does not change stays as it is
// in the document. The notes are what the document cannot say.
func (s *GraphSchema) Set(m *Mapping) []Note {
	if s.root == nil {
		empty, _ := NewGraphSchema()
		s.root = empty.root
	}
	w := &graphWriter{}
	if graphTarget(m.Target) == "" {
		return []Note{{"/synchronizationRules", "a mapping that is neither for users nor for groups has no place"}}
	}
	at := slices.IndexFunc(s.objects, func(o *graphObject) bool { return o.target == m.Target })
	if at < 0 {
		s.addObject(m)
		at = len(s.objects) - 1
	}
	w.write(s.objects[at], m)
	s.objects, s.notes = nil, nil
	s.read()
	return w.notes
}

// addObject adds an objectMapping without rules to the first rule.
func (s *GraphSchema) addObject(m *Mapping) {
	rules, _ := s.root.get("synchronizationRules")
	list, _ := rules.([]any)
	rule := &object{}
	if len(list) > 0 {
		rule, _ = list[0].(*object)
	} else {
		s.root.set("synchronizationRules", []any{rule})
	}
	node := pairs("enabled", true, "flowTypes", "Add,Update,Delete", "name", "Provision "+m.Target+"s", "scope", nil,
		"sourceObjectName", m.Target, "targetObjectName", m.Target, "attributeMappings", []any{})
	objects, _ := rule.get("objectMappings")
	before, _ := objects.([]any)
	rule.set("objectMappings", append(slices.Clone(before), node))
	place := "/synchronizationRules/0/objectMappings/" + strconv.Itoa(len(before))
	s.objects = append(s.objects, &graphObject{node: node, place: place, target: m.Target, mapping: &Mapping{Target: m.Target}})
}

// graphWriter writes one mapping into its objectMapping.
type graphWriter struct{ notes []Note }

func (w *graphWriter) write(o *graphObject, m *Mapping) {
	if !reflect.DeepEqual(o.mapping.Off, m.Off) {
		w.actions(o.node, m.Off)
	}
	if !sameScope(o.mapping.Scope, m.Scope) {
		o.node.set("scope", writeScope(m.Scope))
	}
	raw, _ := o.node.get("attributeMappings")
	nodes, _ := raw.([]any)
	list := make([]any, len(m.Rules))
	for i, r := range m.Rules {
		place := o.place + "/attributeMappings/" + strconv.Itoa(i)
		key := targetKey(r.Target)
		at := slices.IndexFunc(o.mapping.Rules, func(old Rule) bool { return targetKey(old.Target) == key })
		if i < len(o.mapping.Rules) && targetKey(o.mapping.Rules[i].Target) == key {
			at = i
		}
		node := pairs("defaultValue", nil, "exportMissingReferences", false, "flowBehavior", "FlowWhenChanged")
		if at >= 0 && at < len(nodes) {
			node, _ = nodes[at].(*object)
		}
		if at < 0 || !reflect.DeepEqual(o.mapping.Rules[at], r) {
			w.rule(place, node, r)
		}
		list[i] = node
	}
	if len(list)+len(nodes) > 0 {
		o.node.set("attributeMappings", list)
	}
	if len(m.Attributes) > 0 {
		w.notes = append(w.notes, Note{o.place, "the list of the source's attributes is not written"})
	}
	if len(m.Extensions) > 0 && !reflect.DeepEqual(o.mapping.Extensions, m.Extensions) {
		w.notes = append(w.notes, Note{o.place, "the definitions of the target's extensions are not written"})
	}
}

func (w *graphWriter) actions(node *object, off []Action) {
	var on []string
	for _, a := range []Action{Create, Update, Delete} {
		if !slices.Contains(off, a) {
			on = append(on, objectFlow()[a])
		}
	}
	node.set("enabled", len(on) > 0)
	if len(on) > 0 {
		node.set("flowTypes", strings.Join(on, ","))
	}
}

func sameScope(a, b Scope) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

func writeScope(s Scope) any {
	if len(s) == 0 {
		return nil
	}
	groups := make([]any, len(s))
	for i, g := range s {
		clauses := make([]any, len(g.Clauses))
		for j, c := range g.Clauses {
			values := []any{}
			if c.Value != "" {
				values = append(values, c.Value)
			}
			clauses[j] = pairs("operatorName", string(c.Operator), "sourceOperandName", c.Attribute, "targetOperand", pairs("values", values))
		}
		groups[i] = pairs("name", g.Name, "clauses", clauses)
	}
	return pairs("groups", groups, "inputFilterGroups", []any{}, "categoryFilterGroups", []any{})
}

// rule writes one rule into its attributeMapping.
func (w *graphWriter) rule(place string, node *object, r Rule) {
	node.set("flowType", flowTypes()[min(int(r.Apply), len(flowTypes())-1)])
	node.set("matchingPriority", number(strconv.Itoa(r.Matching)))
	node.set("targetAttributeName", r.Target)
	node.set("defaultValue", nil)
	if text, ok := plainText(r.Default); ok {
		node.set("defaultValue", text)
	}
	if r.FlowNulls {
		w.notes = append(w.notes, Note{place, "that an empty source clears the target is not written"})
	}
	switch {
	case r.Attribute != "":
		node.set("source", graphSourceOf(&expr{kind: exprAttribute, text: r.Attribute}))
	case r.Expression != "":
		tree, err := parseExpr(r.Expression)
		if err != nil {
			node.set("source", pairs("expression", r.Expression, "name", "", "type", "Function", "parameters", []any{}))
			return
		}
		source := graphSourceOf(tree)
		source.set("expression", r.Expression)
		node.set("source", source)
	case r.Fixed != nil:
		text, _ := plainText(r.Fixed)
		node.set("source", graphSourceOf(&expr{kind: exprText, text: text}))
	default:
		node.set("source", nil)
		if r.Default != nil {
			node.set("defaultValue", nil)
			w.notes = append(w.notes, Note{place, "the default of a rule without a source is not written"})
		}
	}
}

// plainText returns a scalar of a rule as text, as Entra writes it.
func plainText(v any) (string, bool) {
	one, err := scalar(v)
	if err != nil {
		return "", false
	}
	s, ok, _ := one.single()
	return s, ok
}

// graphSourceOf writes an expression's tree as an attributeMappingSource.
func graphSourceOf(e *expr) *object {
	name, typ, parameters := e.text, "Constant", []any{}
	switch e.kind {
	case exprAttribute:
		typ = "Attribute"
	case exprCall:
		typ = "Function"
		f := findFunction(e.text)
		for i, arg := range e.args {
			key := "arg" + strconv.Itoa(i+1)
			if f != nil {
				key, _, _ = f.param(i, len(e.args))
			}
			parameters = append(parameters, pairs("key", strings.Trim(key, "[]"), "value", graphSourceOf(arg)))
		}
	}
	return pairs("expression", e.String(), "name", name, "type", typ, "parameters", parameters)
}
