package scim

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestNewChange(t *testing.T) {
	flag, err := NewResourceType("Flag", &Schema{ID: "urn:example:x", Attributes: []*Attribute{{Name: "active"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const old = `{"id":"1","externalId":"e","userName":"a","active":true,"title":"t","emails":[{"value":"x"}],"meta":{"version":"W/\"1\"","lastModified":"2011-05-13T04:42:34Z"}`
	for _, tt := range []struct {
		reason        string
		typ           *ResourceType
		before, after string
		links         bool
		want          Change
	}{
		{"a creation names what it gave a value", UserType(), "", `{"id":"1","userName":"a","active":true,"meta":{"version":"W/\"1\""}}`, false,
			Change{Events: []string{EventCreate}, ID: "1", Type: "User", Version: `W/"1"`, Attributes: []string{"id", "userName", "active"}}},
		{"a creation is no activation", UserType(), "", `{"id":"1","active":false}`, false,
			Change{Events: []string{EventCreate}, ID: "1", Type: "User", Attributes: []string{"id", "active"}}},
		{"members of a new group", GroupType(), "", `{"id":"1","displayName":"g"}`, true,
			Change{Events: []string{EventCreate}, ID: "1", Type: "Group", Attributes: []string{"id", "displayName", "members"}}},
		{"a deletion has no version and names no attributes", UserType(), old + `}`, "", false,
			Change{Events: []string{EventDelete}, ID: "1", Type: "User", ExternalID: "e"}},
		{"meta alone is no attribute", UserType(), old + `}`, strings.Replace(old, `\"1\"`, `\"2\"`, 1) + `}`, false,
			Change{Events: []string{EventPatch}, ID: "1", Type: "User", ExternalID: "e", Version: `W/"2"`}},
		{"changed, new and removed", UserType(), old + `}`, `{"id":"1","externalId":"e","userName":"b","active":true,"nickName":"n","emails":[{"value":"x"}]}`, false,
			Change{Events: []string{EventPatch}, ID: "1", Type: "User", ExternalID: "e", Attributes: []string{"userName", "nickName", "title"}}},
		{"an element of a list", UserType(), old + `}`, strings.Replace(old, `"x"`, `"y"`, 1) + `}`, false,
			Change{Events: []string{EventPatch}, ID: "1", Type: "User", ExternalID: "e", Version: `W/"1"`, Attributes: []string{"emails"}}},
		{"an extension by its URI", UserType(), old + `}`, old + `,"` + SchemaEnterpriseUser + `":{"department":"d"}}`, false,
			Change{Events: []string{EventPatch}, ID: "1", Type: "User", ExternalID: "e", Version: `W/"1"`, Attributes: []string{SchemaEnterpriseUser}}},
		{"switched off", UserType(), old + `}`, strings.Replace(old, "true", "false", 1) + `}`, false,
			Change{Events: []string{EventPatch, EventDeactivate}, ID: "1", Type: "User", ExternalID: "e", Version: `W/"1"`, Attributes: []string{"active"}}},
		{"switched on", UserType(), strings.Replace(old, "true", "false", 1) + `}`, old + `}`, false,
			Change{Events: []string{EventPatch, EventActivate}, ID: "1", Type: "User", ExternalID: "e", Version: `W/"1"`, Attributes: []string{"active"}}},
		{"members", GroupType(), `{"id":"1","displayName":"g"}`, `{"id":"1","displayName":"g"}`, true,
			Change{Events: []string{EventPatch}, ID: "1", Type: "Group", Attributes: []string{"members"}}},
		{"active is a boolean or means nothing", flag, `{"id":"1","active":"a"}`, `{"id":"1","active":"b"}`, false,
			Change{Events: []string{EventPatch}, ID: "1", Type: "Flag", Attributes: []string{"active"}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			resource := func(text string) *Resource {
				if text == "" {
					return nil
				}
				return StoredResource(tt.typ, []byte(text))
			}
			got := NewChange(resource(tt.before), resource(tt.after), tt.links)
			if got.Time != timeNow().UTC() {
				t.Errorf("%s: at %v", tt.reason, got.Time)
			}
			tt.want.Time = got.Time
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s:\n%s", tt.reason, diff)
			}
		})
	}
}
