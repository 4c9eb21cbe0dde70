package scim

import (
	"bytes"
	"errors"
	"math"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// checkJSON refuses what is not one value of strict JSON (RFC 8259, with the
// rules of RFC 7493 for UTF-8, surrogates and names that are there twice), or
// is nested too deep. What it passed a [scanner] walks over without asking
// again.
func checkJSON(data []byte, depth int) error {
	valid := jsontext.Value(data).IsValid()
	// Most bodies do not have enough brackets to be too deep.
	if bytes.Count(data, []byte("{"))+bytes.Count(data, []byte("[")) > depth && nesting(data) > depth {
		return invalidSyntax("the JSON is nested deeper than %d levels", depth)
	}
	if valid {
		return nil
	}
	in := jsontext.NewDecoder(bytes.NewReader(data))
	if _, err := in.ReadValue(); err != nil {
		return jsonFailure(err)
	}
	if in.PeekKind() != 0 {
		return invalidSyntax("there is more after the end of the JSON value, at byte %d", in.InputOffset())
	}
	_, err := in.ReadToken()
	return jsonFailure(err)
}

// jsonFailure turns a JSON error into ours. Its text could hold a part of the
// input, so only the place and the class are kept.
func jsonFailure(err error) error {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return invalidSyntax("the JSON ends early")
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return invalidSyntax("the JSON object has the member %q twice, at byte %d", shown(syntax.JSONPointer.LastToken()), syntax.ByteOffset)
	case strings.Contains(err.Error(), "UTF-8") || strings.Contains(err.Error(), "surrogate"):
		return invalidSyntax("the JSON is not valid UTF-8 at byte %d", syntax.ByteOffset)
	}
	return invalidSyntax("the JSON is malformed at byte %d", syntax.ByteOffset)
}

// nesting returns how deep arrays and objects lie in JSON.
func nesting(raw []byte) int {
	depth, deepest := 0, 0
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// scanner walks over JSON that [checkJSON] passed or that this package wrote.
// Of other text it reads no more than there is, but does not find every
// mistake: it takes commas and colons for spaces.
type scanner struct {
	src string
	pos int
}

// peek returns the first byte of the next value, name or end of one; 0 at the
// end of the text.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.src); s.pos++ {
		switch c := s.src[s.pos]; c {
		case ' ', '\t', '\n', '\r', ',', ':':
		default:
			return c
		}
	}
	return 0
}

// text reads a text that peek found, with its quotes; "" if it has no end.
func (s *scanner) text() (raw string, escaped bool) {
	start := s.pos
	end := strings.IndexByte(s.src[start+1:], '"')
	if end >= 0 && strings.IndexByte(s.src[start+1:start+1+end], '\\') < 0 {
		s.pos += end + 2
		return s.src[start:s.pos], false
	}
	for i := start + 1; i < len(s.src); i++ { // to search for the quote again after each escape would cost a square
		switch s.src[i] {
		case '\\':
			i++
		case '"':
			s.pos = i + 1
			return s.src[start:s.pos], true
		}
	}
	s.pos = len(s.src)
	return "", true
}

// skip passes over the value that peek found and returns it.
func (s *scanner) skip() (raw string, ok bool) {
	start := s.pos
	switch s.src[start] {
	case '"':
		raw, _ = s.text()
		return raw, raw != ""
	case '{', '[':
		depth := 0
		for s.pos < len(s.src) {
			switch s.src[s.pos] {
			case '"':
				if raw, _ := s.text(); raw == "" {
					return "", false
				}
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					s.pos++
					return s.src[start:s.pos], true
				}
			}
			s.pos++
		}
		return "", false
	}
	for s.pos < len(s.src) && !strings.ContainsRune(" \t\n\r,:{}[]\"", rune(s.src[s.pos])) {
		s.pos++
	}
	return s.src[start:s.pos], s.pos > start
}

// name reads the name of the next member of an object; more is false at the
// object's end, which it passes over.
func (s *scanner) name() (name string, more, ok bool) {
	switch s.peek() {
	case '"':
		raw, escaped := s.text()
		if raw == "" {
			return "", false, false
		}
		return unquote(raw, escaped), true, true
	case '}':
		s.pos++
		return "", false, true
	}
	return "", false, false
}

// unquote returns what a text in quotes says: a part of it unless there are
// escapes.
func unquote(raw string, escaped bool) string {
	if !escaped {
		return raw[1 : len(raw)-1]
	}
	b, _ := jsontext.AppendUnquote(nil, raw)
	return string(b)
}

// unquoted is unquote for a text in quotes of which nothing is known.
func unquoted(quoted []byte) string {
	b, _ := jsontext.AppendUnquote(nil, quoted)
	return string(b)
}

// isNumberStart reports whether a value that begins with c is a number.
func isNumberStart(c byte) bool { return c == '-' || '0' <= c && c <= '9' }

// field is a member of a JSON object, by its name in lower case.
type field struct {
	name, spelled string
	value         string
}

type fieldList []field

// get returns the value of a member, "" if there is none.
func (l fieldList) get(name string) string {
	for i := range l {
		if l[i].name == name {
			return l[i].value
		}
	}
	return ""
}

// has reports whether there is a member that is not null.
func (l fieldList) has(name string) bool {
	value := l.get(name)
	return value != "" && value != "null"
}

// messageMembers checks a body that is a message and takes it apart.
func messageMembers(data []byte, depth int, message string) (fieldList, error) {
	if err := checkJSON(data, depth); err != nil {
		return nil, err
	}
	src := string(data)
	if s := (scanner{src: src}); s.peek() != '{' {
		return nil, invalidSyntax("the request needs %s", message)
	}
	return objectMembers(nil, src)
}

// valueMembers is messageMembers for a value of this side, of any depth.
func valueMembers(raw []byte) (fieldList, error) {
	return messageMembers(raw, math.MaxInt, "a JSON object")
}

// objectMembers takes a JSON object apart that was checked before. The members
// are appended to out, which is empty.
func objectMembers(out fieldList, raw string) (fieldList, error) {
	s := scanner{src: raw}
	if s.peek() != '{' {
		return nil, invalidSyntax("a JSON object is needed")
	}
	s.pos++
	var seen map[string]bool // of an object with many
	for {
		spelled, more, ok := s.name()
		if ok && !more {
			return out, nil
		}
		if !ok || s.peek() == 0 {
			return nil, invalidSyntax("the JSON is malformed")
		}
		name := "operations" // the one name of the messages that is written with a capital
		if spelled != "Operations" {
			name = foldASCII(spelled)
		}
		if len(out) < 16 && out.get(name) != "" || seen[name] {
			return nil, twice(spelled)
		}
		value, ok := s.skip()
		if !ok {
			return nil, invalidSyntax("the JSON is malformed")
		}
		out = append(out, field{name, spelled, value})
		if len(out) >= 16 {
			if seen == nil {
				seen = make(map[string]bool, 32)
				for i := range out {
					seen[out[i].name] = true
				}
			}
			seen[name] = true
		}
	}
}

// arrayElements takes a JSON array apart that was checked before.
func arrayElements(raw string) ([]string, error) {
	s := scanner{src: raw}
	if s.peek() != '[' {
		return nil, invalidSyntax("a JSON array is needed")
	}
	s.pos++
	var out []string
	for {
		switch s.peek() {
		case ']':
			return out, nil
		case 0:
			return nil, invalidSyntax("the JSON is malformed")
		}
		value, ok := s.skip()
		if !ok {
			return nil, invalidSyntax("the JSON is malformed")
		}
		out = append(out, value)
	}
}

func jsonText(raw string) (string, error) {
	s := scanner{src: raw}
	if raw == "" || raw[0] != '"' {
		return "", invalidSyntax("a JSON string is needed")
	}
	text, escaped := s.text()
	if len(text) != len(raw) {
		return "", invalidSyntax("a JSON string is needed")
	}
	return unquote(text, escaped), nil
}
