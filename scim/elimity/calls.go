package elimity

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"

	elimity "github.com/elimity-com/scim"
	elimityerrors "github.com/elimity-com/scim/errors"
)

// handler is a resource handler of elimity's, called so that it need not be
// safe for concurrent use: writes one at a time, reads beside reads. What
// goes in and comes out is copied, because handlers answer with their own
// maps and elimity's server writes into them.
type handler struct {
	elimity.ResourceHandler
	mu *sync.RWMutex // one for all handlers of a server: they share tables

	// faults gets errors that are not a ScimError, which elimity's server
	// would answer with their text.
	faults func(*http.Request, error)
}

// answerable returns an error that elimity's server may answer.
func (h handler) answerable(r *http.Request, err error) error {
	var theirs elimityerrors.ScimError
	var pointer *elimityerrors.ScimError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &theirs):
		return theirs // their server knows it only if it is not wrapped
	case errors.As(err, &pointer):
		return *pointer
	}
	h.faults(r, err)
	return elimityerrors.ScimErrorInternal
}

func (h handler) Create(r *http.Request, in elimity.ResourceAttributes) (out elimity.Resource, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	out, err = h.own(guardResource(func() (elimity.Resource, error) { return h.ResourceHandler.Create(r, copyMap(in)) }))
	return out, h.answerable(r, err)
}

func (h handler) Get(r *http.Request, id string) (elimity.Resource, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	out, err := h.get(r, id)
	return out, h.answerable(r, err)
}

// get is Get under a lock that the caller holds.
func (h handler) get(r *http.Request, id string) (elimity.Resource, error) {
	return h.own(guardResource(func() (elimity.Resource, error) { return h.ResourceHandler.Get(r, id) }))
}

func (h handler) GetAll(r *http.Request, params elimity.ListRequestParams) (elimity.Page, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	page, err := h.getAll(r, params)
	if panicked(err) && params.FilterValidator != nil {
		// Elimity's validator panics on comparisons of complex attributes.
		h.faults(r, err)
		return page, elimityerrors.ScimErrorInvalidFilter
	}
	return page, h.answerable(r, err)
}

// getAll is GetAll under a lock that the caller holds.
func (h handler) getAll(r *http.Request, params elimity.ListRequestParams) (page elimity.Page, err error) {
	if err = guard(func() error { page, err = h.ResourceHandler.GetAll(r, params); return err }); err != nil {
		return elimity.Page{}, err
	}
	own := make([]elimity.Resource, len(page.Resources)) // nil would be answered as null
	for i, res := range page.Resources {
		res.Attributes = copyMap(res.Attributes)
		own[i] = res
	}
	page.Resources = own
	return page, nil
}

func (h handler) Replace(r *http.Request, id string, in elimity.ResourceAttributes) (elimity.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	out, err := h.replace(r, id, in)
	return out, h.answerable(r, err)
}

// replace is Replace under a lock that the caller holds.
func (h handler) replace(r *http.Request, id string, in elimity.ResourceAttributes) (elimity.Resource, error) {
	return h.own(guardResource(func() (elimity.Resource, error) { return h.ResourceHandler.Replace(r, id, copyMap(in)) }))
}

func (h handler) Patch(r *http.Request, id string, ops []elimity.PatchOperation) (elimity.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	own := make([]elimity.PatchOperation, len(ops))
	for i, op := range ops {
		op.Value = copyValue(op.Value)
		own[i] = op
	}
	out, err := h.own(guardResource(func() (elimity.Resource, error) { return h.ResourceHandler.Patch(r, id, own) }))
	return out, h.answerable(r, err)
}

func (h handler) Delete(r *http.Request, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.answerable(r, h.delete(r, id))
}

// delete is Delete under a lock that the caller holds.
func (h handler) delete(r *http.Request, id string) error {
	return guard(func() error { return h.ResourceHandler.Delete(r, id) })
}

func (h handler) own(res elimity.Resource, err error) (elimity.Resource, error) {
	res.Attributes = copyMap(res.Attributes)
	return res, err
}

func guardResource(call func() (elimity.Resource, error)) (res elimity.Resource, err error) {
	err = guard(func() error { res, err = call(); return err })
	return res, err
}

func copyMap(m elimity.ResourceAttributes) elimity.ResourceAttributes {
	if m == nil {
		return nil
	}
	return copyValue(map[string]any(m)).(map[string]any)
}

// copyValue copies what JSON has; anything else, which a handler made itself,
// is taken as it is.
func copyValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name := range v {
			out[name] = copyValue(v[name])
		}
		return out
	case elimity.ResourceAttributes:
		return copyValue(map[string]any(v))
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = copyValue(v[i])
		}
		return out
	case []map[string]any:
		out := make([]map[string]any, len(v))
		for i := range v {
			out[i] = copyValue(v[i]).(map[string]any)
		}
		return out
	}
	return v
}

type requestKey struct{}

// Requests returns next with each request in its context, so that the
// handlers behind a [Store] get the request that came, with its headers. It
// goes around the [scim.Server]. Without it they get one that has only the
// method, the path and the context.
func Requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, r)))
	})
}

// request returns the request of a call.
func request(ctx context.Context, method, path string) *http.Request {
	if r, ok := ctx.Value(requestKey{}).(*http.Request); ok {
		return r.WithContext(ctx)
	}
	return (&http.Request{
		Method: method, URL: &url.URL{Path: path}, Header: http.Header{}, Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
}
