package scim

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ParseSchema reads a schema in the JSON form of RFC 7643 section 7. Members
// that the section does not name, such as "meta", are ignored; what is left
// out is the section's default. All mistakes are found at once: the error
// joins one [*Error] for each, whose Path is its place in the JSON, such as
// "attributes[2].subAttributes[0].type", and whose Detail says what belongs
// there.
func ParseSchema(data []byte) (*Schema, error) {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, unreadableSchema(err)
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, &Error{Kind: KindInvalidSchema, Detail: "a schema is a JSON object"}
	}
	p := &schemaReader{}
	s := p.schema(o)
	p.schemaMistakes.schema(s)
	if err := p.err(); err != nil {
		return nil, err
	}
	return s, nil
}

func unreadableSchema(err error) error {
	out := &Error{Kind: KindInvalidSchema, Detail: "the schema is not JSON", cause: err}
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return out
	}
	for token := range syntax.JSONPointer.Tokens() {
		if strings.Trim(token, "0123456789") == "" {
			out.Path += "[" + token + "]"
		} else {
			out.Path = strings.TrimPrefix(out.Path+"."+token, ".")
		}
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		out.Detail = "the member is there twice"
	}
	return out
}

// check looks for mistakes in a schema, and reports all of them.
func (s *Schema) check() error {
	m := &schemaMistakes{}
	m.schema(s)
	if err := m.err(); err != nil {
		return &Error{Kind: KindInvalidSchema, Path: s.ID, Detail: "the schema cannot be used", cause: err}
	}
	return nil
}

// schemaMistakes collects what is wrong with a schema.
type schemaMistakes struct {
	found  []error
	places map[string]bool
}

// add reports a mistake, unless there is one at its place already, from
// which it may follow.
func (m *schemaMistakes) add(place, format string, args ...any) {
	if m.places[place] {
		return
	}
	if m.places == nil {
		m.places = map[string]bool{}
	}
	m.places[place] = true
	m.found = append(m.found, &Error{Kind: KindInvalidSchema, Path: place, Detail: fmt.Sprintf(format, args...)})
}

func (m *schemaMistakes) err() error { return errors.Join(m.found...) }

func (m *schemaMistakes) schema(s *Schema) {
	if !strings.Contains(s.ID, ":") {
		m.add("id", "%q is not a URI: give one such as urn:example:params:scim:schemas:2.0:Badge", s.ID)
	}
	m.attributes("attributes", s.Attributes, false)
}

const tooDeep = "a sub-attribute cannot be complex (RFC 7643 section 2.3.8): make it an attribute of its own"

func (m *schemaMistakes) attributes(place string, list []*Attribute, inside bool) {
	seen := map[string]string{}
	for i, a := range list {
		place := fmt.Sprintf("%s[%d]", place, i)
		if a == nil {
			m.add(place, "an attribute is an object with a name")
			continue
		}
		m.name(place+".name", a.Name, seen)
		checkKeyword(m, place+".type", a.Type)
		checkKeyword(m, place+".mutability", a.Mutability)
		checkKeyword(m, place+".returned", a.Returned)
		checkKeyword(m, place+".uniqueness", a.Uniqueness)
		switch {
		case m.places[place+".type"]:
		case inside && (a.Type == TypeComplex || len(a.SubAttributes) > 0):
			m.add(place+".type", tooDeep)
		case a.Type == TypeComplex && len(a.SubAttributes) == 0:
			m.add(place+".subAttributes", "an attribute of the type complex needs at least one")
		case a.Type != TypeComplex && len(a.SubAttributes) > 0:
			m.add(place+".type", "an attribute with subAttributes is of the type complex")
		}
		if !inside { // deeper ones are a mistake already
			m.attributes(place+".subAttributes", a.SubAttributes, true)
		}
	}
}

func (m *schemaMistakes) name(place, name string, seen map[string]string) {
	switch {
	case m.places[place]:
	case name == "":
		m.add(place, "an attribute needs a name")
	case !validName(name):
		m.add(place, "%q is no name: begin with a letter and go on with letters, digits, \"-\" and \"_\" (RFC 7643 section 2.1)", name)
	case seen[foldASCII(name)] != "":
		m.add(place, "%q is there already, as %s: names compare without regard to case", name, seen[foldASCII(name)])
	default:
		seen[foldASCII(name)] = place
	}
}

// checkKeyword reports a characteristic that is none of RFC 7643 section 7.
func checkKeyword[C characteristic](m *schemaMistakes, place string, c C) {
	if int(c) >= len(c.keywords()) {
		m.add(place, "use one of %s", strings.Join(c.keywords(), ", "))
	}
}

// schemaReader reads a schema from JSON. What it cannot take over it reports.
type schemaReader struct{ schemaMistakes }

func (p *schemaReader) schema(object map[string]any) *Schema {
	o := p.members("", object)
	s := &Schema{ID: p.text("", o, "id"), Name: p.text("", o, "name"), Description: p.text("", o, "description")}
	s.Attributes = p.attributes("attributes", o["attributes"], true)
	return s
}

func (p *schemaReader) attributes(place string, v any, deeper bool) []*Attribute {
	var out []*Attribute
	for i, item := range p.list(place, v) {
		place := fmt.Sprintf("%s[%d].", place, i)
		object, ok := item.(map[string]any)
		if !ok {
			out = append(out, nil) // which is a mistake of its own
			continue
		}
		o := p.members(place, object)
		a := &Attribute{
			Name: p.text(place, o, "name"), Description: p.text(place, o, "description"),
			MultiValued: p.flag(place, o, "multiValued"), Required: p.flag(place, o, "required"), CaseExact: p.flag(place, o, "caseExact"),
			CanonicalValues: p.texts(place, o, "canonicalValues"), ReferenceTypes: p.texts(place, o, "referenceTypes"),
		}
		readKeywordAt(p, place, o, "type", &a.Type)
		readKeywordAt(p, place, o, "mutability", &a.Mutability)
		readKeywordAt(p, place, o, "returned", &a.Returned)
		readKeywordAt(p, place, o, "uniqueness", &a.Uniqueness)
		switch {
		case deeper:
			a.SubAttributes = p.attributes(place+"subAttributes", o["subattributes"], false)
		case len(p.list(place+"subAttributes", o["subattributes"])) > 0:
			p.add(place+"type", tooDeep)
		}
		out = append(out, a)
	}
	return out
}

// members returns the members of an object by name in lower case: names are
// case-insensitive (RFC 7643 section 2.1).
func (p *schemaReader) members(place string, object map[string]any) map[string]any {
	out := make(map[string]any, len(object))
	for name, value := range object {
		folded := foldASCII(name)
		if _, twice := out[folded]; twice {
			p.add(place+folded, "the member is there twice, in different case")
		}
		out[folded] = value
	}
	return out
}

func (p *schemaReader) text(place string, o map[string]any, name string) string {
	s, ok := o[foldASCII(name)].(string)
	if !ok && o[foldASCII(name)] != nil {
		p.add(place+name, "a text belongs here")
	}
	return s
}

func (p *schemaReader) flag(place string, o map[string]any, name string) bool {
	b, ok := o[foldASCII(name)].(bool)
	if !ok && o[foldASCII(name)] != nil {
		p.add(place+name, "true or false belongs here, without quotes")
	}
	return b
}

func (p *schemaReader) list(place string, v any) []any {
	list, ok := v.([]any)
	if !ok && v != nil {
		p.add(place, "a JSON array belongs here")
	}
	return list
}

func (p *schemaReader) texts(place string, o map[string]any, name string) []string {
	var out []string
	for i, v := range p.list(place+name, o[foldASCII(name)]) {
		s, ok := v.(string)
		if !ok {
			p.add(fmt.Sprintf("%s%s[%d]", place, name, i), "a text belongs here")
		}
		out = append(out, s)
	}
	return out
}

// readKeywordAt reads a characteristic; a member that is not there is its
// default.
func readKeywordAt[C characteristic](p *schemaReader, place string, o map[string]any, name string, c *C) {
	v := o[name]
	if v == nil {
		return
	}
	if s, ok := v.(string); !ok || readKeyword(c, []byte(s)) != nil {
		p.add(place+name, "use one of %s", strings.Join((*c).keywords(), ", "))
	}
}
