package scim

import (
	"fmt"
	"strconv"
	"strings"

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
	value string // JSON; "" for none
	place place  // how errors name the operation
}

// place is the index of an operation in its message.
type place int

func (p place) String() string { return "Operations[" + strconv.Itoa(int(p)) + "]" }

// read parses a PATCH message and resolves its paths. A value without a path
// becomes one operation per attribute in it, so that every later check sees
// one form only.
func (pr *patchReader) read(data []byte) ([]operation, error) {
	fields, err := messageMembers(data, pr.limits.JSONDepth, "a PatchOp message: a JSON object with \"Operations\"")
	if err != nil {
		return nil, err
	}
	if !pr.tolerant && !strings.Contains(fields.get("schemas"), `"`+messagePatch+`"`) {
		return nil, invalidSyntax("schemas: a PATCH message names %s", messagePatch)
	}
	list := fields.get("operations")
	if !strings.HasPrefix(list, "[") {
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
	out := make([]operation, 0, len(elements))
	for i, element := range elements {
		if out, err = pr.operation(out, element, place(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (pr *patchReader) operation(out []operation, raw string, place place) ([]operation, error) {
	if !strings.HasPrefix(raw, "{") {
		return nil, invalidSyntax("%s: an operation is an object with op, path and value", place)
	}
	var three [4]field // op, path and value
	fields, err := objectMembers(three[:0], raw)
	if err != nil {
		return nil, pr.at(place, err)
	}
	word, err := jsonText(fields.get("op"))
	if err != nil {
		return nil, invalidSyntax("%s: op is one of add, remove and replace", place)
	}
	op := operation{place: place, value: fields.get("value")}
	for _, known := range [...]Op{OpAdd, OpRemove, OpReplace} {
		if word == string(known) || pr.tolerant && len(word) == len(known) && foldASCII(word) == string(known) {
			op.op = known
		}
	}
	if op.op == "" {
		return nil, invalidSyntax("%s: op is one of add, remove and replace", place)
	}
	path := fields.get("path")
	if path == "" || pr.tolerant && path == "null" {
		return pr.pathless(out, op)
	}
	text, err := jsonText(path)
	if err != nil {
		return nil, invalidPath(place.String(), "the path is a JSON string")
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
func (pr *patchReader) at(place place, err error) error {
	e := *asError(err)
	e.Path = strings.TrimSuffix(place.String()+": "+e.Path, ": ")
	return &e
}

// pathless resolves the attributes of a value without a path. Their names
// may be paths themselves: "name.givenName", "urn:…:User:department".
func (pr *patchReader) pathless(out []operation, op operation) ([]operation, error) {
	if op.op == OpRemove {
		return nil, &Error{Kind: KindNoTarget, Path: op.place.String(), Detail: "remove needs a path"}
	}
	if !strings.HasPrefix(op.value, "{") {
		return nil, invalidSyntax("%s: without a path the value is an object of attributes", op.place)
	}
	fields, err := objectMembers(nil, op.value)
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
		op.path.filter != nil || !strings.HasPrefix(op.value, "{"):
		if len(out) >= pr.limits.PatchOperations {
			return nil, pr.tooMany()
		}
		return append(out, op), nil
	}
	fields, err := objectMembers(nil, op.value)
	if err != nil {
		return nil, pr.at(op.place, err)
	}
	if pr.tolerant && fields.get("value") == `""` {
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
