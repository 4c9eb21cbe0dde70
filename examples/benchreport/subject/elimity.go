package subject

import (
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
	filterparser "github.com/scim2/filter-parser/v2"
)

// NewElimity returns a server of github.com/elimity-com/scim over a handler
// with the indexes that [Floor] has.
func NewElimity() (http.Handler, error) {
	users := scim.ResourceType{
		Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(), Handler: newElimityHandler(),
		SchemaExtensions: []scim.SchemaExtension{{Schema: schema.ExtensionEnterpriseUser()}},
	}
	groups := scim.ResourceType{Name: "Group", Endpoint: "/Groups", Schema: schema.CoreGroupSchema(), Handler: newElimityHandler()}
	server, err := scim.NewServer(&scim.ServerArgs{
		ServiceProviderConfig: &scim.ServiceProviderConfig{SupportFiltering: true, SupportPatch: true},
		ResourceTypes:         []scim.ResourceType{users, groups},
	})
	return server, err
}

// elimityHandler keeps resources as the maps that the library hands out. A map
// that is kept is replaced, never changed; the library writes into what it
// gets, so it gets copies of the top level.
type elimityHandler struct {
	mu      sync.Mutex
	byID    map[string]*elimityRow
	order   []*elimityRow
	byValue map[string]*elimityRow // by attribute and value
}

type elimityRow struct {
	id         string
	externalID optional.String
	attributes scim.ResourceAttributes
	members    []any
	at         map[string]int // position in members by value
	created    time.Time
	modified   time.Time
}

func newElimityHandler() *elimityHandler {
	return &elimityHandler{byID: map[string]*elimityRow{}, byValue: map[string]*elimityRow{}}
}

func (row *elimityRow) resource() scim.Resource {
	attributes := maps.Clone(row.attributes)
	if row.members != nil {
		attributes["members"] = row.members
	}
	return scim.Resource{
		ID: row.id, ExternalID: row.externalID, Attributes: attributes,
		Meta: scim.Meta{Created: &row.created, LastModified: &row.modified, Version: `W/"1"`},
	}
}

// keys returns what the row is found by.
func (row *elimityRow) keys() []string {
	var keys []string
	if name, ok := row.attributes["userName"].(string); ok {
		keys = append(keys, "userName "+name)
	}
	if row.externalID.Present() {
		keys = append(keys, "externalId "+row.externalID.Value())
	}
	emails, _ := row.attributes["emails"].([]any)
	for _, item := range emails {
		if e, _ := item.(map[string]any); e["type"] == "work" {
			value, _ := e["value"].(string)
			keys = append(keys, "emails "+value)
		}
	}
	return keys
}

func (h *elimityHandler) Create(_ *http.Request, attributes scim.ResourceAttributes) (scim.Resource, error) {
	now := time.Now()
	row := &elimityRow{id: rand.Text(), attributes: attributes, created: now, modified: now}
	row.takeExternalID()
	if _, isGroup := attributes["displayName"]; isGroup && attributes["userName"] == nil {
		row.at = map[string]int{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if name, ok := attributes["userName"].(string); ok && h.byValue["userName "+name] != nil {
		return scim.Resource{}, scimerrors.ScimErrorUniqueness
	}
	h.byID[row.id] = row
	h.order = append(h.order, row)
	for _, key := range row.keys() {
		h.byValue[key] = row
	}
	return row.resource(), nil
}

func (row *elimityRow) takeExternalID() {
	if text, ok := row.attributes["externalId"].(string); ok {
		row.externalID = optional.NewString(text)
	}
}

func (h *elimityHandler) Get(_ *http.Request, id string) (scim.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	row := h.byID[id]
	if row == nil {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	return row.resource(), nil
}

func (h *elimityHandler) GetAll(_ *http.Request, params scim.ListRequestParams) (scim.Page, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	rows := h.order
	if params.FilterValidator != nil {
		rows = nil
		if row := h.byValue[indexKey(params.FilterValidator.GetFilter())]; row != nil {
			r := row.resource()
			r.Attributes["externalId"] = row.externalID.Value()
			if params.FilterValidator.PassesFilter(r.Attributes) == nil {
				rows = []*elimityRow{row}
			}
		}
	}
	page := scim.Page{TotalResults: len(rows), Resources: []scim.Resource{}}
	for _, row := range rows[min(params.StartIndex-1, len(rows)):] {
		if len(page.Resources) == params.Count {
			break
		}
		page.Resources = append(page.Resources, row.resource())
	}
	return page, nil
}

// indexKey returns the key that an expression asks for, "" if it is not one
// of the indexed ones.
func indexKey(e filterparser.Expression) string {
	switch e := e.(type) {
	case *filterparser.AttributeExpression:
		value, _ := e.CompareValue.(string)
		return e.AttributePath.AttributeName + " " + value
	case *filterparser.LogicalExpression:
		if key := indexKey(e.Left); strings.HasPrefix(key, "value ") {
			return key
		}
		return indexKey(e.Right)
	case *filterparser.ValuePath:
		if _, value, ok := strings.Cut(indexKey(e.ValueFilter), "value "); ok {
			return e.AttributePath.AttributeName + " " + value
		}
	}
	return ""
}

func (h *elimityHandler) Replace(_ *http.Request, id string, attributes scim.ResourceAttributes) (scim.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	row := h.byID[id]
	if row == nil {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	for _, key := range row.keys() {
		delete(h.byValue, key)
	}
	row.attributes, row.modified = attributes, time.Now()
	row.takeExternalID()
	for _, key := range row.keys() {
		h.byValue[key] = row
	}
	return row.resource(), nil
}

func (h *elimityHandler) Delete(_ *http.Request, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	row := h.byID[id]
	if row == nil {
		return scimerrors.ScimErrorResourceNotFound(id)
	}
	for _, key := range row.keys() {
		delete(h.byValue, key)
	}
	delete(h.byID, id)
	h.order = slices.DeleteFunc(h.order, func(o *elimityRow) bool { return o == row })
	return nil
}

func (h *elimityHandler) Patch(r *http.Request, id string, operations []scim.PatchOperation) (scim.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	row := h.byID[id]
	if row == nil {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	for _, op := range operations {
		switch name := op.Path.AttributePath.AttributeName; name {
		case "active":
			row.attributes = maps.Clone(row.attributes)
			row.attributes[name] = op.Value
		case "members":
			row.patchMembers(op)
		}
	}
	row.modified = time.Now()
	if row.at != nil && r.URL.RawQuery == "" {
		return scim.Resource{}, nil // answered with 204
	}
	return row.resource(), nil
}

func (row *elimityRow) patchMembers(op scim.PatchOperation) {
	if op.Op == scim.PatchOperationRemove {
		_, id, _ := strings.Cut(indexKey(op.Path.ValueExpression), "value ")
		if at, found := row.at[id]; found {
			row.removeMember(at)
		}
		return
	}
	values, _ := op.Value.([]any)
	for _, value := range values {
		member, _ := value.(map[string]any)
		id, _ := member["value"].(string)
		if _, found := row.at[id]; !found {
			row.at[id] = len(row.members)
			row.members = append(row.members, member)
		}
	}
}

func (row *elimityRow) removeMember(at int) {
	last := len(row.members) - 1
	idOf := func(i int) string {
		member, _ := row.members[i].(map[string]any)
		id, _ := member["value"].(string)
		return id
	}
	delete(row.at, idOf(at))
	if at != last {
		row.members[at] = row.members[last]
		row.at[idOf(at)] = at
	}
	row.members = row.members[:last]
}
