package scim

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// clientBulkJob is one call of [Client.Bulk].
type clientBulkJob struct {
	client        *Client
	ops           []BulkOperation
	results       []BulkResult
	needs         [][]int        // for each operation, those that create what it refers to
	creates       map[string]int // operations by bulkId
	failOnErrors  int
	maxOperations int
	maxBytes      int64
}

func newBulkJob(c *Client, ops []BulkOperation) *clientBulkJob {
	j := &clientBulkJob{
		client: c, ops: slices.Clone(ops), results: make([]BulkResult, len(ops)),
		needs: make([][]int, len(ops)), creates: map[string]int{},
	}
	for i := range j.ops {
		op := &j.ops[i]
		switch {
		case op.err != nil:
			j.results[i].Err = op.err
		case op.endpoint == nil || op.endpoint.client != c:
			j.fail(i, "the operation was made with another client, or with none")
		case op.bulkID != "" && j.named(op.bulkID):
			j.fail(i, "another operation has the same bulkId")
		case op.bulkID != "":
			j.creates[op.bulkID] = i
		}
	}
	for i := range j.ops {
		if j.results[i].Err == nil {
			j.findNeeds(i)
		}
		// A POST has to have a bulkId, also if nobody refers to it.
		for n := i; j.ops[i].method == http.MethodPost && j.ops[i].bulkID == ""; n += len(j.ops) {
			if name := "op" + strconv.Itoa(n); !j.named(name) {
				j.ops[i].bulkID, j.creates[name] = name, i
			}
		}
	}
	return j
}

func (j *clientBulkJob) named(bulkID string) bool {
	_, ok := j.creates[bulkID]
	return ok
}

// fail gives an operation that is not sent its result.
func (j *clientBulkJob) fail(i int, detail string) {
	j.results[i].Err = &Error{Kind: KindInvalidValue, Detail: detail, unsent: true}
}

func (j *clientBulkJob) findNeeds(i int) {
	note := func(ref string) string {
		at, ok := j.creates[strings.TrimPrefix(ref, clientBulkPrefix)]
		if !ok {
			j.fail(i, "the operation refers to a bulkId that no other creates")
			return ref
		}
		if at != i && !slices.Contains(j.needs[i], at) {
			j.needs[i] = append(j.needs[i], at)
		}
		return ref
	}
	if strings.HasPrefix(j.ops[i].id, clientBulkPrefix) {
		note(j.ops[i].id)
	}
	clientBulkReferences(j.ops[i].body, note)
}

// clientBulkReferences returns JSON with each text that is a reference replaced by
// what fn returns for it.
func clientBulkReferences(body []byte, fn func(ref string) string) []byte {
	if !bytes.Contains(body, []byte(clientBulkPrefix)) {
		return body
	}
	in := jsontext.NewDecoder(bytes.NewReader(body))
	var out bytes.Buffer
	enc := jsontext.NewEncoder(&out)
	for {
		token, err := in.ReadToken()
		if err != nil { // its end; it was encoded by this package
			return bytes.TrimSpace(out.Bytes())
		}
		if token.Kind() == '"' && strings.HasPrefix(token.String(), clientBulkPrefix) {
			if kind, n := in.StackIndex(in.StackDepth()); kind != '{' || n%2 == 0 { // not a member's name
				token = jsontext.String(fn(token.String()))
			}
		}
		if enc.WriteToken(token) != nil {
			return body
		}
	}
}

// order returns the operations that can be sent in groups: those that refer
// to each other in a circle together, and each group after those that it
// needs (Tarjan's strongly connected components, which come in that order).
func (j *clientBulkJob) order() [][]int {
	var groups [][]int
	var stack []int
	index := make([]int, len(j.ops)) // 0: not seen
	low := make([]int, len(j.ops))
	waiting := make([]bool, len(j.ops))
	seen := 0
	var visit func(i int)
	visit = func(i int) {
		seen++
		index[i], low[i] = seen, seen
		stack, waiting[i] = append(stack, i), true
		for _, n := range j.needs[i] {
			if index[n] == 0 {
				visit(n)
				low[i] = min(low[i], low[n])
			} else if waiting[n] {
				low[i] = min(low[i], index[n])
			}
		}
		if low[i] != index[i] {
			return
		}
		at := slices.Index(stack, i)
		group := slices.Sorted(slices.Values(stack[at:]))
		stack = stack[:at]
		for _, n := range group {
			waiting[n] = false
		}
		groups = append(groups, group)
	}
	for i := range j.ops {
		if index[i] == 0 {
			visit(i)
		}
	}
	return groups
}

// blocked reports whether an operation cannot be done any more, and gives it
// its result.
func (j *clientBulkJob) blocked(i int) bool {
	if j.results[i].Err != nil {
		return true
	}
	for _, n := range j.needs[i] {
		if j.results[n].Err != nil || j.results[n].Status != 0 && j.results[n].ID == "" {
			j.fail(i, "the operation refers to a resource that was not created")
			return true
		}
	}
	return false
}

// resolved replaces a reference by the id of what was created; one to a
// resource that was not is left.
func (j *clientBulkJob) resolved(ref string) string {
	if at, ok := j.creates[strings.TrimPrefix(ref, clientBulkPrefix)]; ok && j.results[at].ID != "" {
		return j.results[at].ID
	}
	return ref
}

func (j *clientBulkJob) id(i int) string {
	if id := j.ops[i].id; strings.HasPrefix(id, clientBulkPrefix) {
		return j.resolved(id)
	}
	return j.ops[i].id
}

// appendOperation appends an operation as a BulkRequest has it.
func (j *clientBulkJob) appendOperation(b []byte, i int) []byte {
	op := &j.ops[i]
	text := func(b []byte, name, value string) []byte {
		b = append(append(b, name...), ':')
		b, _ = jsontext.AppendQuote(b, strings.ToValidUTF8(value, "\uFFFD"))
		return b
	}
	b = text(b, `{"method"`, op.method)
	b = text(b, `,"path"`, op.path(j.id(i)))
	if op.bulkID != "" {
		b = text(b, `,"bulkId"`, op.bulkID)
	}
	if op.version != "" {
		b = text(b, `,"version"`, op.version)
	}
	if op.body != nil {
		b = append(append(b, `,"data":`...), clientBulkReferences(op.body, j.resolved)...)
	}
	return append(b, '}')
}
