package scim

import (
	"context"
	"net/http"
	"net/url"
)

// BulkOperation is one operation of [Client.Bulk]. [Endpoint.BulkCreate],
// [Endpoint.BulkReplace], [Endpoint.BulkPatch] and [Endpoint.BulkDelete] make
// it; what is wrong with their arguments is the operation's error there.
type BulkOperation struct {
	endpoint *Endpoint[*Resource]
	method   string
	id       string // of the resource, or a reference to one; "" for a create
	bulkID   string
	version  string
	body     []byte // nil for none
	patch    *Patch // what body was made of
	err      error
}

// BulkOptions are the optional parts of [Client.Bulk].
type BulkOptions struct {
	// FailOnErrors is after how many failed operations the job ends (RFC 7644
	// section 3.7.3); 0: every operation is tried. Operations that run in one
	// request after that many failures are up to the service provider.
	FailOnErrors int
}

// BulkResult is what became of one operation.
type BulkResult struct {
	ID       string    // of the resource; "" if it was not made
	Version  string    // of the resource afterwards, if the service provider said it
	Status   int       // HTTP status of the operation; 0: none came
	Resource *Resource // nil if the service provider did not return it
	Err      error     // nil if the operation was done; see [SafeToRetry]
}

// BulkRef returns the text that stands for the id of the resource that the
// operation with a bulkId creates, in the values of other operations and as
// the id of a later one (RFC 7644 section 3.7.2).
func BulkRef(bulkID string) string { return clientBulkPrefix + bulkID }

const clientBulkPrefix = "bulkId:"

// BulkCreate returns the operation that creates v, as [Endpoint.Create] does.
// Within a job a bulkId names one operation; "" if nothing refers to it.
func (e *Endpoint[T]) BulkCreate(bulkID string, v T) BulkOperation {
	op, err := e.operation(http.MethodPost, "", nil)
	if err == nil {
		var r *Resource
		if r, err = e.outgoing(v); err == nil {
			op.bulkID, op.body = bulkID, endpointBody(r, e.create)
		}
	}
	op.err = err
	return op
}

// BulkReplace returns the operation that [Endpoint.Replace] does.
func (e *Endpoint[T]) BulkReplace(id string, v T, o *WriteOptions) BulkOperation {
	op, err := e.operation(http.MethodPut, id, o)
	if err == nil {
		op.body, err = e.replacement(id, v)
	}
	op.err = err
	return op
}

// BulkPatch returns the operation that [Endpoint.Patch] does.
func (e *Endpoint[T]) BulkPatch(id string, p *Patch, o *WriteOptions) BulkOperation {
	op, err := e.operation(http.MethodPatch, id, o)
	if err == nil {
		err = p.check()
	}
	if err == nil {
		op.patch = p
		if e.client.profile.Patch == PatchEntra {
			op.patch = p.Entra()
		}
		op.body = op.patch.AppendJSON(nil)
	}
	op.err = err
	return op
}

// BulkDelete returns the operation that [Endpoint.Delete] does.
func (e *Endpoint[T]) BulkDelete(id string, o *WriteOptions) BulkOperation {
	op, err := e.operation(http.MethodDelete, id, o)
	op.err = err
	return op
}

func (e *Endpoint[T]) operation(method, id string, o *WriteOptions) (BulkOperation, error) {
	op := BulkOperation{method: method, id: id, version: o.ifMatch()}
	if err := e.ready(); err != nil {
		return op, err
	}
	op.endpoint = e.client.Resources(e.typ)
	if method == http.MethodPost {
		return op, nil
	}
	_, err := e.at(id)
	return op, err
}

// path returns where the operation goes, below the root.
func (op *BulkOperation) path(id string) string {
	if op.method == http.MethodPost {
		return op.endpoint.path
	}
	return op.endpoint.path + "/" + url.PathEscape(id)
}

// repeatable reports whether doing the operation twice has no other effect.
func (op *BulkOperation) repeatable() bool {
	return op.method == http.MethodPut || op.method == http.MethodDelete || op.method == http.MethodPatch && op.version != ""
}

// Bulk does operations in as few requests as the service provider's limits allow
// (RFC 7644 section 3.7), and returns what became of each, in their order.
// Failed operations do not stop the others: look at each result's Err. The
// error is that of a request that failed as a whole; the operations that were
// in it have it too, and those after it were not sent.
//
// An operation is sent after those that create what it refers to, else in the
// order given. One whose reference was not created fails without being sent.
// Operations that refer to each other in a circle go in one request.
//
// Without Bulk, which the service provider is asked once, and for profiles
// whose changes need a look at the resource first, the operations are sent
// one by one; then a circle cannot be resolved and fails. So is an operation
// that is larger than the service provider takes in bulk.
func (c *Client) Bulk(ctx context.Context, ops []BulkOperation, o *BulkOptions) ([]BulkResult, error) {
	features, err := c.features(ctx)
	if err != nil {
		return nil, err
	}
	j := newBulkJob(c, ops)
	if o != nil {
		j.failOnErrors = o.FailOnErrors
	}
	form := c.profile.Patch
	single := !features.bulk.Supported || !features.patch && form == PatchAuto || form == PatchByPut || c.profile.WholeMembers
	j.maxOperations, j.maxBytes = clientBulkLimits(features.bulk)
	err = j.run(ctx, single)
	return j.results, err
}

// clientBulkLimits returns the limits of one request, with defaults for those that
// are not said.
func clientBulkLimits(b BulkSupport) (operations int, bytes int64) {
	operations, bytes = b.MaxOperations, b.MaxPayloadSize
	setDefault(&operations, 1000)
	setDefault(&bytes, 1<<20)
	return operations, bytes
}
