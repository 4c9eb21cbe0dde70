package scim

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// patchReader reads PATCH messages from the wire.
type patchReader struct {
	typ    *ResourceType
	limits Limits
	profile
}

// operation is an operation resolved against the resource type.
type operation struct {
	op    Op
	path  *Path
	value []byte // JSON; nil for none
	place string // how errors name the operation
}

// read parses a PATCH message and resolves its paths. A value without a path
// becomes one operation per attribute in it, so that every later check sees
// one form only.
func (pr *patchReader) read(data []byte) ([]operation, error) {
	d := decoder{typ: pr.typ, depth: pr.limits.JSONDepth}
	d.reset(data)
	if d.in.PeekKind() != '{' {
		return nil, d.syntax("a PatchOp message: a JSON object with \"Operations\"")
	}
	raw, err := d.skip()
	if err != nil {
		return nil, err
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	fields, err := objectMembers([]byte(raw))
	if err != nil {
		return nil, err
	}
	if !pr.tolerant && !bytes.Contains(fields.get("schemas"), []byte(`"`+messagePatch+`"`)) {
		return nil, invalidSyntax("schemas: a PATCH message names %s", messagePatch)
	}
	list := fields.get("operations")
	if len(list) == 0 || list[0] != '[' {
		return nil, invalidSyntax("Operations: the message needs an array of operations")
	}
	elements, err := arrayElements(list)
	if err != nil {
		return nil, err
	}
	if len(elements) == 0 {
		return nil, invalidSyntax("Operations: the message needs at least one operation")
	}
	if len(elements) > pr.limits.PatchOperations {
		return nil, pr.tooMany()
	}
	var out []operation
	for i, element := range elements {
		if out, err = pr.operation(out, element, fmt.Sprintf("Operations[%d]", i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (pr *patchReader) operation(out []operation, raw []byte, place string) ([]operation, error) {
	if jsontext.Value(raw).Kind() != '{' {
		return nil, invalidSyntax("%s: an operation is an object with op, path and value", place)
	}
	fields, err := objectMembers(raw)
	if err != nil {
		return nil, pr.at(place, err)
	}
	word, err := jsonText(fields.get("op"))
	if err != nil {
		return nil, invalidSyntax("%s: op is one of add, remove and replace", place)
	}
	if pr.tolerant {
		word = foldASCII(word)
	}
	op := operation{op: Op(word), place: place, value: fields.get("value")}
	if op.op != OpAdd && op.op != OpRemove && op.op != OpReplace {
		return nil, invalidSyntax("%s: op is one of add, remove and replace", place)
	}
	path := fields.get("path")
	if path == nil || pr.tolerant && string(path) == "null" {
		return pr.pathless(out, op)
	}
	text, err := jsonText(path)
	if err != nil {
		return nil, invalidPath(place, "the path is a JSON string")
	}
	if pr.tolerant && (text == "" || foldASCII(text) == pr.typ.byURI[0].uri) {
		return pr.pathless(out, op)
	}
	if op.path, err = pr.path(text); err != nil {
		return nil, pr.at(place, err)
	}
	return pr.resolved(out, op)
}

func (pr *patchReader) path(text string) (*Path, error) {
	return pr.typ.parsePath(text, &filter.Options{
		MaxBytes: pr.limits.PathBytes, MaxDepth: pr.limits.FilterDepth, MaxTerms: pr.limits.FilterTerms, Tolerant: pr.tolerant,
	})
}

// at puts the operation's place before an error.
func (pr *patchReader) at(place string, err error) error {
	e := *asError(err)
	e.Path = strings.TrimSuffix(place+": "+e.Path, ": ")
	return &e
}

// pathless resolves the attributes of a value without a path. Their names
// may be paths themselves: "name.givenName", "urn:…:User:department".
func (pr *patchReader) pathless(out []operation, op operation) ([]operation, error) {
	if op.op == OpRemove {
		return nil, &Error{Kind: KindNoTarget, Path: op.place, Detail: "remove needs a path"}
	}
	if jsontext.Value(op.value).Kind() != '{' {
		return nil, invalidSyntax("%s: without a path the value is an object of attributes", op.place)
	}
	fields, err := objectMembers(op.value)
	if err != nil {
		return nil, pr.at(op.place, err)
	}
	for _, f := range fields {
		if pr.tolerant && f.name == pr.typ.byURI[0].uri {
			inner := operation{op: op.op, value: f.value, place: op.place}
			if out, err = pr.pathless(out, inner); err != nil {
				return nil, err
			}
			continue
		}
		path, err := pr.path(f.spelled)
		switch {
		case err == nil && pr.tolerant && (path.attr == pr.typ.id || path.attr.role == roleMeta):
			// Okta repeats the id of the resource beside what it changes.
			continue
		case err != nil && !pr.refuse && !strings.ContainsAny(f.spelled, "[]"):
			continue // an attribute we do not have, as on POST
		case err != nil:
			return nil, pr.at(op.place, err)
		}
		if out, err = pr.resolved(out, operation{op: op.op, path: path, value: f.value, place: op.place}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// resolved appends an operation whose path is known. An object for a complex
// attribute becomes one operation per sub-attribute: those that it does not
// name stay as they are (RFC 7644 sections 3.5.2.1 and 3.5.2.3).
func (pr *patchReader) resolved(out []operation, op operation) ([]operation, error) {
	a := op.path.attr
	switch {
	case a.role == roleSchemas:
		return out, nil // they follow from what the resource holds
	case op.op == OpRemove || a.Type != TypeComplex || a.MultiValued || a.Mutability == ReadOnly ||
		op.path.filter != nil || jsontext.Value(op.value).Kind() != '{':
		if len(out) >= pr.limits.PatchOperations {
			return nil, pr.tooMany()
		}
		return append(out, op), nil
	}
	fields, err := objectMembers(op.value)
	if err != nil {
		return nil, pr.at(op.place, err)
	}
	if pr.tolerant && string(fields.get("value")) == `""` {
		// {"value": ""} is how Entra clears a manager.
		return append(out, operation{op: OpRemove, path: op.path, place: op.place}), nil
	}
	for _, f := range fields {
		path, err := pr.below(op.path, f)
		switch {
		case err != nil && !pr.refuse:
			continue
		case err != nil:
			return nil, pr.at(op.place, err)
		case pr.tolerant && path.attr.Mutability == ReadOnly && a.role != roleExtension:
			continue // manager.displayName comes with the manager, as on PUT
		}
		if out, err = pr.resolved(out, operation{op: op.op, path: path, value: f.value, place: op.place}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// below resolves a member of the object that is given for a complex
// attribute. Those of an extension may be paths themselves.
func (pr *patchReader) below(p *Path, f field) (*Path, error) {
	if p.attr.role == roleExtension {
		return pr.path(p.attr.Name + ":" + f.spelled)
	}
	if sub := p.attr.sub(f.spelled); sub != nil {
		return &Path{typ: pr.typ, attr: sub, text: p.text + "." + sub.Name}, nil
	}
	return nil, invalidPath(p.attr.path+"."+shown(f.spelled), "the attribute has no such sub-attribute")
}

func (pr *patchReader) tooMany() error {
	return &Error{Kind: KindTooLarge, Path: "Operations", Detail: fmt.Sprintf("more than %d operations or attributes; send several requests", pr.limits.PatchOperations)}
}

// field is a member of a JSON object, by its name in lower case.
type field struct {
	name, spelled string
	value         []byte
}

type fieldList []field

func (l fieldList) get(name string) []byte {
	for _, f := range l {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// has reports whether there is a member that is not null.
func (l fieldList) has(name string) bool {
	value := l.get(name)
	return value != nil && string(value) != "null"
}

// objectMembers takes a JSON object apart.
func objectMembers(raw []byte) (fieldList, error) {
	in := jsontext.NewDecoder(bytes.NewBuffer(raw))
	if in.PeekKind() != '{' {
		return nil, invalidSyntax("a JSON object is needed")
	}
	if _, err := in.ReadToken(); err != nil {
		return nil, err
	}
	var out fieldList
	seen := map[string]bool{}
	for in.PeekKind() == '"' {
		token, err := in.ReadToken()
		if err != nil {
			return nil, err
		}
		spelled := token.String()
		value, err := in.ReadValue()
		if err != nil {
			return nil, err
		}
		name := foldASCII(spelled)
		if seen[name] {
			return nil, twice(spelled)
		}
		seen[name] = true
		out = append(out, field{name, spelled, last(in, raw, value)})
	}
	return out, nil
}

// last returns the value that was read last as a part of its source: the
// decoder's own slice does not outlive the next read, and copies of all
// levels of a body would cost many times its size.
func last(in *jsontext.Decoder, raw, value []byte) []byte {
	end := in.InputOffset()
	return raw[end-int64(len(value)) : end : end]
}

func arrayElements(raw []byte) ([][]byte, error) {
	in := jsontext.NewDecoder(bytes.NewBuffer(raw))
	if _, err := in.ReadToken(); err != nil {
		return nil, err
	}
	var out [][]byte
	for in.PeekKind() != ']' {
		value, err := in.ReadValue()
		if err != nil {
			return nil, err
		}
		out = append(out, last(in, raw, value))
	}
	return out, nil
}

func jsonText(raw []byte) (string, error) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", invalidSyntax("a JSON string is needed")
	}
	b, err := jsontext.AppendUnquote(nil, raw)
	return string(b), err
}
