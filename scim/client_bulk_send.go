package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// run sends the operations. It returns the error of the first request that
// failed as a whole.
func (j *clientBulkJob) run(ctx context.Context, single bool) error {
	var failed error
	var chunk [][]int // groups of operations for one request
	n, size := 0, int64(0)
	flush := func() {
		if len(chunk) > 0 && failed == nil {
			failed = j.send(ctx, chunk)
		}
		chunk, n, size = nil, 0, 0
	}
	for _, group := range j.order() {
		bytes := j.size(group)
		large := len(group) > j.maxOperations || bytes+clientBulkEnvelope > j.maxBytes
		if single || large {
			flush()
			if failed == nil {
				failed = j.alone(ctx, group)
			}
			continue
		}
		// Not every service provider takes a reference in a path.
		inPath := strings.HasPrefix(j.ops[group[0]].id, clientBulkPrefix) && j.results[j.needs[group[0]][0]].Status == 0
		if inPath || n+len(group) > j.maxOperations || size+bytes+clientBulkEnvelope > j.maxBytes {
			flush()
		}
		chunk, n, size = append(chunk, group), n+len(group), size+bytes
	}
	flush()
	for i, r := range j.results {
		if r.Err == nil && r.Status == 0 {
			j.results[i].Err = &Error{Kind: KindUnavailable, Detail: "the operation was not sent, because the job ended before it", unsent: true}
		}
	}
	return failed
}

// clientBulkEnvelope is more than what a request has around its operations.
const clientBulkEnvelope = 200

// size returns at least how many bytes a group takes. A reference becomes an
// id, which can be longer.
func (j *clientBulkJob) size(group []int) int64 {
	n := 0
	for _, i := range group {
		if j.results[i].Err == nil {
			n += len(j.appendOperation(nil, i)) + 1 + 64*len(j.needs[i])
		}
	}
	return int64(n)
}

// enough reports whether so many operations failed that the job ends.
func (j *clientBulkJob) enough() bool { return j.failOnErrors > 0 && j.failures() >= j.failOnErrors }

func (j *clientBulkJob) failures() (n int) {
	for _, r := range j.results {
		if r.Err != nil {
			n++
		}
	}
	return n
}

// send sends groups of operations in one request, and in two halves if that
// is more than the service provider takes.
func (j *clientBulkJob) send(ctx context.Context, groups [][]int) error {
	if j.enough() {
		return nil
	}
	req := &clientRequest{method: http.MethodPost, path: "/Bulk", again: true}
	req.body = append(req.body, `{"schemas":["`+messageBulk+`"],`...)
	if j.failOnErrors > 0 {
		req.body = append(req.body, fmt.Sprintf(`"failOnErrors":%d,`, j.failOnErrors-j.failures())...)
	}
	req.body = append(req.body, `"Operations":[`...)
	var sent []int
	for _, group := range groups {
		for _, i := range group {
			if j.blocked(i) {
				continue
			}
			if len(sent) > 0 {
				req.body = append(req.body, ',')
			}
			req.body = j.appendOperation(req.body, i)
			req.again = req.again && j.ops[i].repeatable()
			sent = append(sent, i)
		}
	}
	if len(sent) == 0 {
		return nil
	}
	req.body = append(req.body, "]}"...)
	resp, err := j.client.do(ctx, req)
	if errors.Is(err, ErrTooLarge) && IsRemote(err) && len(groups) > 1 {
		half := len(groups) / 2
		if err := j.send(ctx, groups[:half]); err != nil {
			return err
		}
		return j.send(ctx, groups[half:])
	}
	if err == nil {
		err = j.receive(resp, req, sent)
	}
	if err != nil {
		for _, i := range sent {
			j.results[i].Err = err
		}
	}
	return err
}

// clientBulkAnswer is one operation of a BulkResponse. Names are taken in any case.
type clientBulkAnswer struct {
	Method   string         `json:"method"`
	BulkID   string         `json:"bulkId"`
	Version  string         `json:"version"`
	Location string         `json:"location"`
	Status   jsontext.Value `json:"status"`
	Response jsontext.Value `json:"response"`
}

// receive gives the operations of a request their results.
func (j *clientBulkJob) receive(resp *http.Response, req *clientRequest, sent []int) error {
	body, err := clientRead(resp, req)
	if err != nil {
		return err
	}
	var answer struct {
		Schemas    []string           `json:"schemas"`
		Operations []clientBulkAnswer `json:"Operations"`
	}
	if err := json.Unmarshal(body, &answer, json.MatchCaseInsensitiveNames(true)); err != nil {
		// The text of err could quote the answer.
		return clientUnusable(resp, req, "it is not a BulkResponse", nil)
	}
	if len(answer.Schemas) > 0 && foldASCII(answer.Schemas[0]) != foldASCII(messageBulkAnswer) {
		return clientUnusable(resp, req, "its schemas do not name "+messageBulkAnswer, nil)
	}
	hidden := j.client.cred.hidden(resp.Request.Header)
	left := sent
	for _, a := range answer.Operations {
		var i int
		if i, left = j.whose(&a, left); i >= 0 {
			j.results[i] = j.result(i, &a, hidden)
		}
	}
	for _, i := range left {
		if j.enough() {
			continue // the service provider ended the job as it was told to
		}
		j.results[i].Err = clientUnusable(resp, req, "it does not say what became of the operation", nil)
	}
	return nil
}

// whose finds the operation that an answer is about and takes it out of those
// that are left; -1 if there is none.
func (j *clientBulkJob) whose(a *clientBulkAnswer, left []int) (int, []int) {
	take := func(match func(op *BulkOperation, i int) bool) int {
		for n, i := range left {
			if op := &j.ops[i]; match(op, i) {
				left = append(left[:n:n], left[n+1:]...)
				return i
			}
		}
		return -1
	}
	same := func(op *BulkOperation) bool { return a.Method == "" || strings.EqualFold(a.Method, op.method) }
	if a.BulkID != "" {
		if i := take(func(op *BulkOperation, _ int) bool { return op.bulkID == a.BulkID }); i >= 0 {
			return i, left
		}
	}
	if a.Location != "" {
		i := take(func(op *BulkOperation, i int) bool {
			return op.method != http.MethodPost && same(op) && strings.HasSuffix(a.Location, op.path(j.id(i)))
		})
		if i >= 0 {
			return i, left
		}
	}
	return take(func(op *BulkOperation, _ int) bool { return same(op) }), left
}

// result reads the answer to one operation.
func (j *clientBulkJob) result(i int, a *clientBulkAnswer, hidden []string) BulkResult {
	op := &j.ops[i]
	out := BulkResult{ID: j.id(i), Version: a.Version, Status: clientBulkStatus(a.Status)}
	req := &clientRequest{method: op.method, path: op.path(out.ID), ifMatch: op.version}
	if out.Status < 200 || out.Status > 299 {
		if a.Response.Kind() == 'n' {
			a.Response = nil
		}
		out.Err = clientRefusal(out.Status, a.Response, req, hidden)
		if op.method == http.MethodPost {
			out.ID = ""
		}
		return out
	}
	if a.Response.Kind() == '{' {
		if r, err := endpointDecode(op.endpoint.typ, a.Response); err == nil {
			out.Resource, out.ID = r, r.ID()
			if out.Version == "" {
				out.Version = r.Version()
			}
		}
	}
	if out.ID == "" {
		last := a.Location[strings.LastIndexByte(a.Location, '/')+1:]
		out.ID, _ = url.PathUnescape(last)
	}
	return out
}

// clientBulkStatus reads a status: a text, a number, or as drafts of RFC 7644 had
// it, an object with a code. 0 if it is none of them.
func clientBulkStatus(v jsontext.Value) int {
	if v.Kind() == '{' {
		fields, _ := valueMembers(v)
		v = jsontext.Value(fields.get("code"))
	}
	n, _ := clientNumber(v)
	return n
}

// alone sends the operations of a group one by one.
func (j *clientBulkJob) alone(ctx context.Context, group []int) error {
	for _, i := range group {
		switch {
		case j.blocked(i) || j.enough():
			continue
		case len(group) > 1:
			j.fail(i, "the operations refer to each other in a circle, which only one bulk request can resolve")
			continue
		}
		r := j.one(ctx, i)
		j.results[i] = r
		if r.Err != nil && !IsRemote(r.Err) && ctx.Err() != nil {
			return r.Err
		}
	}
	return nil
}

// one does an operation by a request of its own.
func (j *clientBulkJob) one(ctx context.Context, i int) BulkResult {
	op := &j.ops[i]
	id := j.id(i)
	o := &WriteOptions{IfMatch: op.version}
	body := clientBulkReferences(op.body, j.resolved)
	var r, v *Resource
	var err error
	switch op.method {
	case http.MethodPost, http.MethodPut:
		if r, err = DecodeResource(op.endpoint.typ, body); err != nil {
			return BulkResult{Err: endpointUnsent(err)}
		}
		if op.method == http.MethodPost {
			v, err = op.endpoint.Create(ctx, r)
		} else {
			v, err = op.endpoint.Replace(ctx, id, r, o)
		}
	case http.MethodPatch:
		patch := &Patch{}
		for _, p := range op.patch.Operations {
			p.Value = clientBulkReferences(p.Value, j.resolved)
			patch.Operations = append(patch.Operations, p)
		}
		v, err = op.endpoint.Patch(ctx, id, patch, o)
	case http.MethodDelete:
		err = op.endpoint.Delete(ctx, id, o)
	}
	return clientBulkSingle(op, id, v, err)
}

// clientBulkSingle makes a result of what a single request returned.
func clientBulkSingle(op *BulkOperation, id string, v *Resource, err error) BulkResult {
	out := BulkResult{ID: id, Resource: v, Err: err, Status: http.StatusNoContent}
	var e *Error
	switch {
	case errors.As(err, &e):
		out.Status = e.Status
	case v != nil:
		out.ID, out.Version, out.Status = v.ID(), v.Version(), http.StatusOK
		if op.method == http.MethodPost {
			out.Status = http.StatusCreated
		}
	}
	return out
}
