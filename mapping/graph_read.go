package mapping

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// graphReader reads one place of a document. It notes members that it does
// not know and reports values of the wrong type.
type graphReader struct {
	schema *GraphSchema
	object *graphObject // nil outside an objectMapping
	place  string
	rule   int    // number of the rule, 0 outside one
	target string // of the rule
}

func (g graphReader) in(name string) graphReader {
	g.place = pointer(g.place, name)
	return g
}

func (g graphReader) note(detail string) {
	g.schema.notes = append(g.schema.notes, Note{g.place, detail})
}

// fail reports a mistake in an objectMapping; elsewhere it is a note.
func (g graphReader) fail(kind Kind, detail string) {
	if g.object == nil {
		g.note(detail)
		return
	}
	g.object.mistakes = append(g.object.mistakes, &Error{Kind: kind, Place: g.place, Rule: g.rule, Target: g.target, Detail: detail})
}

// known notes the members of an object that are not in a list of names.
func (g graphReader) known(o *object, names string) {
	if o == nil {
		return
	}
	for _, m := range o.members {
		if !strings.HasPrefix(m.name, "@") && !slices.Contains(strings.Fields(names), m.name) {
			g.in(m.name).note("the member has no effect here")
		}
	}
}

// member returns a member of the type T; null and a missing one are the zero
// value.
func memberOf[T any](g graphReader, o *object, name, what string) T {
	raw, _ := o.get(name)
	v, ok := raw.(T)
	if !ok && raw != nil {
		g.in(name).fail(KindJSON, "the value is not "+what)
	}
	return v
}

func (g graphReader) text(o *object, name string) string {
	return memberOf[string](g, o, name, "a text")
}
func (g graphReader) flag(o *object, name string) bool {
	return memberOf[bool](g, o, name, "true or false")
}

// each yields the objects of a list.
func (g graphReader) each(o *object, name string, visit func(graphReader, *object)) {
	for i, item := range memberOf[[]any](g, o, name, "a list") {
		at := g.in(name).in(strconv.Itoa(i))
		if child, ok := item.(*object); ok {
			visit(at, child)
		} else {
			at.fail(KindJSON, "the value is not an object")
		}
	}
}

// read reads the whole document. An objectMapping's attributes are in the
// directories, which may come after it.
func (s *GraphSchema) read() {
	g := graphReader{schema: s}
	g.known(s.root, "id version provisioningTaskIdentifier directories synchronizationRules")
	g.each(s.root, "directories", func(g graphReader, o *object) {
		g.known(o, "id name discoverabilities discoveryDateTime readOnly version objects")
		g.each(o, "objects", func(g graphReader, o *object) {
			g.known(o, "name supportedApis metadata attributes")
			g.each(o, "attributes", func(g graphReader, o *object) {
				g.known(o, "name type multivalued mutability required caseExact anchor referencedObjects apiExpressions defaultValue metadata")
			})
		})
	})
	g.each(s.root, "synchronizationRules", func(g graphReader, rule *object) {
		g.known(rule, "id name priority editable sourceDirectoryName targetDirectoryName objectMappings metadata")
		g.each(rule, "objectMappings", func(g graphReader, o *object) { g.objectMapping(rule, o) })
	})
}

func (g graphReader) objectMapping(rule, o *object) {
	g.known(o, "enabled flowTypes name scope sourceObjectName targetObjectName attributeMappings metadata")
	target := graphTarget(g.text(o, "targetObjectName"))
	if target == "" {
		g.in("targetObjectName").note("the target is neither a user nor a group, so the mapping has no effect here")
		return
	}
	out := &graphObject{node: o, place: g.place, target: target, mapping: &Mapping{Target: target}}
	if slices.Contains(g.schema.Targets(), target) {
		g.note("another object mapping for " + target + " comes first, so this one has no effect here")
		return
	}
	g.object = out
	g.schema.objects = append(g.schema.objects, out)
	m := out.mapping
	m.Off = g.actions(o)
	m.Scope = g.scope(o)
	g.each(o, "attributeMappings", func(g graphReader, a *object) {
		g.rule = len(m.Rules) + 1
		g.target = g.text(a, "targetAttributeName")
		m.Rules = append(m.Rules, g.attributeMapping(a))
	})
	m.Extensions = g.extensions(rule, o)
	g.sources(rule, o)
}

// actions reads which object actions are switched off.
func (g graphReader) actions(o *object) (off []Action) {
	if enabled, ok := o.get("enabled"); ok && enabled == false {
		return []Action{Create, Update, Delete}
	}
	g.flag(o, "enabled")
	if raw, ok := o.get("flowTypes"); !ok || raw == nil {
		return nil
	}
	on := make(map[Action]bool)
	for word := range strings.SplitSeq(g.text(o, "flowTypes"), ",") {
		word = strings.TrimSpace(word)
		i := slices.IndexFunc(objectFlow(), func(known string) bool { return strings.EqualFold(known, word) })
		switch {
		case i >= 0:
			on[Action(i)] = true
		case word != "" && !strings.EqualFold(word, "None"):
			g.in("flowTypes").fail(KindMapping, "the word is none of "+strings.Join(objectFlow(), ", "))
		}
	}
	for _, a := range []Action{Create, Update, Delete} {
		if !on[a] {
			off = append(off, a)
		}
	}
	return off
}

// scope reads a filter. One that this package does not have is a mistake: to
// leave it out would send people who are out of scope.
func (g graphReader) scope(o *object) (scope Scope) {
	filter := memberOf[*object](g, o, "scope", "an object")
	if filter == nil {
		return nil
	}
	g = g.in("scope")
	g.known(filter, "groups inputFilterGroups categoryFilterGroups")
	for _, name := range []string{"inputFilterGroups", "categoryFilterGroups"} {
		if len(memberOf[[]any](g, filter, name, "a list")) > 0 {
			g.in(name).fail(KindScope, "this kind of filter is not supported; write it as a group of clauses")
		}
	}
	g.each(filter, "groups", func(g graphReader, group *object) {
		g.known(group, "name clauses")
		out := ScopeGroup{Name: g.text(group, "name")}
		g.each(group, "clauses", func(g graphReader, clause *object) {
			g.known(clause, "operatorName sourceOperandName targetOperand")
			c := Clause{Attribute: g.text(clause, "sourceOperandName"), Operator: Operator(g.text(clause, "operatorName")).canonical()}
			operand := memberOf[*object](g, clause, "targetOperand", "an object")
			values := memberOf[[]any](g.in("targetOperand"), operand, "values", "a list")
			text, isText := "", true
			if len(values) > 0 {
				text, isText = values[0].(string)
			}
			if len(values) > 1 || !isText {
				g.in("targetOperand").in("values").fail(KindScope, "the clause needs one text; write one clause in a group of its own for each value")
			}
			c.Value = text
			out.Clauses = append(out.Clauses, c)
		})
		scope = append(scope, out)
	})
	return scope
}

// attributeMapping reads one rule.
func (g graphReader) attributeMapping(a *object) Rule {
	g.known(a, "attributeMappingId defaultValue exportMissingReferences flowBehavior flowType id matchingPriority source targetAttributeName")
	r := Rule{Target: g.target}
	if flow := g.text(a, "flowType"); flow != "" {
		i := slices.Index(flowTypes(), flow)
		if i < 0 {
			g.in("flowType").fail(KindMapping, "the word is none of "+strings.Join(flowTypes(), ", ")+suggestion(flow, flowTypes()))
		}
		r.Apply = Apply(max(i, 0))
	}
	behaviors := []string{"FlowWhenChanged", "FlowAlways"}
	if b := g.text(a, "flowBehavior"); b != "" && !slices.Contains(behaviors, b) {
		g.in("flowBehavior").fail(KindMapping, "the word is none of "+strings.Join(behaviors, ", ")+suggestion(b, behaviors))
	}
	if priority := memberOf[number](g, a, "matchingPriority", "a number"); priority != "" {
		n, err := strconv.Atoi(string(priority))
		if err != nil {
			g.in("matchingPriority").fail(KindMatching, "the precedence is a whole number")
		}
		r.Matching = n
	}
	if g.flag(a, "exportMissingReferences") {
		g.in("exportMissingReferences").note("objects that are referred to and are not in scope are not created")
	}
	g.source(a, &r)
	return r
}

// source reads where the value comes from. The text of the expression is what
// counts: name, type and parameters say the same again.
func (g graphReader) source(a *object, r *Rule) {
	fallback := g.text(a, "defaultValue")
	source := memberOf[*object](g, a, "source", "an object")
	if source == nil {
		if fallback == "" {
			r.None = true
		} else {
			r.Fixed = fallback
		}
		return
	}
	g = g.in("source")
	g.known(source, "expression name type parameters")
	text, name, typ := strings.TrimSpace(g.text(source, "expression")), g.text(source, "name"), g.text(source, "type")
	if fallback != "" {
		r.Default = fallback
	}
	inner, isAttribute := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	isAttribute = isAttribute && closed && !strings.ContainsAny(inner, "[]")
	constant, isConstant := unquoteConstant(text)
	switch {
	case typ == "Constant":
		if !isConstant {
			constant = cmp.Or(text, fallback, name)
		}
		r.Fixed, r.Default = constant, nil
	case text == "" && typ != "Function":
		r.Attribute = name
	case typ != "Function" && isAttribute:
		r.Attribute = inner
	case typ == "Attribute" && !strings.ContainsAny(text, `("[`):
		r.Attribute = text
	case typ == "" && isConstant:
		r.Fixed, r.Default = constant, nil
	default:
		r.Expression = text
	}
	types := []string{"Attribute", "Constant", "Function"}
	if typ != "" && !slices.Contains(types, typ) {
		g.in("type").fail(KindSource, "the word is none of "+strings.Join(types, ", ")+suggestion(typ, types))
	}
}

// unquoteConstant returns the text of a constant that is the whole of s.
func unquoteConstant(s string) (string, bool) {
	p := &parser{s: s}
	if !strings.HasPrefix(s, `"`) {
		return "", false
	}
	e, err := p.constant()
	if err != nil || p.pos != len(s) {
		return "", false
	}
	return e.text, true
}

// definitions calls visit for the attributes that a directory's object has.
func (g graphReader) definitions(directory, name string, visit func(name string, definition *object)) {
	quiet := graphReader{schema: &GraphSchema{}}
	quiet.each(g.schema.root, "directories", func(q graphReader, d *object) {
		if q.text(d, "name") != directory {
			return
		}
		q.each(d, "objects", func(q graphReader, o *object) {
			if q.text(o, "name") != name {
				return
			}
			q.each(o, "attributes", func(q graphReader, a *object) { visit(q.text(a, "name"), a) })
		})
	})
}

// sources notes source attributes that the directory does not list. The list
// of a document is often short of some, so that this is no mistake.
func (g graphReader) sources(rule, o *object) {
	var names []string
	g.definitions(g.text(rule, "sourceDirectoryName"), g.text(o, "sourceObjectName"), func(name string, _ *object) { names = append(names, name) })
	if len(names) < 2 {
		return
	}
	for i, r := range g.object.mapping.Rules {
		used := []string{r.Attribute}
		if tree, err := parseExpr(r.Expression); err == nil {
			walk(tree, func(e *expr) {
				if e.kind == exprAttribute {
					used = append(used, e.text)
				}
			})
		}
		for _, name := range used {
			if name != "" && !slices.Contains(names, name) {
				g.in("attributeMappings").in(strconv.Itoa(i)).note("the source directory lists no attribute " + strconv.Quote(name) + suggestion(name, names))
			}
		}
	}
}

// extensions makes schemas of the target's own attributes, whose names begin
// with a URN.
func (g graphReader) extensions(rule, o *object) []*scim.Schema {
	var out []*scim.Schema
	add := func(name string, d *object) {
		urn, short, ok := cutURN(name)
		if !ok {
			return
		}
		a := &scim.Attribute{Name: short}
		quiet := graphReader{schema: &GraphSchema{}}
		a.MultiValued, a.CaseExact, a.Required = quiet.flag(d, "multivalued"), quiet.flag(d, "caseExact"), quiet.flag(d, "required")
		switch strings.ToLower(quiet.text(d, "type")) {
		case "boolean":
			a.Type = scim.TypeBoolean
		case "integer":
			a.Type = scim.TypeInteger
		case "datetime":
			a.Type = scim.TypeDateTime
		case "binary":
			a.Type = scim.TypeBinary
		}
		out = addAttribute(out, urn, a)
	}
	g.definitions(g.text(rule, "targetDirectoryName"), g.text(o, "targetObjectName"), add)
	return out
}
