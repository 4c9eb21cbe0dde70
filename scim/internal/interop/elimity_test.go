package interop

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	elimity "github.com/elimity-com/scim"
	elimityerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// elimityHandler keeps the resources of one type in memory. It has no PATCH,
// which elimity leaves to its users.
type elimityHandler struct {
	unique string // the attribute that no two share

	mu   sync.Mutex
	next int
	ids  []string
	rows map[string]elimity.ResourceAttributes
	keys map[string]string

	times map[string]*[2]time.Time // created, last modified
}

func newElimity(token string) (http.Handler, error) {
	handler := func(unique string) elimity.ResourceHandler {
		return &elimityHandler{unique: unique, rows: map[string]elimity.ResourceAttributes{}, keys: map[string]string{}, times: map[string]*[2]time.Time{}}
	}
	server, err := elimity.NewServer(&elimity.ServerArgs{
		ServiceProviderConfig: &elimity.ServiceProviderConfig{SupportFiltering: true, MaxResults: 500},
		ResourceTypes: []elimity.ResourceType{
			{ID: optional.NewString("User"), Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(), Handler: handler("userName")},
			{ID: optional.NewString("Group"), Name: "Group", Endpoint: "/Groups", Schema: schema.CoreGroupSchema(), Handler: handler("displayName")},
		},
	})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.Header().Set("WWW-Authenticate", "Bearer")
			w.Header().Set("Content-Type", "application/scim+json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"401","detail":"another token"}`)
			return
		}
		http.StripPrefix("/scim", server).ServeHTTP(w, r)
	}), nil
}

func (h *elimityHandler) resource(id string) elimity.Resource {
	attributes := maps.Clone(h.rows[id]) // the server adds to what it is given
	external, _ := attributes["externalId"].(string)
	times := h.times[id]
	out := elimity.Resource{ID: id, Attributes: attributes, Meta: elimity.Meta{Created: &times[0], LastModified: &times[1]}}
	if external != "" {
		out.ExternalID = optional.NewString(external)
	}
	return out
}

// put stores a resource; the caller holds the lock.
func (h *elimityHandler) put(id string, attributes elimity.ResourceAttributes) (elimity.Resource, error) {
	key, _ := attributes[h.unique].(string)
	key = strings.ToLower(key)
	if owner, taken := h.keys[key]; taken && owner != id {
		return elimity.Resource{}, elimityerrors.ScimErrorUniqueness
	}
	if before, ok := h.rows[id][h.unique].(string); ok {
		delete(h.keys, strings.ToLower(before))
	} else {
		h.ids = append(h.ids, id)
		h.times[id] = &[2]time.Time{time.Now()}
	}
	h.times[id] = &[2]time.Time{h.times[id][0], time.Now()}
	h.keys[key], h.rows[id] = id, maps.Clone(attributes)
	return h.resource(id), nil
}

func (h *elimityHandler) Create(_ *http.Request, attributes elimity.ResourceAttributes) (elimity.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	return h.put(strconv.Itoa(h.next), attributes)
}

func (h *elimityHandler) Get(_ *http.Request, id string) (elimity.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rows[id] == nil {
		return elimity.Resource{}, elimityerrors.ScimErrorResourceNotFound(id)
	}
	return h.resource(id), nil
}

func (h *elimityHandler) GetAll(_ *http.Request, p elimity.ListRequestParams) (elimity.Page, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	page := elimity.Page{Resources: []elimity.Resource{}}
	for _, id := range h.ids {
		if p.FilterValidator != nil && p.FilterValidator.PassesFilter(h.rows[id]) != nil {
			continue
		}
		if page.TotalResults++; page.TotalResults >= p.StartIndex && len(page.Resources) < p.Count {
			page.Resources = append(page.Resources, h.resource(id))
		}
	}
	return page, nil
}

func (h *elimityHandler) Replace(_ *http.Request, id string, attributes elimity.ResourceAttributes) (elimity.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rows[id] == nil {
		return elimity.Resource{}, elimityerrors.ScimErrorResourceNotFound(id)
	}
	return h.put(id, attributes)
}

func (h *elimityHandler) Delete(_ *http.Request, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	row := h.rows[id]
	if row == nil {
		return elimityerrors.ScimErrorResourceNotFound(id)
	}
	name, _ := row[h.unique].(string)
	delete(h.keys, strings.ToLower(name))
	delete(h.rows, id)
	delete(h.times, id)
	h.ids = slices.DeleteFunc(h.ids, func(s string) bool { return s == id })
	return nil
}

func (h *elimityHandler) Patch(*http.Request, string, []elimity.PatchOperation) (elimity.Resource, error) {
	return elimity.Resource{}, elimityerrors.ScimError{Status: http.StatusNotImplemented, Detail: "PATCH is not supported"}
}
