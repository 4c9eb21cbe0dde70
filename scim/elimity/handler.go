package elimity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	elimity "github.com/elimity-com/scim"
	elimityerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"

	"github.com/zohoscim/zohoscim/scim"
)

// NewHandler returns a store as a resource handler for elimity's server, for
// services that keep that server. Requests go through a [scim.Server], so
// that its rules hold behind elimity's own.
//
// Elimity's server authenticates nobody: put a [Guard] in front, or a
// middleware that calls [scim.WithSubject] where requests have a scope.
func NewHandler(store scim.Store, t *scim.ResourceType) (elimity.ResourceHandler, error) {
	if t == nil {
		return nil, &scim.Error{Kind: scim.KindInvalidOption, Path: "type", Detail: "name the resource type"}
	}
	server, err := scim.NewServer(store, authenticated{}, &scim.ServerOptions{Types: []*scim.ResourceType{t}})
	if err != nil {
		return nil, err
	}
	return &storeHandler{server: server, endpoint: t.Endpoint()}, nil
}

// authenticated takes the subject that was found before elimity's server.
type authenticated struct{}

func (authenticated) Authenticate(r *http.Request) (scim.Subject, error) {
	return scim.SubjectFrom(r.Context()), nil
}

type storeHandler struct {
	server   http.Handler
	endpoint string
}

func (h *storeHandler) Create(r *http.Request, in elimity.ResourceAttributes) (elimity.Resource, error) {
	return h.resource(r, http.MethodPost, h.endpoint, in)
}

func (h *storeHandler) Get(r *http.Request, id string) (elimity.Resource, error) {
	return h.resource(r, http.MethodGet, h.path(id), nil)
}

func (h *storeHandler) Replace(r *http.Request, id string, in elimity.ResourceAttributes) (elimity.Resource, error) {
	return h.resource(r, http.MethodPut, h.path(id), in)
}

func (h *storeHandler) Delete(r *http.Request, id string) error {
	_, err := h.send(r, http.MethodDelete, h.path(id), nil)
	return err
}

// Patch sends the operations on. They ask for every attribute, so that there
// is an answer for each type.
func (h *storeHandler) Patch(r *http.Request, id string, ops []elimity.PatchOperation) (elimity.Resource, error) {
	type operation struct {
		Op    string `json:"op"`
		Path  string `json:"path,omitempty"`
		Value any    `json:"value,omitempty"`
	}
	message := struct {
		Schemas    []string    `json:"schemas"`
		Operations []operation `json:"Operations"`
	}{Schemas: []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}}
	for _, op := range ops {
		o := operation{Op: op.Op, Value: op.Value}
		if op.Path != nil {
			o.Path = op.Path.String()
		}
		message.Operations = append(message.Operations, o)
	}
	if _, err := h.send(r, http.MethodPatch, h.path(id), message); err != nil {
		return elimity.Resource{}, err
	}
	return h.Get(r, id)
}

// GetAll hands the filter on as the client wrote it.
func (h *storeHandler) GetAll(r *http.Request, params elimity.ListRequestParams) (elimity.Page, error) {
	q := url.Values{"startIndex": {strconv.Itoa(params.StartIndex)}, "count": {strconv.Itoa(params.Count)}}
	if params.FilterValidator != nil {
		q.Set("filter", r.URL.Query().Get("filter"))
	}
	raw, err := h.send(r, http.MethodGet, h.endpoint+"?"+q.Encode(), nil)
	if err != nil {
		return elimity.Page{}, err
	}
	var list struct {
		TotalResults int
		Resources    []map[string]any
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return elimity.Page{}, err
	}
	page := elimity.Page{TotalResults: list.TotalResults, Resources: make([]elimity.Resource, len(list.Resources))}
	for i, m := range list.Resources {
		page.Resources[i] = resourceOf(m)
	}
	return page, nil
}

func (h *storeHandler) path(id string) string { return h.endpoint + "/" + url.PathEscape(id) }

func (h *storeHandler) resource(r *http.Request, method, path string, in elimity.ResourceAttributes) (elimity.Resource, error) {
	var body any
	if in != nil {
		body = in
	}
	raw, err := h.send(r, method, path, body)
	if err != nil {
		return elimity.Resource{}, err
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		return elimity.Resource{}, err
	}
	return resourceOf(m), nil
}

// resourceOf takes apart what elimity's server puts together.
func resourceOf(m map[string]any) elimity.Resource {
	var out elimity.Resource
	out.ID, _ = m["id"].(string)
	if external, ok := m["externalId"].(string); ok {
		out.ExternalID = optional.NewString(external)
	}
	meta, _ := m["meta"].(map[string]any)
	out.Meta.Version, _ = meta["version"].(string)
	for name, at := range map[string]**time.Time{"created": &out.Meta.Created, "lastModified": &out.Meta.LastModified} {
		text, _ := meta[name].(string)
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			*at = &t
		}
	}
	for _, name := range []string{"schemas", "id", "externalId", "meta"} {
		delete(m, name)
	}
	out.Attributes = m
	return out
}

// send has a request answered by the server within this process.
func (h *storeHandler) send(r *http.Request, method, path string, body any) ([]byte, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	target, err := url.Parse(path)
	if err != nil {
		return nil, err
	}
	in := (&http.Request{
		Method: method, URL: target, Host: r.Host, Body: io.NopCloser(bytes.NewReader(data)), ContentLength: int64(len(data)),
		Header: http.Header{"Content-Type": {"application/scim+json"}, "Accept": {"application/scim+json"}},
		Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(r.Context())
	for _, name := range []string{"If-Match", "If-None-Match"} {
		if v := r.Header.Get(name); v != "" && method != http.MethodGet {
			in.Header.Set(name, v)
		}
	}
	var w recorder
	h.server.ServeHTTP(&w, in)
	if w.status < 300 {
		return w.body.Bytes(), nil
	}
	return nil, w.failure()
}

// recorder keeps an answer.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// failure returns an answer that is an error in elimity's form.
func (w *recorder) failure() error {
	var message struct {
		ScimType string
		Detail   string
	}
	if err := json.Unmarshal(w.body.Bytes(), &message); err != nil {
		return fmt.Errorf("status %d without a SCIM error: %w", w.status, err)
	}
	return elimityerrors.ScimError{
		ScimType: elimityerrors.ScimType(message.ScimType), Detail: message.Detail, Status: w.status,
	}
}
