package scim

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// bulkJob is one bulk request on its way.
type bulkJob struct {
	*call
	ops    []bulkOperation
	failOn int               // errors after which it stops; 0: never
	made   map[string]int    // the operation that makes a resource, by its bulkId
	known  map[string]string // types of the resources it makes, by id
	errors int
}

// bulkOperation is one operation, and what became of it.
type bulkOperation struct {
	method  string
	bulkID  *string
	path    string
	version string
	data    []byte

	refs []int // operations that make what it refers to, sorted
	err  error // found while it was read

	id     string // of the resource that it makes, so far as it is decided
	target Ref
	done   bool
	status int
	etag   string
	body   []byte // of the error
}

// bulk answers POST to /Bulk (RFC 7644 section 3.7). The message is read as a
// whole before the first operation is done: what is wrong with it is answered
// with an error, what is wrong with an operation stands in its result.
func (c *call) bulk() error {
	if _, err := c.query(); err != nil { // nothing in it counts but its length
		return err
	}
	data, err := c.body()
	if err != nil {
		return err
	}
	job := &bulkJob{call: c, made: map[string]int{}, known: map[string]string{}}
	if err := job.read(data); err != nil {
		return err
	}
	job.refer()
	ctx := c.r.Context()
	for _, group := range job.order() {
		job.run(ctx, group)
		if job.failOn > 0 && job.errors >= job.failOn {
			break
		}
	}
	c.answer(http.StatusOK, job.answer())
	return nil
}

// run does the operations of a group, which refer to each other if they are
// several.
func (j *bulkJob) run(ctx context.Context, group []int) {
	op := &j.ops[group[0]]
	if len(group) > 1 || j.refersTo(group[0], group[0]) {
		j.runCircle(ctx, group)
		return
	}
	out, err := j.carryOutOne(ctx, op)
	j.conclude(ctx, op, out, err)
}

// runCircle does operations that refer to each other in a circle. All of them
// make resources, so their ids can be decided before the first is done. They
// are done all or none: a reference to what failed must not stay behind.
func (j *bulkJob) runCircle(ctx context.Context, group []int) {
	for _, i := range group {
		op := &j.ops[i]
		if op.err != nil {
			continue
		}
		var ref Ref
		if ref, op.err = j.locateTarget(op); op.err == nil {
			op.id = newID()
			j.known[op.id] = ref.Type.name
		}
	}
	outs := make([]outcome, len(group))
	failed := -1
	var failure error
	for at, i := range group {
		op := &j.ops[i]
		want := op.id
		if outs[at], failure = j.carryOutOne(ctx, op); failure == nil && op.id != want {
			// The store gives ids of its own: what refers to this one is wrong.
			failure = j.conflict("the operations refer to each other in a circle, which the store cannot make")
			outs[at].id = op.id
		}
		if failure != nil {
			failed = at
			break
		}
	}
	for at, i := range group {
		op := &j.ops[i]
		switch {
		case op.err != nil:
			j.conclude(ctx, op, outcome{}, op.err)
		case failed < 0:
			j.conclude(ctx, op, outs[at], nil)
		case at == failed:
			j.undo(ctx, op, outs[at])
			j.conclude(ctx, op, outcome{}, failure)
		default:
			j.undo(ctx, op, outs[at])
			j.conclude(ctx, op, outcome{}, j.conflict("an operation of the circle of references failed: none of it was done"))
		}
	}
}

// undo deletes what an operation of a circle made, even if the request has
// ended meanwhile.
func (j *bulkJob) undo(ctx context.Context, op *bulkOperation, out outcome) {
	delete(j.known, op.id)
	op.id, op.target.ID = "", ""
	if out.id == "" {
		return
	}
	in := &task{method: http.MethodDelete, ref: Ref{op.target.Type, out.id}}
	ctx = context.WithoutCancel(ctx)
	if _, err := j.guarded(ctx, in); err != nil && !errors.Is(err, ErrNotFound) {
		j.log.ErrorContext(ctx, "scim: a resource of a circle that failed is left behind", "type", op.target.Type.name, "id", out.id, "error", err)
	}
}

func (j *bulkJob) conflict(detail string) error {
	return &Error{Kind: KindUnknown, Status: http.StatusConflict, Detail: detail}
}

// carryOutOne does one operation, as the request that it stands for.
func (j *bulkJob) carryOutOne(ctx context.Context, op *bulkOperation) (outcome, error) {
	activity := Activity{Action: actions[op.method], InBulk: true}
	if activity.Action == "" {
		activity.Action = ActionOther
	}
	in, err := j.task(op)
	if in != nil {
		activity.Type = in.ref.Type.name
	}
	ctx, end := j.start(ctx, activity)
	var out outcome
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		out, err = j.guarded(ctx, in)
	}
	if err != nil {
		end(asError(err).status(), asError(err).Kind)
		return out, err
	}
	end(out.status, KindUnknown)
	if op.method == http.MethodPost {
		op.id = out.id
		j.known[op.id] = op.target.Type.name
	}
	op.target.ID = out.id
	return out, nil
}

// guarded carries out a task; a panic of a store or hook is a fault of this
// operation only.
func (j *bulkJob) guarded(ctx context.Context, in *task) (out outcome, err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p) // net/http's own way to end a request
		default:
			j.log.ErrorContext(ctx, "scim: panic while answering", "method", in.method, "stack", string(debug.Stack()))
			err = &Error{Kind: KindInternal}
		}
	}()
	return j.carryOut(ctx, in)
}

// task gives an operation the form of a request. What it refers to has been
// made, or has an id already. The task is nil if there is no endpoint for it.
func (j *bulkJob) task(op *bulkOperation) (*task, error) {
	if op.err != nil {
		return nil, op.err
	}
	ref, err := j.locateTarget(op)
	if err != nil {
		return nil, err
	}
	op.target = ref
	in := &task{method: op.method, ref: ref, data: op.data, match: op.version, types: j.known, bare: true}
	if len(op.refs) > 0 {
		in.data, err = replaceBulkIDs(op.data, op.method == http.MethodPatch, j.resolve)
	}
	if op.method == http.MethodPost {
		in.ref.ID = op.id // decided for circles only
	}
	return in, err
}

// resolve returns the id of the resource that stands behind a bulkId.
func (j *bulkJob) resolve(name string) (string, error) {
	i, ok := j.made[name]
	if !ok {
		return "", &Error{Kind: KindInvalidValue, Detail: "there is a reference to a bulkId that no POST of the request has"}
	}
	if j.ops[i].id == "" {
		return "", j.conflict("the operation that makes what this one refers to failed")
	}
	return j.ops[i].id, nil
}

// conclude keeps the result of an operation.
func (j *bulkJob) conclude(ctx context.Context, op *bulkOperation, out outcome, err error) {
	op.done = true
	if err == nil {
		op.status, op.etag = out.status, out.version
		return
	}
	j.errors++
	op.status, op.body = j.explain(ctx, op.method, err)
}

// answer writes the message with the results, in the order of the request.
func (j *bulkJob) answer() []byte {
	b := make([]byte, 0, 100+200*len(j.ops))
	b = append(b, `{"schemas":["`+messageBulkAnswer+`"],"Operations":[`...)
	first := true
	for i := range j.ops {
		op := &j.ops[i]
		if !op.done {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = j.result(b, op)
	}
	return append(b, "]}"...)
}

// result writes one result (RFC 7644 section 3.7.3).
func (j *bulkJob) result(b []byte, op *bulkOperation) []byte {
	b = append(b, '{')
	text := func(name, value string) {
		b = append(b, '"')
		b = append(b, name...)
		b = append(b, `":`...)
		b, _ = jsontext.AppendQuote(b, value) // of strict JSON or our own: it is valid
		b = append(b, ',')
	}
	if op.target.Type != nil && op.target.ID != "" {
		text("location", j.location(op.target.Type, op.target.ID))
	}
	if actions[op.method] != "" {
		text("method", op.method)
	}
	if op.bulkID != nil {
		text("bulkId", *op.bulkID)
	}
	if op.etag != "" {
		text("version", op.etag)
	}
	b = append(b, `"status":"`...)
	b = strconv.AppendInt(b, int64(op.status), 10)
	b = append(b, '"')
	if op.body != nil {
		b = append(b, `,"response":`...)
		b = append(b, op.body...)
	}
	return append(b, '}')
}
