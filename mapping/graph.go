package mapping

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/scim"
)

// GraphSchema is a synchronizationSchema of Microsoft Graph (v1.0): what
// Entra's attribute mapping page downloads and
// GET …/synchronization/jobs/{id}/schema returns. It is kept as it was
// written: members that this package does not understand are saved again and
// listed by Notes. It is not safe for concurrent use while it is changed.
type GraphSchema struct {
	root    *object
	objects []*graphObject
	notes   []Note
}

// graphObject is one objectMapping.
type graphObject struct {
	node     *object
	place    string // JSON pointer
	target   string // "User" or "Group"
	mapping  *Mapping
	mistakes Mistakes
}

// Note is something in a document that has no effect here.
type Note struct {
	Place  string // JSON pointer (RFC 6901)
	Detail string
}

// String returns the place and the detail.
func (n Note) String() string { return n.Place + ": " + n.Detail }

// ParseGraphSchema reads the JSON of a synchronizationSchema. The error is an
// [ErrJSON] if it is not one; mistakes in its mappings are for
// [GraphSchema.Compile] to report.
func ParseGraphSchema(data []byte) (*GraphSchema, error) {
	tree, err := readTree(data)
	if err != nil {
		return nil, err
	}
	root, ok := tree.(*object)
	if !ok {
		return nil, &Error{Kind: KindJSON, Place: "document", Detail: "a synchronizationSchema is an object"}
	}
	if rules, ok := root.get("synchronizationRules"); !ok {
		return nil, &Error{Kind: KindJSON, Place: "/synchronizationRules", Detail: "the member is missing, so this is not a synchronizationSchema"}
	} else if _, ok := rules.([]any); !ok {
		return nil, &Error{Kind: KindJSON, Place: "/synchronizationRules", Detail: "the value is not a list"}
	}
	s := &GraphSchema{root: root}
	s.read()
	return s, nil
}

// IsGraphSchema reports whether a document is meant to be Microsoft Graph's and
// not a [Mapping]: it has a member that only the former has. What is not JSON
// is left for a reader to refuse.
func IsGraphSchema(data []byte) bool {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(data, &members); err != nil {
		return bytes.Contains(data, []byte(`"synchronizationRules"`))
	}
	_, rules := members["synchronizationRules"]
	_, directories := members["directories"]
	return rules || directories
}

// Targets returns the resource types that the schema has a mapping for:
// "User", "Group" or both, in the order of the document.
func (s *GraphSchema) Targets() []string {
	var out []string
	for _, o := range s.objects {
		if !slices.Contains(out, o.target) {
			out = append(out, o.target)
		}
	}
	return out
}

// Notes returns what the document says and what has no effect here. It is
// saved nevertheless.
func (s *GraphSchema) Notes() []Note { return slices.Clone(s.notes) }

// Mapping returns the mapping for a resource type, "User" or "Group". The
// error is a [Mistakes] if the document says something that cannot be left
// out, such as a filter of a kind that this package does not have. Its rules
// have the order of the document's attributeMappings.
func (s *GraphSchema) Mapping(target string) (*Mapping, error) {
	o, err := s.object(target)
	if err != nil {
		return nil, err
	}
	if len(o.mistakes) > 0 {
		return nil, o.mistakes
	}
	return o.mapping.With(), nil
}

// Compile returns the mapping for a resource type, ready for use with the
// type that [Mapping.ResourceType] makes for it. The error is a [Mistakes]
// with everything that is wrong, each with its place in the document.
func (s *GraphSchema) Compile(target string) (*Compiled, error) {
	o, err := s.object(target)
	if err != nil {
		return nil, err
	}
	mistakes := slices.Clone(o.mistakes)
	typ, err := o.mapping.ResourceType()
	if err == nil {
		var c *Compiled
		if c, err = Compile(o.mapping, typ); err == nil && len(mistakes) == 0 {
			return c, nil
		}
	}
	if found, ok := err.(Mistakes); ok { //nolint:errorlint // Compile and ResourceType return this type itself
		for _, e := range found {
			mistakes = append(mistakes, o.locate(e))
		}
	}
	slices.SortStableFunc(mistakes, func(a, b *Error) int { return cmp.Compare(a.Rule, b.Rule) })
	return nil, mistakes
}

func (s *GraphSchema) object(target string) (*graphObject, error) {
	for _, o := range s.objects {
		if o.target == target {
			return o, nil
		}
	}
	return nil, Mistakes{{Kind: KindMapping, Place: "/synchronizationRules", Detail: "there is no object mapping for " + strconv.Quote(target)}}
}

// locate gives a mistake its place in the document.
func (o *graphObject) locate(e *Error) *Error {
	out := *e
	switch {
	case e.Rule > 0:
		out.Place = o.place + "/attributeMappings/" + strconv.Itoa(e.Rule-1)
	case strings.HasPrefix(e.Place, "/"):
	case e.Kind == KindScope:
		out.Place = o.place + "/scope: " + e.Place
	default:
		out.Place = o.place
	}
	return &out
}

// MarshalJSON returns the document.
func (s *GraphSchema) MarshalJSON() ([]byte, error) {
	if s == nil || s.root == nil {
		return []byte(`{"directories":[],"synchronizationRules":[]}`), nil
	}
	return appendTree(nil, s.root), nil
}

// graphTarget returns the resource type that an objectMapping's target is:
// the name itself or the end of its URN. "" is neither user nor group.
func graphTarget(name string) string {
	name = name[strings.LastIndexByte(name, ':')+1:]
	for _, known := range []string{scim.UserType().Name(), scim.GroupType().Name()} {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return ""
}

// pointer appends a member or an index to a JSON pointer.
func pointer(place, name string) string {
	return place + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// flowTypes are Graph's words for [Apply], by value.
func flowTypes() []string {
	return []string{"Always", "ObjectAddOnly", "MultiValueAddOnly", "ValueAddOnly", "AttributeAddOnly"}
}

// objectFlow are Graph's words for [Action], by value.
func objectFlow() []string { return []string{"Update", "Add", "Delete"} }
