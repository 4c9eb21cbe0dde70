package source

import (
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim/provision"
)

// JSONOptions sets how a JSON file is read.
type JSONOptions struct {
	// Key is the member of [provision.Object.Key]; "" is the first of objectId,
	// id, employeeId and userPrincipalName that an object has.
	Key string
}

// NewJSON returns a JSON file (RFC 8259, UTF-8) as a source:
//
//	{"users": [{"objectId": "1", "userPrincipalName": "user1@example.com", "accountEnabled": true}],
//	 "groups": [{"objectId": "g", "displayName": "Group", "members": ["1"]}]}
//
// The names of attributes are Entra's, or any that the mapping reads. The two
// lists may be there in any order, and either may be missing. An object with
// "@removed", as in a delta query of Microsoft Graph, is deleted: for good if
// its reason is "deleted". Text that is not strict JSON, such as one with a
// name twice, is an error. The file is opened by each read and not here.
func NewJSON(name string, o *JSONOptions) (*File, error) {
	if name == "" {
		return nil, &Error{Kind: KindInvalidOption, Column: "name", Detail: "give the name of a file"}
	}
	j := jsonReader{}
	if o != nil {
		j.JSONOptions = *o
	}
	return &File{name: name, encoding: EncodingUTF8, objects: j.objects}, nil
}

// jsonReader reads the text of a JSON file.
type jsonReader struct{ JSONOptions }

func (j jsonReader) objects(name string, text io.Reader) iter.Seq2[provision.Object, error] {
	return func(yield func(provision.Object, error) bool) {
		d := &document{jsonReader: j, name: name, in: jsontext.NewDecoder(text), yield: yield}
		if err := d.read(); err != nil && !errors.Is(err, errStopped) {
			yield(provision.Object{}, err)
		}
	}
}

// errStopped says that the caller wants no more objects.
var errStopped = errors.New("stopped")

// document is a JSON file while it is read.
type document struct {
	jsonReader
	name  string
	in    *jsontext.Decoder
	yield func(provision.Object, error) bool
}

// read reads the whole text.
func (d *document) read() error {
	if d.in.PeekKind() != '{' {
		return d.unexpected("an object with users and groups is needed")
	}
	if _, err := d.in.ReadToken(); err != nil {
		return d.wrong(err)
	}
	for d.in.PeekKind() == '"' {
		token, err := d.in.ReadToken()
		if err != nil {
			return d.wrong(err)
		}
		switch token.String() {
		case "users":
			err = d.list(provision.User)
		case "groups":
			err = d.list(provision.Group)
		default:
			err = d.malformed("the members are users and groups")
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.in.ReadToken(); err != nil {
		return d.wrong(err)
	}
	if _, err := d.in.ReadToken(); err != io.EOF {
		return d.unexpected("something follows the end of the object")
	}
	return nil
}

// list reads the objects of one type.
func (d *document) list(typ string) error {
	if d.in.PeekKind() != '[' {
		return d.unexpected("a list of objects is needed")
	}
	if _, err := d.in.ReadToken(); err != nil {
		return d.wrong(err)
	}
	for d.in.PeekKind() == '{' {
		obj, err := d.object(typ)
		if err != nil {
			return err
		}
		if !d.yield(obj, nil) {
			return errStopped
		}
	}
	if d.in.PeekKind() != ']' {
		return d.unexpected("an object is needed")
	}
	_, err := d.in.ReadToken()
	return d.wrong(err)
}

func (d *document) object(typ string) (provision.Object, error) {
	obj := provision.Object{Type: typ}
	v, err := d.value()
	if err != nil {
		return obj, err
	}
	record, _ := v.(map[string]any)
	if obj.Key, err = d.key(record); err != nil {
		return obj, err
	}
	if removed, ok := record["@removed"]; ok {
		reason, _ := removed.(map[string]any)
		obj.Deleted = provision.SoftDeleted
		if reason["reason"] == "deleted" {
			obj.Deleted = provision.HardDeleted
		}
		delete(record, "@removed")
	}
	if text, ok := record[enabled].(string); ok && text != "" {
		if record[enabled], err = truth(text); err != nil {
			return obj, d.invalid(enabled, err.Error())
		}
	}
	if v, ok := record["members"]; ok && typ == provision.Group {
		list, isList := v.([]any)
		obj.Members = make([]string, len(list))
		for i := range list {
			if obj.Members[i], isList = list[i].(string); !isList || obj.Members[i] == "" {
				isList = false
				break
			}
		}
		if !isList {
			return obj, d.invalid("members", "a list of the members' keys is needed")
		}
		delete(record, "members")
	}
	obj.Record = mapping.Record(record)
	return obj, nil
}

// key returns what an object is known by.
func (d *document) key(record map[string]any) (string, error) {
	names := keys(d.Key)
	for _, name := range names {
		switch key := record[name].(type) {
		case string:
			if key != "" {
				return key, nil
			}
		case int64:
			return strconv.FormatInt(key, 10), nil
		}
	}
	return "", d.invalid("", "the object has no key; it needs one of "+strings.Join(names, ", "))
}

// value reads a value in the types that a [mapping.Record] has.
func (d *document) value() (any, error) {
	switch d.in.PeekKind() {
	case '[':
		return d.array()
	case '{':
		return d.members()
	}
	token, err := d.in.ReadToken()
	if err != nil {
		return nil, d.wrong(err)
	}
	switch token.Kind() {
	case '"':
		return token.String(), nil
	case 't', 'f':
		return token.Bool(), nil
	case '0':
		if n, err := strconv.ParseInt(token.String(), 10, 64); err == nil {
			return n, nil
		}
		x, err := token.Float()
		if err != nil {
			return nil, d.invalid("", "the number is too large")
		}
		return x, nil
	}
	return nil, nil
}

func (d *document) array() (any, error) {
	_, err := d.in.ReadToken()
	list := []any{}
	for err == nil && d.in.PeekKind() != ']' && d.in.PeekKind() != 0 {
		var v any
		if v, err = d.value(); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if err == nil {
		_, err = d.in.ReadToken()
	}
	return list, d.wrong(err)
}

func (d *document) members() (any, error) {
	_, err := d.in.ReadToken()
	out := map[string]any{}
	for err == nil && d.in.PeekKind() == '"' {
		var name jsontext.Token
		if name, err = d.in.ReadToken(); err != nil {
			break
		}
		key := name.String()
		var v any
		if v, err = d.value(); err != nil {
			return nil, err
		}
		out[key] = v
	}
	if err == nil {
		_, err = d.in.ReadToken()
	}
	return out, d.wrong(err)
}

func (d *document) invalid(name, detail string) error {
	place := string(d.in.StackPointer())
	if name != "" {
		place += "/" + name
	}
	return &Error{Kind: KindInvalidValue, Name: d.name, Column: place, Detail: detail}
}

func (d *document) malformed(detail string) error {
	return &Error{Kind: KindMalformed, Name: d.name, Column: string(d.in.StackPointer()), Detail: detail}
}

// unexpected is another token than the one that is needed, or none.
func (d *document) unexpected(detail string) error {
	if _, err := d.in.ReadToken(); err != nil {
		return d.wrong(err)
	}
	return d.malformed(detail)
}

// wrong gives an error of reading its place.
func (d *document) wrong(err error) error {
	var syntax *jsontext.SyntacticError
	var own *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return err
	case errors.Is(err, errNotText):
		return &Error{Kind: KindEncoding, Name: d.name, Column: string(d.in.StackPointer()), Detail: "JSON is text in UTF-8, and this is not"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return d.malformed("the file ends too early: it may be cut short")
	case errors.As(err, &syntax):
		return &Error{
			Kind: KindMalformed, Name: d.name, Column: string(syntax.JSONPointer),
			Detail: "this is not strict JSON, at byte " + strconv.FormatInt(syntax.ByteOffset, 10),
		}
	}
	return &Error{Kind: KindUnreadable, Name: d.name, Detail: "cannot be read to its end", Err: err}
}
