package scim

import (
	"bytes"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ServiceProviderConfig says what a service provider supports (RFC 7643
// section 5).
type ServiceProviderConfig struct {
	Schemas               []string               `json:"schemas"`
	DocumentationURI      string                 `json:"documentationUri,omitempty"`
	Patch                 Supported              `json:"patch"`
	Bulk                  BulkSupport            `json:"bulk"`
	Filter                FilterSupport          `json:"filter"`
	ChangePassword        Supported              `json:"changePassword"`
	Sort                  Supported              `json:"sort"`
	ETag                  Supported              `json:"etag"`
	Pagination            *PaginationSupport     `json:"pagination,omitempty"` // nil: by index (RFC 7644)
	AuthenticationSchemes []AuthenticationScheme `json:"authenticationSchemes"`
}

// Supported says whether there is a feature.
type Supported struct {
	Supported bool `json:"supported"`
}

// BulkSupport says what a bulk request may be.
type BulkSupport struct {
	Supported      bool  `json:"supported"`
	MaxOperations  int   `json:"maxOperations"`
	MaxPayloadSize int64 `json:"maxPayloadSize"` // bytes
}

// FilterSupport says how many resources a filter may return.
type FilterSupport struct {
	Supported  bool `json:"supported"`
	MaxResults int  `json:"maxResults"`
}

// PaginationSupport says how lists are divided into pages (RFC 9865 section
// 4). What is "" or 0 is not said.
type PaginationSupport struct {
	Cursor          bool   `json:"cursor"`
	Index           bool   `json:"index"`
	DefaultMethod   string `json:"defaultPaginationMethod,omitempty"` // "cursor" or "index"
	DefaultPageSize int    `json:"defaultPageSize,omitzero"`
	MaxPageSize     int    `json:"maxPageSize,omitzero"`
	CursorTimeout   int    `json:"cursorTimeout,omitzero"` // seconds
}

// AuthenticationScheme is a way to authenticate.
type AuthenticationScheme struct {
	Type        string `json:"type"` // "oauthbearertoken", "httpbasic", …
	Name        string `json:"name"`
	Description string `json:"description"`
	Primary     bool   `json:"primary,omitempty"`
}

// schemaDocument is a schema as /Schemas shows it.
type schemaDocument struct {
	Schemas []string `json:"schemas"`
	*Schema `json:",inline"`
	Meta    documentMeta `json:"meta"`
}

type typeDocument struct {
	Schemas     []string            `json:"schemas"`
	ID          string              `json:"id"`
	Name        string              `json:"name"`
	Endpoint    string              `json:"endpoint"`
	Description string              `json:"description,omitempty"`
	Schema      string              `json:"schema"`
	Extensions  []extensionDocument `json:"schemaExtensions"`
	Meta        documentMeta        `json:"meta"`
}

type extensionDocument struct {
	Schema   string `json:"schema"`
	Required bool   `json:"required"`
}

type documentMeta struct {
	ResourceType string `json:"resourceType"`
	Location     string `json:"location"`
}

const (
	pathConfig  = "/serviceproviderconfig"
	pathSchemas = "/schemas"
	pathTypes   = "/resourcetypes"
)

// locationMark stands for the base URL in the documents, which are made
// once; the base URL can depend on the request.
const locationMark = "scim-base-url:"

// describe makes the discovery documents (RFC 7644 section 4).
func (s *Server) describe() error {
	s.discovery = map[string][]byte{}
	config := struct {
		ServiceProviderConfig `json:",inline"`
		Meta                  documentMeta `json:"meta"`
	}{s.config(), documentMeta{"ServiceProviderConfig", locationMark + "/ServiceProviderConfig"}}
	if err := s.document(pathConfig, config); err != nil {
		return err
	}
	var schemas, types []jsontext.Value
	seen := map[string]bool{}
	for _, t := range s.types {
		doc := typeDocument{
			Schemas: []string{schemaResourceType}, ID: t.name, Name: t.name, Endpoint: t.endpoint, Description: t.description,
			Schema: t.schema.ID, Extensions: []extensionDocument{}, Meta: documentMeta{"ResourceType", locationMark + "/ResourceTypes/" + t.name},
		}
		for _, x := range t.extensions {
			doc.Extensions = append(doc.Extensions, extensionDocument{x.Schema.ID, x.Required})
		}
		path := pathTypes + "/" + foldASCII(t.name)
		if err := s.document(path, doc); err != nil {
			return err
		}
		types = append(types, s.discovery[path])
		for _, schema := range t.allSchemas() {
			if path := pathSchemas + "/" + foldASCII(schema.ID); !seen[path] {
				seen[path] = true
				if err := s.document(path, schemaDocument{[]string{schemaSchema}, schema, documentMeta{"Schema", locationMark + "/Schemas/" + schema.ID}}); err != nil {
					return err
				}
				schemas = append(schemas, s.discovery[path])
			}
		}
	}
	if err := s.listDocument(pathSchemas, schemas); err != nil {
		return err
	}
	return s.listDocument(pathTypes, types)
}

func (t *ResourceType) allSchemas() []*Schema {
	out := []*Schema{t.schema}
	for _, x := range t.extensions {
		out = append(out, x.Schema)
	}
	return out
}

func (s *Server) config() ServiceProviderConfig {
	return ServiceProviderConfig{
		Schemas: []string{schemaConfig},
		Patch:   Supported{true},
		Bulk:    BulkSupport{s.limits.BulkOperations > 0, max(s.limits.BulkOperations, 0), s.limits.BodyBytes},
		Filter:  FilterSupport{true, s.limits.MaxPageSize},
		Sort:    Supported{true},
		ETag:    Supported{true},
		Pagination: &PaginationSupport{
			Cursor: s.cursors != nil, Index: true, DefaultMethod: "index",
			DefaultPageSize: s.limits.PageSize, MaxPageSize: s.limits.MaxPageSize, CursorTimeout: s.cursors.seconds(),
		},
		AuthenticationSchemes: []AuthenticationScheme{{
			Type: "oauthbearertoken", Name: "OAuth Bearer Token", Primary: true,
			Description: "A bearer token in the Authorization header (RFC 6750)",
		}},
	}
}

func (s *Server) document(path string, v any) error {
	data, err := json.Marshal(v)
	s.discovery[path] = data
	return err
}

func (s *Server) listDocument(path string, items []jsontext.Value) error {
	return s.document(path, struct {
		Schemas []string         `json:"schemas"`
		Total   int              `json:"totalResults"`
		Start   int              `json:"startIndex"`
		PerPage int              `json:"itemsPerPage"`
		Items   []jsontext.Value `json:"Resources"`
	}{[]string{messageList}, len(items), 1, len(items), items})
}

// discover answers with a discovery document.
func (c *call) discover(body []byte, found bool) error {
	get := func() error {
		q, err := c.query()
		switch {
		case err != nil:
			return err
		case q.Has("filter"):
			// RFC 7644 section 4: a filter here is refused, so that a
			// client does not take the whole list for the filter's result.
			return &Error{Kind: KindForbidden, Path: "filter", Detail: "this endpoint has no filter"}
		case !found:
			return &Error{Kind: KindNotFound, Detail: "there is no such schema or resource type"}
		}
		quoted, err := jsontext.AppendQuote(nil, c.absoluteBase())
		if err != nil {
			return invalidSyntax("the Host header is not valid UTF-8")
		}
		c.answer(http.StatusOK, bytes.ReplaceAll(body, []byte(locationMark), quoted[1:len(quoted)-1]))
		return nil
	}
	return c.methods(map[string]func() error{http.MethodGet: get, http.MethodHead: get})
}
