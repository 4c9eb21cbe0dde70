package scim

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/internal/httpx"
)

// Create makes a resource (RFC 7644 section 3.3) and returns it as the
// service provider keeps it, with its id. Read-only attributes of v are not
// sent. A value that is in use is [ErrUniqueness].
//
// A POST is never simply repeated. After a failure that leaves open whether
// the resource was made (a lost connection, a timeout, a 5xx) the service
// provider is asked for a resource with the same value of the first unique
// attribute that v has, such as userName, or else of externalId. If it was
// made by this call it is returned; if there is none, the POST is sent again.
// If that does not settle it the error of the POST is returned, for which
// [SafeToRetry] is false: look the resource up before the next attempt.
//
// A resource that is found was made by this call if it has the externalId
// that was sent, or where v has none, if meta.created lies within the call.
//
// If the answer names the new resource without showing it, it is fetched.
func (e *Endpoint[T]) Create(ctx context.Context, v T) (T, error) {
	var zero T
	if err := e.ready(); err != nil {
		return zero, err
	}
	r, err := e.outgoing(v)
	if err != nil {
		return zero, err
	}
	req := &clientRequest{method: http.MethodPost, path: e.path, body: endpointBody(r, e.create)}
	search := createSearch{resource: r, begun: time.Now()}
	unclear := false // whether an attempt before this one may have worked
	for attempt := 1; ; attempt++ {
		created, err := e.post(ctx, req)
		switch {
		case err == nil:
			return created, nil
		case createUnclear(err):
			unclear = true
		case !unclear || !errors.Is(err, ErrUniqueness):
			return zero, err
		}
		if search.filter() == "" || !e.client.http.Again(ctx, attempt, err) {
			return zero, err
		}
		if found, ok := e.settle(ctx, &search); ok {
			return found, nil
		}
		if !search.absent || errors.Is(err, ErrUniqueness) || attempt >= e.client.http.MaxAttempts() {
			return zero, err
		}
	}
}

// createUnclear reports whether the resource may have been made all the same.
// An answer with status 2xx says that it was.
func createUnclear(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.unsent || SafeToRetry(err) || errors.Is(err, httpx.ErrRedirect) {
		return false
	}
	return e.Status >= 500 && e.Status != http.StatusNotImplemented || e.Kind == KindTransport && (e.Status < 200 || e.Status == http.StatusRequestTimeout)
}

// createSearch is the search for a resource that may have been made.
type createSearch struct {
	resource *Resource // as it was sent
	begun    time.Time
	absent   bool // the last answer was that there is none
}

// filter selects the resource; "" if it has nothing to be found by.
func (s *createSearch) filter() string {
	for _, p := range s.resource.typ.unique {
		if v := p.Get(s.resource); p.attr != s.resource.typ.id && v.kind == KindText && v.text != "" {
			return FilterEq(p.text, v.text)
		}
	}
	if id := s.resource.ExternalID(); id != "" {
		return FilterEq("externalId", id)
	}
	return ""
}

// settle looks for the resource and returns it if this call made it.
func (e *Endpoint[T]) settle(ctx context.Context, s *createSearch) (v T, ok bool) {
	s.absent = false
	text := s.filter()
	f, err := e.typ.ParseFilter(text)
	if err != nil {
		return v, false
	}
	answer, err := e.page(ctx, &ListOptions{Filter: text})
	if err != nil {
		return v, false
	}
	s.absent = len(answer.resources) == 0 && answer.total <= 0
	if len(answer.resources) != 1 || !f.Match(answer.resources[0], nil) || !s.made(answer) {
		return v, false
	}
	v, err = e.view(answer.resources[0])
	return v, err == nil
}

// made reports whether this call made the one resource of an answer.
func (s *createSearch) made(answer *clientList) bool {
	found := answer.resources[0]
	if sent := s.resource.ExternalID(); sent != "" {
		return found.ExternalID() == sent
	}
	created := timeOf(found, "created")
	if created.IsZero() || answer.date.IsZero() {
		return false
	}
	// Both times are the service provider's; an HTTP date has whole seconds.
	return !created.Before(answer.date.Add(-time.Since(s.begun) - 2*time.Second))
}

// post sends a create once.
func (e *Endpoint[T]) post(ctx context.Context, req *clientRequest) (T, error) {
	var zero T
	resp, err := e.client.do(ctx, req)
	if err != nil {
		return zero, err
	}
	created, there, err := e.incoming(resp, req)
	if err != nil || there {
		return created, err
	}
	id, ok := e.locationID(resp)
	if !ok {
		return zero, clientUnusable(resp, req, "it has neither a body nor the Location of the new resource", nil)
	}
	created, err = e.Get(ctx, id, nil)
	if err != nil { // its kind is not that of the create, which was done
		return zero, clientUnusable(resp, req, "the new resource could not be fetched", endpointText(err))
	}
	return created, nil
}

// locationID returns the id in the Location of an answer to a create, if that
// lies below the endpoint.
func (e *Endpoint[T]) locationID(resp *http.Response) (string, bool) {
	to, err := resp.Location()
	if err != nil || to.Host != resp.Request.URL.Host {
		return "", false
	}
	last, ok := strings.CutPrefix(to.EscapedPath(), resp.Request.URL.EscapedPath()+"/")
	if !ok || last == "" || strings.Contains(last, "/") {
		return "", false
	}
	id, err := url.PathUnescape(last)
	return id, err == nil
}
