package scim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// clientList is a ListResponse (RFC 7644 section 3.4.2).
type clientList struct {
	total     int // -1: not said
	start     int // as answered, or as asked for
	resources []*Resource
	date      time.Time // of the answer, by the service provider's clock; zero: not said

	next, previous string // cursors
}

// clientReadList reads the answer to a query and closes its body.
func clientReadList(resp *http.Response, req *clientRequest, t *ResourceType, o *ListOptions) (*clientList, error) {
	defer clientDrain(resp.Body)
	d := &clientListDecoder{in: jsontext.NewDecoder(resp.Body), typ: t, total: -1}
	if err := d.list(); err != nil {
		return nil, clientUnusable(resp, req, "it is not a complete ListResponse", err)
	}
	out := &clientList{total: d.total, start: d.start, resources: d.resources, next: d.next, previous: d.previous}
	out.date, _ = http.ParseTime(resp.Header.Get("Date"))
	if out.total < 0 && out.next == "" && o.Cursor == nil { // RFC 9865 section 2 lets it be missing
		return nil, clientUnusable(resp, req, "it is not a complete ListResponse", errClientTotal)
	}
	if out.start < 1 {
		out.start = max(o.StartIndex, 1)
	}
	if d.total > 0 && !d.found && o.Count >= 0 && o.StartIndex <= d.total && o.Cursor == nil {
		return nil, clientUnusable(resp, req, fmt.Sprintf("it has no Resources, but a total of %d", d.total), nil)
	}
	return out, nil
}

// clientListDecoder reads a list as it arrives, one resource at a time.
type clientListDecoder struct {
	in  *jsontext.Decoder
	typ *ResourceType

	total, start int // -1 and 0 if they are not there
	found        bool
	resources    []*Resource

	next, previous string
}

// Reasons why an answer is not a list.
var (
	errClientEmpty    = errors.New("it is empty")
	errClientJSON     = errors.New("it is not a JSON object")
	errClientEarly    = errors.New("it ends early")
	errClientMore     = errors.New("there is more after its end")
	errClientTwice    = errors.New("a member is there twice")
	errClientSchemas  = errors.New("its schemas do not name " + messageList)
	errClientTotal    = errors.New("totalResults is missing or not a number")
	errClientElements = errors.New("Resources is not an array of objects")
)

func (d *clientListDecoder) list() error {
	switch kind := d.in.PeekKind(); {
	case kind == '{':
	case kind == 0:
		if _, err := d.in.ReadToken(); errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return errClientEmpty
		}
		return errClientJSON
	default:
		return errClientJSON
	}
	if _, err := d.in.ReadToken(); err != nil {
		return d.failure(err)
	}
	for d.in.PeekKind() == '"' {
		name, err := d.in.ReadToken()
		if err != nil {
			return d.failure(err)
		}
		if err := d.member(foldASCII(name.String())); err != nil {
			return err
		}
	}
	if _, err := d.in.ReadToken(); err != nil {
		return d.failure(err)
	}
	if _, err := d.in.ReadToken(); !errors.Is(err, io.EOF) {
		return errClientMore
	}
	return nil
}

func (d *clientListDecoder) member(name string) error {
	switch name {
	case "schemas":
		return d.schemas()
	case "resources":
		return d.elements()
	}
	raw, err := d.in.ReadValue()
	if err != nil {
		return d.failure(err)
	}
	switch name {
	case "totalresults":
		n, ok := clientNumber(raw)
		if !ok || d.total >= 0 {
			return errClientTotal
		}
		d.total = n
	case "startindex":
		d.start, _ = clientNumber(raw)
	case "nextcursor":
		d.next = clientText(raw)
	case "previouscursor":
		d.previous = clientText(raw)
	}
	return nil
}

// schemas takes a list without schemas, as older service providers answer,
// but not one of something else, such as an error with status 200.
func (d *clientListDecoder) schemas() error {
	raw, err := d.in.ReadValue()
	if err != nil {
		return d.failure(err)
	}
	in := jsontext.NewDecoder(bytes.NewReader(raw))
	named := false
	for {
		token, err := in.ReadToken()
		if err != nil {
			break
		}
		if token.Kind() != '"' {
			continue
		}
		named = true
		if foldASCII(token.String()) == foldASCII(messageList) {
			return nil
		}
	}
	if named {
		return errClientSchemas
	}
	return nil
}

func (d *clientListDecoder) elements() error {
	if d.found {
		return errClientTwice
	}
	switch d.in.PeekKind() {
	case 'n':
		_, err := d.in.ReadToken()
		return err
	case '[':
	default:
		return errClientElements
	}
	d.found = true
	if _, err := d.in.ReadToken(); err != nil {
		return d.failure(err)
	}
	for d.in.PeekKind() == '{' {
		raw, err := d.in.ReadValue()
		if err != nil {
			return d.failure(err)
		}
		r, err := endpointDecode(d.typ, raw)
		if err != nil {
			return fmt.Errorf("resource %d of the page: %w", len(d.resources)+1, err)
		}
		d.resources = append(d.resources, r)
	}
	kind := d.in.PeekKind()
	if kind != ']' && kind != 0 {
		return errClientElements
	}
	if _, err := d.in.ReadToken(); err != nil {
		return d.failure(err)
	}
	return nil
}

// failure keeps the text of the JSON away, which quotes the answer.
func (d *clientListDecoder) failure(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errClientEarly
	case errors.Is(err, jsontext.ErrDuplicateName):
		return errClientTwice
	case errors.As(err, &syntax):
		return fmt.Errorf("the JSON is malformed at byte %d", syntax.ByteOffset)
	}
	return err
}

// clientText reads a text; "" for any other value.
func clientText(raw jsontext.Value) string {
	if raw.Kind() != '"' {
		return ""
	}
	b, _ := jsontext.AppendUnquote(nil, raw)
	return string(b)
}

// clientNumber reads a whole number, also one in quotes.
func clientNumber(raw jsontext.Value) (int, bool) {
	text := string(raw)
	if raw.Kind() == '"' {
		b, _ := jsontext.AppendUnquote(nil, raw)
		text = string(b)
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && n <= 1<<31-1
}
