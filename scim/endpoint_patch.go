package scim

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// putAttempts is how often a patch is applied to a newer resource when the
// one that was read has been changed meanwhile.
const putAttempts = 3

// Patch changes a resource (RFC 7644 section 3.5.2): all operations or none.
// It returns the resource if the service provider answers with it (status
// 200); T is nil if it does not (status 204). A malformed path or value is an
// error before anything is sent.
//
// The form in which the change is sent is that of [Profile.Patch]; by default
// the service provider is asked once whether it has PATCH.
func (e *Endpoint[T]) Patch(ctx context.Context, id string, p *Patch, o *WriteOptions) (T, error) {
	var zero T
	path, err := e.at(id)
	if err != nil {
		return zero, err
	}
	if err := p.check(); err != nil {
		return zero, err
	}
	form := e.client.profile.Patch
	if form == PatchAuto {
		features, err := e.client.features(ctx)
		if err != nil {
			return zero, err
		}
		if form = PatchRFC; !features.patch {
			form = PatchByPut
		}
	}
	if form == PatchByPut {
		return e.patchByPut(ctx, id, p, o)
	}
	if e.client.profile.WholeMembers {
		if p, err = e.wholeMembers(ctx, id, p); err != nil {
			return zero, clientNothingDone(err)
		}
	}
	if form == PatchEntra {
		p = p.Entra()
	}
	req := &clientRequest{method: http.MethodPatch, path: path, ifMatch: o.ifMatch(), body: p.AppendJSON(nil)}
	v, _, err := e.send(ctx, req)
	return v, err
}

// check returns why a patch cannot be sent.
func (p *Patch) check() error {
	if p == nil || len(p.Operations) == 0 {
		return &Error{Kind: KindInvalidValue, Path: "Operations", Detail: "the patch has no operations", unsent: true}
	}
	for i, op := range p.Operations {
		place := "Operations[" + strconv.Itoa(i) + "]"
		if op.Path != "" {
			// The URI of an extension, which is a path too, reads as an attribute.
			if _, err := filter.ParsePath(op.Path, &filter.Options{MaxBytes: clientFilterBytes, Tolerant: true}); err != nil {
				return &Error{Kind: KindInvalidPath, Path: place, Detail: "the path is malformed", unsent: true, cause: err}
			}
		}
		if op.Value != nil && !jsontext.Value(op.Value).IsValid() {
			return &Error{Kind: KindInvalidSyntax, Path: place, Detail: "the value of the operation is not JSON", unsent: true}
		}
	}
	return nil
}

// patchByPut makes the change on this side and replaces the resource.
func (e *Endpoint[T]) patchByPut(ctx context.Context, id string, p *Patch, o *WriteOptions) (T, error) {
	var zero T
	features, err := e.client.features(ctx)
	if err != nil {
		return zero, err
	}
	for attempt := 1; ; attempt++ {
		r, err := e.read(ctx, id)
		if err != nil {
			return zero, clientNothingDone(err)
		}
		version := o.ifMatch()
		if version == "" && features.etag {
			version = r.Version()
		}
		changed, err := p.Apply(r)
		if err != nil {
			return zero, endpointUnsent(err)
		}
		if !changed {
			return e.view(r)
		}
		body := endpointBody(r, e.replace)
		v, _, err := e.send(ctx, &clientRequest{method: http.MethodPut, path: e.path + "/" + url.PathEscape(id), ifMatch: version, body: body})
		if !errors.Is(err, ErrPreconditionFailed) || o.ifMatch() != "" || attempt == putAttempts {
			return v, err
		}
	}
}

// read gets a resource without its typed view.
func (e *Endpoint[T]) read(ctx context.Context, id string) (*Resource, error) {
	raw := e.client.Resources(e.typ)
	return raw.Get(ctx, id, nil)
}

// wholeMembers returns a patch that sets all members where p adds or removes
// some.
func (e *Endpoint[T]) wholeMembers(ctx context.Context, id string, p *Patch) (*Patch, error) {
	links := e.typ.links
	if links == nil {
		return p, nil
	}
	out := &Patch{}
	for _, op := range p.Operations {
		rest, ok := e.withoutLinks(op)
		if ok {
			out.Operations = append(out.Operations, rest)
		}
	}
	if slices.EqualFunc(out.Operations, p.Operations, func(a, b Operation) bool {
		return a.Path == b.Path && string(a.Value) == string(b.Value)
	}) {
		return p, nil // it does not name them
	}
	r, err := e.read(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, err := p.Apply(r); err != nil {
		return nil, err
	}
	value := []byte("[]")
	if members := r.tree().get(links); members.kind == KindMulti {
		value = members.AppendJSON(nil)
	}
	out.Operations = append(out.Operations, Operation{Op: OpReplace, Path: links.Name, Value: value})
	return out, nil
}

// withoutLinks returns what an operation does beside changing links, and
// whether that is anything.
func (e *Endpoint[T]) withoutLinks(op Operation) (Operation, bool) {
	if op.Path != "" {
		p, err := e.typ.parsePath(op.Path, &filter.Options{MaxBytes: clientFilterBytes, Tolerant: true})
		return op, err != nil || p.chain()[0] != e.typ.links
	}
	fields, err := valueMembers(op.Value)
	if err != nil {
		return op, true
	}
	rest := slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return e.typ.root.sub(f.spelled) == e.typ.links })
	if len(rest) == len(fields) {
		return op, true
	}
	op.Value = rest.appendJSON(nil)
	return op, len(rest) > 0
}

func (l fieldList) appendJSON(b []byte) []byte {
	b = append(b, '{')
	for i, f := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b, _ = jsontext.AppendQuote(b, f.spelled)
		b = append(append(b, ':'), f.value...)
	}
	return append(b, '}')
}
