package scim

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// bulkMark stands before a bulkId that is used as an id (RFC 7644 section
// 3.7.2).
const bulkMark = "bulkId:"

// locateTarget returns what an operation's path names, as the URL of a single
// request would.
func (j *bulkJob) locateTarget(op *bulkOperation) (Ref, error) {
	path, rooted := strings.CutPrefix(op.path, "/")
	if !rooted && !j.tolerant || strings.ContainsAny(path, "?#") {
		return Ref{}, invalidPath("path", "the path begins with a slash and has no query")
	}
	endpoint, id, below := strings.Cut(strings.TrimSuffix(path, "/"), "/")
	if foldASCII(path) == "me" && op.method != http.MethodPost {
		if ref, ok := j.own(); ok {
			return ref, nil
		}
		return Ref{}, &Error{Kind: KindUnknown, Status: http.StatusNotImplemented, Path: "path", Detail: "no resource belongs to the authenticated subject"}
	}
	if foldASCII(endpoint) == "bulk" || id == ".search" || endpoint == ".search" {
		return Ref{}, invalidPath("path", "an operation creates, changes or deletes a resource and is nothing else")
	}
	for _, t := range j.types {
		if !strings.EqualFold("/"+endpoint, t.endpoint) {
			continue
		}
		if below == (op.method == http.MethodPost) {
			return Ref{}, &Error{Kind: KindMethodNotAllowed, Path: "path", Detail: "POST takes an endpoint, the other methods take a resource"}
		}
		id, err := j.idIn(id)
		return Ref{t, id}, err
	}
	return Ref{}, &Error{Kind: KindNotFound, Path: "path", Detail: "there is no such endpoint; see /ResourceTypes"}
}

// idIn reads an id in a path, which may be a bulkId.
func (j *bulkJob) idIn(segment string) (string, error) {
	id, err := url.PathUnescape(segment)
	if err != nil || strings.Contains(segment, "/") {
		return "", &Error{Kind: KindNotFound, Path: "path", Detail: "there is no such resource"}
	}
	if name, ok := strings.CutPrefix(id, bulkMark); ok {
		return j.resolve(name)
	}
	return id, nil
}

// refer finds what each operation refers to.
func (j *bulkJob) refer() {
	for i := range j.ops {
		op := &j.ops[i]
		if op.err != nil {
			continue
		}
		note := func(name string) (string, error) {
			at, ok := j.made[name]
			if !ok {
				return j.resolve(name)
			}
			op.refs = append(op.refs, at)
			return "", nil
		}
		_, segment, _ := strings.Cut(strings.TrimPrefix(op.path, "/"), "/")
		if id, err := url.PathUnescape(segment); err == nil && strings.HasPrefix(id, bulkMark) && op.method != http.MethodPost {
			_, op.err = note(id[len(bulkMark):])
		}
		if op.err == nil && op.method != http.MethodDelete {
			_, op.err = replaceBulkIDs(op.data, op.method == http.MethodPatch, note)
		}
		slices.Sort(op.refs)
		op.refs = slices.Compact(op.refs)
	}
}

// refersTo reports whether an operation refers to what another one makes.
func (j *bulkJob) refersTo(i, to int) bool {
	_, found := slices.BinarySearch(j.ops[i].refs, to)
	return found
}

// replaceBulkIDs replaces the references in the data of an operation: each
// text that is "bulkId:" and a bulkId, a "$ref" that ends with "/" and that,
// and, in the path of a PATCH operation, such a text in quotes.
func replaceBulkIDs(data []byte, patch bool, resolve func(name string) (string, error)) ([]byte, error) {
	text := string(data)
	if !strings.Contains(text, bulkMark) && !strings.Contains(text, `\`) {
		return data, nil
	}
	in := jsontext.NewDecoder(strings.NewReader(text))
	var out []byte
	copied := 0
	member := ""
	for in.PeekKind() != 0 {
		if kind := in.PeekKind(); kind != '"' {
			if _, err := in.ReadToken(); err != nil {
				return nil, invalidSyntax("the JSON is malformed")
			}
			continue
		}
		around, length := in.StackIndex(in.StackDepth())
		raw, err := in.ReadValue()
		if err != nil {
			return nil, invalidSyntax("the JSON is malformed")
		}
		old := unquoted(raw)
		if around == '{' && length%2 == 0 {
			member = foldASCII(old)
			continue
		}
		replaced, err := replaceBulkID(old, member, patch, resolve)
		if err != nil {
			return nil, err
		}
		if replaced == old {
			continue
		}
		end := int(in.InputOffset())
		out = append(out, text[copied:end-len(raw)]...)
		if out, err = jsontext.AppendQuote(out, replaced); err != nil {
			return nil, invalidSyntax("the JSON is not valid UTF-8")
		}
		copied = end
	}
	if copied == 0 {
		return data, nil
	}
	return append(out, text[copied:]...), nil
}

// replaceBulkID replaces the reference in one text, the value of a member.
func replaceBulkID(text, member string, patch bool, resolve func(string) (string, error)) (string, error) {
	if name, ok := strings.CutPrefix(text, bulkMark); ok {
		return resolve(name)
	}
	if i := strings.LastIndex(text, "/"+bulkMark); i >= 0 && member == "$ref" {
		id, err := resolve(text[i+1+len(bulkMark):])
		return text[:i+1] + id, err
	}
	if patch && member == "path" {
		return replaceInPath(text, resolve)
	}
	return text, nil
}

// replaceInPath replaces the references in the filter of an attribute path.
func replaceInPath(path string, resolve func(string) (string, error)) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(path, `"`+bulkMark)
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		quoted := `"` + rest
		end := closingQuote(quoted)
		if end < 0 {
			return "", invalidPath("path", "a text in the path does not end")
		}
		id, err := resolve(unquoted([]byte(quoted[:end+1])))
		if err != nil {
			return "", err
		}
		value, err := jsontext.AppendQuote(nil, id)
		if err != nil {
			return "", invalidSyntax("an id is not valid UTF-8")
		}
		out.Write(value)
		path = quoted[end+1:]
	}
}

// closingQuote returns where a quoted text ends, -1 if it does not.
func closingQuote(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// bulkOrder finds the order of operations: the circles among them by Tarjan's
// algorithm, which yields what others refer to before them.
type bulkOrder struct {
	ops    []bulkOperation
	index  []int // when an operation was first seen, from 1; 0: not yet
	low    []int
	onPath []bool
	path   []int
	groups []bulkGroup
	last   []int // by operation: the last position that its group waits for
}

type bulkGroup struct {
	members []int
	last    int
}

// order returns the operations in the order in which they are done, those
// that refer to each other in a circle together. It is the order of the
// request, but that an operation waits for what it refers to.
func (j *bulkJob) order() [][]int {
	n := len(j.ops)
	o := &bulkOrder{ops: j.ops, index: make([]int, n), low: make([]int, n), onPath: make([]bool, n), last: make([]int, n)}
	seen := 0
	for i := range j.ops {
		if o.index[i] == 0 {
			o.visit(i, &seen)
		}
	}
	slices.SortStableFunc(o.groups, func(a, b bulkGroup) int { return cmp.Compare(a.last, b.last) })
	out := make([][]int, len(o.groups))
	for i, g := range o.groups {
		out[i] = g.members
	}
	return out
}

func (o *bulkOrder) visit(i int, seen *int) {
	*seen++
	o.index[i], o.low[i] = *seen, *seen
	o.path, o.onPath[i] = append(o.path, i), true
	for _, to := range o.ops[i].refs {
		if o.index[to] == 0 {
			o.visit(to, seen)
			o.low[i] = min(o.low[i], o.low[to])
		} else if o.onPath[to] {
			o.low[i] = min(o.low[i], o.index[to])
		}
	}
	if o.low[i] == o.index[i] {
		o.group(i)
	}
}

// group takes a group off the path, of which root was seen first.
func (o *bulkOrder) group(root int) {
	at := len(o.path) - 1
	for o.path[at] != root {
		at--
	}
	g := bulkGroup{members: slices.Clone(o.path[at:]), last: -1}
	o.path = o.path[:at]
	slices.Sort(g.members)
	for _, i := range g.members {
		o.onPath[i] = false
		g.last = max(g.last, i)
		for _, to := range o.ops[i].refs {
			g.last = max(g.last, o.last[to])
		}
	}
	for _, i := range g.members {
		o.last[i] = g.last
	}
	o.groups = append(o.groups, g)
}
