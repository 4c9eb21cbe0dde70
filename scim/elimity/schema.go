package elimity

import (
	"encoding/json"
	"fmt"

	elimity "github.com/elimity-com/scim"
	"github.com/elimity-com/scim/schema"

	"github.com/zohoscim/zohoscim/scim"
)

// Schema returns an elimity schema as one of this module.
func Schema(s schema.Schema) (*scim.Schema, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, scim.NewError(scim.KindInvalidSchema, fmt.Sprintf("the schema %q has no JSON form", s.ID), err)
	}
	return scim.ParseSchema(raw)
}

// ResourceType returns an elimity resource type, with its extensions, as one
// of this module. Memberships stay attributes of the resource: "members" and
// "groups" are what the type's handler makes of them.
func ResourceType(t elimity.ResourceType) (*scim.ResourceType, error) {
	core, err := Schema(t.Schema)
	if err != nil {
		return nil, err
	}
	o := &scim.ResourceTypeOptions{Endpoint: t.Endpoint, Description: t.Description.Value()}
	for _, x := range t.SchemaExtensions {
		s, err := Schema(x.Schema)
		if err != nil {
			return nil, err
		}
		o.Extensions = append(o.Extensions, scim.Extension{Schema: s, Required: x.Required})
	}
	return scim.NewResourceType(t.Name, core, o)
}
