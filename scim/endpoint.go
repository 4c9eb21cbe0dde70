package scim

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Endpoint is the endpoint of one resource type at a service provider
// (RFC 7644 section 3.2). T is *[User], *[Group] or *[Resource]. It is what
// [Client.Users], [Client.Groups] and [Client.Resources] return, and safe for
// concurrent use.
//
// Errors are of type *[Error]. [IsRemote] tells whether the service provider
// refused the request, and [SafeToRetry] whether it is known to have had no
// effect. A 2xx answer that cannot be used is [ErrTransport] with that status
// in [Error.Status]: what was asked for has probably been done.
type Endpoint[T any] struct {
	client   *Client
	typ      *ResourceType
	path     string // below the base URL, escaped
	create   *mask  // what a POST holds
	replace  *mask  // what a PUT holds
	view     func(*Resource) (T, error)
	resource func(T) (*Resource, error)
}

// GetOptions are the optional parts of [Endpoint.Get]. At most one of the
// lists is given (RFC 7644 section 3.9).
type GetOptions struct {
	Attributes         []string // return only these, and those that are always returned
	ExcludedAttributes []string // do not return these, such as "members"

	// IfNoneMatch is the version that the caller has, as meta.version has it
	// (RFC 7644 section 3.14). If it still is the resource's version the error
	// is [ErrNotModified].
	IfNoneMatch string
}

// WriteOptions are the optional parts of [Endpoint.Replace],
// [Endpoint.Patch] and [Endpoint.Delete].
type WriteOptions struct {
	// IfMatch makes the write depend on the resource's version, as
	// meta.version has it (RFC 7644 section 3.14); if that is no longer the
	// version the error is [ErrPreconditionFailed]. Such a request is
	// repeated when its answer is lost, and the repetition can meet the
	// version that the first attempt made.
	IfMatch string
}

func newEndpoint[T any](c *Client, t *ResourceType, view func(*Resource) (T, error), resource func(T) (*Resource, error)) *Endpoint[T] {
	e := &Endpoint[T]{client: c, typ: t, view: view, resource: resource}
	if t == nil {
		return e
	}
	e.path = (&url.URL{Path: t.endpoint}).EscapedPath()
	writable := func(a *Attribute) bool { return a.Mutability != ReadOnly }
	e.create = &mask{bits: make([]uint64, (t.count+63)/64)}
	e.create.fill(t.root, writable)
	e.replace = &mask{bits: make([]uint64, (t.count+63)/64)}
	e.replace.fill(t.root, writable)
	e.replace.put(t.id, true)
	return e
}

// Get returns the resource of an id (RFC 7644 section 3.4.1). If there is
// none the error is [ErrNotFound].
func (e *Endpoint[T]) Get(ctx context.Context, id string, o *GetOptions) (T, error) {
	path, err := e.at(id)
	if err != nil {
		var zero T
		return zero, err
	}
	return e.get(ctx, path, o)
}

// Me returns the resource of the subject whose credential the client has, by
// the alias /Me (RFC 7644 section 3.11). A service provider without it answers
// with [KindNotFound] or [KindMethodNotAllowed].
func (e *Endpoint[T]) Me(ctx context.Context, o *GetOptions) (T, error) {
	if err := e.ready(); err != nil {
		var zero T
		return zero, err
	}
	return e.get(ctx, "/Me", o)
}

func (e *Endpoint[T]) get(ctx context.Context, path string, o *GetOptions) (T, error) {
	req := &clientRequest{method: http.MethodGet, path: path}
	if o != nil {
		query := make(url.Values)
		endpointAttributes(query, o.Attributes, o.ExcludedAttributes)
		req.query = endpointQuery(query)
		req.ifNoneMatch = o.IfNoneMatch
	}
	v, there, err := e.send(ctx, req)
	if err == nil && !there {
		err = &Error{Kind: KindTransport, Detail: "the answer to GET " + path + " is empty"}
	}
	return v, err
}

// Replace puts v in place of the resource of an id (RFC 7644 section 3.5.1)
// and returns it as the service provider keeps it: attributes that v does
// not have are removed there, so v must not be one that was read in part.
// Read-only attributes of v but the id are not sent. T is nil if the answer
// has no body.
func (e *Endpoint[T]) Replace(ctx context.Context, id string, v T, o *WriteOptions) (T, error) {
	var zero T
	path, err := e.at(id)
	if err != nil {
		return zero, err
	}
	body, err := e.replacement(id, v)
	if err != nil {
		return zero, err
	}
	req := &clientRequest{method: http.MethodPut, path: path, ifMatch: o.ifMatch(), body: body}
	v, _, err = e.send(ctx, req)
	return v, err
}

// replacement returns the body of a PUT.
func (e *Endpoint[T]) replacement(id string, v T) ([]byte, error) {
	r, err := e.outgoing(v)
	if err != nil {
		return nil, err
	}
	switch r.ID() {
	case id:
	case "":
		r = r.Clone()
		r.setID(id)
	default:
		return nil, &Error{Kind: KindInvalidValue, Path: "id", Detail: "the resource has another id than the one to replace", unsent: true}
	}
	return endpointBody(r, e.replace), nil
}

// Delete removes a resource (RFC 7644 section 3.6). If there is none the
// error is [ErrNotFound]; so it is when the answer of a first attempt was
// lost.
func (e *Endpoint[T]) Delete(ctx context.Context, id string, o *WriteOptions) error {
	path, err := e.at(id)
	if err != nil {
		return err
	}
	resp, err := e.client.do(ctx, &clientRequest{method: http.MethodDelete, path: path, ifMatch: o.ifMatch()})
	if err != nil {
		return err
	}
	clientDrain(resp.Body)
	return nil
}

func (o *WriteOptions) ifMatch() string {
	if o == nil {
		return ""
	}
	return o.IfMatch
}

// ready makes the zero Endpoint and one of a nil resource type safe.
func (e *Endpoint[T]) ready() error {
	if e == nil || e.client == nil || e.typ == nil {
		return &Error{Kind: KindInvalidOption, Detail: "the endpoint has no client or no resource type", unsent: true}
	}
	return nil
}

// at returns the path of a resource. An id that would make it another path
// is refused.
func (e *Endpoint[T]) at(id string) (string, error) {
	if err := e.ready(); err != nil {
		return "", err
	}
	if id == "" || id == "." || id == ".." {
		return "", &Error{Kind: KindInvalidValue, Path: "id", Detail: "the id is empty or a dot segment, so it names no resource", unsent: true}
	}
	return e.path + "/" + url.PathEscape(id), nil
}

// outgoing returns the resource to send.
func (e *Endpoint[T]) outgoing(v T) (*Resource, error) {
	r, err := e.resource(v)
	if err != nil {
		return nil, err
	}
	if r.typ == nil || r.typ.name != e.typ.name {
		return nil, &Error{Kind: KindInvalidValue, Detail: "the resource is not a " + e.typ.name, unsent: true}
	}
	if r.tree(); r.err != nil {
		return nil, &Error{Kind: KindInvalidValue, Detail: "the stored form of the resource cannot be read", unsent: true, cause: r.err}
	}
	if r.typ == e.typ {
		return r, nil
	}
	// A mask fits its own resource type only.
	again, err := DecodeResource(e.typ, r.AppendJSON(nil))
	if err != nil {
		return nil, endpointUnsent(err)
	}
	return again, nil
}

func endpointUnsent(err error) error {
	if e, ok := err.(*Error); ok { //nolint:errorlint // made by this package a moment ago
		e.unsent = true
	}
	return err
}

func endpointBody(r *Resource, m *mask) []byte {
	var w writer
	w.resource(r, m, nil)
	return w.b
}

// send sends a request and reads the resource in the answer; there is false
// if the answer has no body.
func (e *Endpoint[T]) send(ctx context.Context, req *clientRequest) (v T, there bool, err error) {
	resp, err := e.client.do(ctx, req)
	if err != nil {
		return v, false, err
	}
	return e.incoming(resp, req)
}

func (e *Endpoint[T]) incoming(resp *http.Response, req *clientRequest) (v T, there bool, err error) {
	body, err := clientRead(resp, req)
	if err != nil || len(body) == 0 {
		return v, false, err
	}
	r, err := endpointDecode(e.typ, body)
	if err != nil {
		return v, false, clientUnusable(resp, req, "it is not a "+e.typ.name, err)
	}
	if version := resp.Header.Get("ETag"); version != "" && r.Version() == "" {
		r.changed().child(e.typ.meta).set(e.typ.meta.names["version"], String(version))
	}
	if v, err = e.view(r); err != nil {
		return v, false, clientUnusable(resp, req, "it is not a "+e.typ.name, endpointText(err))
	}
	return v, true, nil
}

// endpointDecode reads a resource that a service provider answered with. It
// must have an id: what has none is something else in JSON.
func endpointDecode(t *ResourceType, data []byte) (*Resource, error) {
	r, err := DecodeResource(t, data)
	switch {
	case err != nil:
		return nil, endpointText(err)
	case r.ID() == "":
		return nil, &clientQuietError{text: "it has no id"}
	}
	return r, nil
}

// endpointText keeps the text of an error only, so that errors.Is does not
// take a fault of the answer for what the service provider said of the
// request.
func endpointText(err error) error {
	return &clientQuietError{text: strings.TrimPrefix(err.Error(), "scim: ")}
}
