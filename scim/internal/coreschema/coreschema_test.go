package coreschema

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCorrections(t *testing.T) {
	raw, err := Group()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Attributes []attribute }
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct{ key, value string }{
		"displayName":     {"uniqueness", "server"},
		"members.display": {"mutability", "readWrite"},
		"members.value":   {"mutability", "immutable"},
	} {
		err := change(doc.Attributes, path, func(a attribute) {
			if got := a[want.key]; got != want.value {
				t.Errorf("%s: %s is %v, want %v", path, want.key, got, want.value)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
	if err := change(doc.Attributes, "members.colour", func(attribute) {}); err == nil {
		t.Error("a correction of an attribute that is not there was accepted")
	}
}

func TestDocumentsAreSchemas(t *testing.T) {
	for id, get := range map[string]func() ([]byte, error){
		"urn:ietf:params:scim:schemas:core:2.0:User":                 User,
		"urn:ietf:params:scim:schemas:core:2.0:Group":                Group,
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": EnterpriseUser,
	} {
		raw, err := get()
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			ID         string      `json:"id"`
			Name       string      `json:"name"`
			Attributes []attribute `json:"attributes"`
		}
		if err := json.Unmarshal(raw, &doc); err != nil {
			t.Fatal(err)
		}
		if doc.ID != id || len(doc.Attributes) == 0 {
			t.Errorf("got schema %q with %d attributes, want %q with some", doc.ID, len(doc.Attributes), id)
		}
		if strings.ContainsAny(doc.Name, " ") || doc.Name == "" {
			t.Errorf("%s: clients make identifiers of the name %q", id, doc.Name)
		}
	}
}
