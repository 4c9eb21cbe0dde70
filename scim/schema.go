package scim

import (
	"fmt"
	"strings"
)

// Schema URIs of RFC 7643 section 8.7 and of the messages of RFC 7644.
const (
	SchemaUser           = "urn:ietf:params:scim:schemas:core:2.0:User"
	SchemaGroup          = "urn:ietf:params:scim:schemas:core:2.0:Group"
	SchemaEnterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

	schemaSchema       = "urn:ietf:params:scim:schemas:core:2.0:Schema"
	schemaResourceType = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaConfig       = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	messageList        = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	messageSearch      = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	messagePatch       = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	messageBulk        = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	messageBulkAnswer  = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
	messageError       = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// Schema is the definition of a schema or schema extension (RFC 7643
// section 7). It is plain data: [NewResourceType] compiles a copy, so that a
// later change to a Schema has no effect on resource types made from it.
type Schema struct {
	ID          string       `json:"id"`
	Name        string       `json:"name,omitempty"`
	Description string       `json:"description,omitempty"`
	Attributes  []*Attribute `json:"attributes"`
}

// Attribute is the definition of an attribute and its characteristics
// (RFC 7643 sections 2.2 and 7). The zero values are the RFC's defaults: a
// readWrite, single-valued, optional string that compares without regard to
// case, is returned by default and is not unique.
type Attribute struct {
	Name            string       `json:"name"`
	Type            Type         `json:"type"`
	MultiValued     bool         `json:"multiValued"`
	Description     string       `json:"description,omitempty"`
	Required        bool         `json:"required"`
	CanonicalValues []string     `json:"canonicalValues,omitempty"`
	CaseExact       bool         `json:"caseExact"`
	Mutability      Mutability   `json:"mutability"`
	Returned        Returned     `json:"returned"`
	Uniqueness      Uniqueness   `json:"uniqueness"`
	ReferenceTypes  []string     `json:"referenceTypes,omitempty"`
	SubAttributes   []*Attribute `json:"subAttributes,omitempty"`

	// Compiled by NewResourceType; zero in a definition.
	parent *Attribute
	names  map[string]*Attribute // sub-attributes by name as written and in lower case
	slot   int                   // position among the parent's sub-attributes
	number int                   // position in the whole resource type, for masks
	path   string                // as errors print it
	quoted string                // the name with quotes and colon, as it is written
	chain  []*Attribute          // from the top of the resource to this attribute
	self   *Path                 // the path that names it
	role   role
}

// role marks the attributes that the protocol itself gives a meaning.
type role uint8

const (
	roleNone role = iota
	roleSchemas
	roleID
	roleExternalID
	roleMeta
	roleExtension // the object of a schema extension, named by its URI
	roleLinks     // kept as links beside the resource (Group.members)
	roleOwners    // computed from other resources' links (User.groups)
	roleUnknown   // not in any schema; its value is kept as it came
)

// Type is the data type of an attribute (RFC 7643 section 2.3).
type Type uint8

// The data types of RFC 7643 section 2.3.
const (
	TypeString Type = iota
	TypeBoolean
	TypeDecimal
	TypeInteger
	TypeDateTime
	TypeBinary
	TypeReference
	TypeComplex
)

// Mutability says when a value may be written (RFC 7643 section 7).
type Mutability uint8

// The values of "mutability" in RFC 7643 section 7.
const (
	ReadWrite Mutability = iota
	ReadOnly
	Immutable
	WriteOnly
)

// Returned says when a value is part of an answer (RFC 7643 section 7).
type Returned uint8

// The values of "returned" in RFC 7643 section 7.
const (
	ReturnedDefault Returned = iota
	ReturnedAlways
	ReturnedNever
	ReturnedRequest
)

// Uniqueness says where a value must be the only one (RFC 7643 section 7).
type Uniqueness uint8

// The values of "uniqueness" in RFC 7643 section 7.
const (
	UniqueNone Uniqueness = iota
	UniqueServer
	UniqueGlobal
)

// keywords are the JSON spellings of the characteristics, by value.
func (Type) keywords() []string {
	return []string{"string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"}
}
func (Mutability) keywords() []string {
	return []string{"readWrite", "readOnly", "immutable", "writeOnly"}
}
func (Returned) keywords() []string   { return []string{"default", "always", "never", "request"} }
func (Uniqueness) keywords() []string { return []string{"none", "server", "global"} }

// String returns the keyword of RFC 7643.
func (t Type) String() string { return keyword(t) }

// String returns the keyword of RFC 7643.
func (m Mutability) String() string { return keyword(m) }

// String returns the keyword of RFC 7643.
func (r Returned) String() string { return keyword(r) }

// String returns the keyword of RFC 7643.
func (u Uniqueness) String() string { return keyword(u) }

// MarshalText returns the keyword of RFC 7643.
func (t Type) MarshalText() ([]byte, error) { return []byte(keyword(t)), nil }

// MarshalText returns the keyword of RFC 7643.
func (m Mutability) MarshalText() ([]byte, error) { return []byte(keyword(m)), nil }

// MarshalText returns the keyword of RFC 7643.
func (r Returned) MarshalText() ([]byte, error) { return []byte(keyword(r)), nil }

// MarshalText returns the keyword of RFC 7643.
func (u Uniqueness) MarshalText() ([]byte, error) { return []byte(keyword(u)), nil }

// UnmarshalText reads a keyword of RFC 7643, without regard to case.
func (t *Type) UnmarshalText(b []byte) error { return readKeyword(t, b) }

// UnmarshalText reads a keyword of RFC 7643, without regard to case.
func (m *Mutability) UnmarshalText(b []byte) error { return readKeyword(m, b) }

// UnmarshalText reads a keyword of RFC 7643, without regard to case.
func (r *Returned) UnmarshalText(b []byte) error { return readKeyword(r, b) }

// UnmarshalText reads a keyword of RFC 7643, without regard to case.
func (u *Uniqueness) UnmarshalText(b []byte) error { return readKeyword(u, b) }

type characteristic interface {
	~uint8
	keywords() []string
}

func keyword[C characteristic](c C) string {
	words := c.keywords()
	if int(c) >= len(words) {
		return fmt.Sprintf("%T(%d)", c, uint8(c))
	}
	return words[c]
}

func readKeyword[C characteristic](c *C, b []byte) error {
	words := (*c).keywords()
	for i, word := range words {
		if strings.EqualFold(word, string(b)) {
			*c = C(i)
			return nil
		}
	}
	return fmt.Errorf("scim: %q is none of %s", b, strings.Join(words, ", "))
}

// validName reports whether s is an attribute name (RFC 7643 section 2.1);
// "$ref" is the one name of the RFC that begins with "$".
func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 && c != '$' || i > 0 && (c < '0' || c > '9') && c != '-' && c != '_' && c != '$') {
			return false
		}
	}
	return s != "" && s != "$"
}

// foldASCII is the only folding that attribute names get: with Unicode
// folding, U+017F and U+212A would spell other names than they show.
func foldASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			var b strings.Builder
			b.Grow(len(s))
			b.WriteString(s[:i])
			for ; i < len(s); i++ {
				c := s[i]
				if 'A' <= c && c <= 'Z' {
					c |= 0x20
				}
				b.WriteByte(c)
			}
			return b.String()
		}
	}
	return s
}
