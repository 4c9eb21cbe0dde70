package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// TestZohoFields: a user whose source has Zoho's field names is sent, and
// what is received has the same fields.
func TestZohoFields(t *testing.T) {
	send := compiled(t, mapping.ZohoFieldsToUser(), scim.UserType())
	receive := compiled(t, mapping.UserToZohoFields().With(mapping.Fixed("work_location", "本社")), zohoUserType(t))
	rec := mapping.Record{}
	for _, f := range mapping.ZohoFields() {
		if f.English == "" || f.Japanese == "" {
			t.Errorf("%s has no label", f.Key)
		}
		if f.SCIM != "" {
			rec[f.Key] = "x" + f.Key
		}
	}
	res, err := send.Map(rec, mapping.Create)
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range res.References {
		if err := ref.Path.Set(res.Resource, scim.String(ref.Keys[0])); err != nil {
			t.Fatal(err)
		}
	}
	source, err := receive.RecordOf(res.Resource)
	if err != nil {
		t.Fatal(err)
	}
	got, err := receive.Map(source, mapping.Create)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range rec {
		if key == "work_location" {
			want = "本社"
		}
		if text := got.Resource.Get(key).Text(); text != want {
			t.Errorf("%s = %q, want %q", key, text, want)
		}
	}
	if len(rec) != 17 {
		t.Errorf("%d fields have a SCIM attribute", len(rec))
	}
}

func TestRecordOf(t *testing.T) {
	r := decoded(t, scim.UserType(), `{"userName":"u","active":true,"emails":[{"value":"a"},{"value":"b"}],"`+scim.SchemaEnterpriseUser+`":{"manager":{"value":"m","displayName":"M"}}}`)
	c := compiled(t, user(mapping.Direct("userName", "title"), mapping.Direct("active", "nickName"), mapping.Direct("emails", "emails"), mapping.Direct(enterprise+"manager", "locale")), scim.UserType())
	if _, err := c.RecordOf(r); !errors.Is(err, mapping.ErrSource) {
		t.Errorf("userPrincipalName is no path of a SCIM user: %v", err)
	}
	m := &mapping.Mapping{Target: "User", Rules: []mapping.Rule{mapping.Direct("userName", "userName").Match(1), mapping.Direct("active", "nickName"), mapping.Direct("emails", "emails"), mapping.Direct(enterprise+"manager", "locale"), mapping.Direct("title", "title")}}
	rec, err := compiled(t, m, scim.UserType()).RecordOf(r)
	if err != nil {
		t.Fatal(err)
	}
	want := mapping.Record{"userName": "u", "active": true, "emails": []any{"a", "b"}, enterprise + "manager": "m"}
	if diff := cmp.Diff(want, rec); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWriteTable(t *testing.T) {
	var b strings.Builder
	if err := user(mapping.Fixed("title", "本社"), mapping.Direct("a", "nickName").OrDefault("x").CreateOnly(), mapping.None("locale")).WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for line := range strings.Lines(b.String()) {
		got = append(got, strings.Fields(line))
	}
	want := [][]string{{"source", "target", "matching", "apply", "default"}, {"[userPrincipalName]", "userName", "1", "always"}, {`"本社"`, "title", "always"}, {"[a]", "nickName", "onCreate", "x"}, {"none", "locale", "always"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
