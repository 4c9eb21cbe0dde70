// Package coreschema gives the core schemas of RFC 7643 section 8.7.1 as JSON
// documents (RFC 7643 section 7), taken from the definitions that
// github.com/elimity-com/scim carries and corrected where they differ from
// the RFC.
//
// It is JSON so that the core schemas take the same road into the compiled
// form as any schema an integrator brings.
package coreschema

import (
	"encoding/json"
	"fmt"

	"github.com/elimity-com/scim/optional"
	elimity "github.com/elimity-com/scim/schema"
)

// User returns the core User schema (RFC 7643 section 4.1).
func User() ([]byte, error) {
	return document(elimity.CoreUserSchema(), nil)
}

// Group returns the core Group schema (RFC 7643 section 4.2).
func Group() ([]byte, error) {
	return document(elimity.CoreGroupSchema(), map[string]func(attribute){
		// Entra and Zoho find a group by its name, and Microsoft's test
		// suite expects a second group of that name to be refused. The RFC
		// leaves it to the service provider. That it is required is section
		// 4.2; section 8.7.1 has it optional.
		"displayName": func(a attribute) { a["uniqueness"] = "server" },
		// Absent from section 8.7.1; Okta sends the name beside the id and
		// sends it again when it has changed.
		"members.display": func(a attribute) { a["mutability"] = "readWrite" },
	})
}

// EnterpriseUser returns the enterprise extension (RFC 7643 section 4.3).
func EnterpriseUser() ([]byte, error) {
	s := elimity.ExtensionEnterpriseUser()
	// Section 8.7.1 has this name; "Enterprise User" is its description, and
	// clients make identifiers of the name.
	s.Name = optional.NewString("EnterpriseUser")
	return document(s, nil)
}

type attribute = map[string]any

func document(s elimity.Schema, corrections map[string]func(attribute)) ([]byte, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("coreschema: %s: %w", s.ID, err)
	}
	var doc struct {
		ID          string      `json:"id"`
		Name        string      `json:"name"`
		Description string      `json:"description"`
		Attributes  []attribute `json:"attributes"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("coreschema: %s: %w", s.ID, err)
	}
	for path, correct := range corrections {
		if err := change(doc.Attributes, path, correct); err != nil {
			return nil, fmt.Errorf("coreschema: %s: %w", s.ID, err)
		}
	}
	return json.Marshal(doc)
}

// change finds an attribute by "name" or "name.sub" and corrects it.
// A definition that has moved away is an error: a correction that silently
// stopped working would be worse.
func change(attributes []attribute, path string, fix func(attribute)) error {
	for _, a := range attributes {
		name, _ := a["name"].(string)
		if name == path {
			fix(a)
			return nil
		}
		subs, _ := a["subAttributes"].([]any)
		for _, s := range subs {
			if sub, ok := s.(map[string]any); ok && name+"."+fmt.Sprint(sub["name"]) == path {
				fix(sub)
				return nil
			}
		}
	}
	return fmt.Errorf("no attribute %q to correct", path)
}
