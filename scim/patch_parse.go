package scim

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// patchReader reads PATCH messages from the wire.
type patchReader struct {
	typ      *ResourceType
	limits   Limits
	tolerant bool
	refuse   bool // attributes that no schema names are an error
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
		return nil, &Error{Kind: KindTooLarge, Path: "Operations", Detail: fmt.Sprintf("more than %d operations; send several requests", pr.limits.PatchOperations)}
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
	fields, err := objectMembers(raw)
	if err != nil {
		return nil, invalidSyntax("%s: an operation is an object with op, path and value", place)
	}
	word, err := jsonText(fields.get("op"))
	if err != nil {
		return nil, invalidSyntax("%s: op is one of add, remove and replace", place)
	}
	if pr.tolerant {
		word = strings.ToLower(word)
	}
	op := operation{op: Op(word), place: place, value: fields.get("value")}
	if op.op != OpAdd && op.op != OpRemove && op.op != OpReplace {
		return nil, invalidSyntax("%s: op is one of add, remove and replace", place)
	}
	if pr.tolerant && string(fields.get("path")) == "null" {
		fields = slices.DeleteFunc(fields, func(f field) bool { return f.name == "path" })
	}
	if fields.get("path") == nil {
		return pr.pathless(out, op)
	}
	text, err := jsonText(fields.get("path"))
	if err != nil {
		return nil, invalidPath(place, "the path is a JSON string")
	}
	if text == "" && pr.tolerant {
		return pr.pathless(out, op)
	}
	if op.path, err = pr.path(text); err != nil {
		return nil, pr.at(place, err)
	}
	return append(out, op), nil
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
	fields, err := objectMembers(op.value)
	if err != nil {
		return nil, invalidSyntax("%s: without a path the value is an object of attributes", op.place)
	}
	for _, f := range fields {
		path, err := pr.path(f.spelled)
		switch {
		case err == nil && (path.attr.role == roleSchemas || pr.tolerant && (path.attr == pr.typ.id || path.attr.role == roleMeta)):
			// Okta repeats the id of the resource beside what it changes.
			continue
		case err != nil && !pr.refuse && !strings.ContainsAny(f.spelled, "[]"):
			continue // an attribute we do not have, as on POST
		case err != nil:
			return nil, pr.at(op.place, err)
		}
		out = append(out, operation{op: op.op, path: path, value: f.value, place: op.place})
	}
	return out, nil
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
		if out.get(name) != nil {
			return nil, invalidSyntax("the member %q is there twice (names compare without regard to case)", name)
		}
		out = append(out, field{name, spelled, slices.Clone(value)})
	}
	return out, nil
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
		out = append(out, slices.Clone(value))
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
