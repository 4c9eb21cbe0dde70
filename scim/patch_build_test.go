package scim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zohoscim/zohoscim/scim"
)

func TestPatchBuild(t *testing.T) {
	const head = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":`
	for _, row := range []struct {
		reason string
		p      *scim.Patch
		want   string
	}{
		{"values in JSON", new(scim.Patch).Replace("active", scim.Bool(false)).Add("title", scim.String("a\"\n本")).Add("x", scim.Int(-5)), `[{"op":"replace","path":"active","value":false},{"op":"add","path":"title","value":"a\"\n本"},{"op":"add","path":"x","value":-5}]`},
		{"no value", new(scim.Patch).Remove("title").Replace("title", scim.Value{}), `[{"op":"remove","path":"title"},{"op":"replace","path":"title","value":null}]`},
		{"several values", new(scim.Patch).Add("schemas", scim.Multi(scim.String("a"), scim.String("b"))), `[{"op":"add","path":"schemas","value":["a","b"]}]`},
		{"members", new(scim.Patch).AddMembers("a", `b"`).RemoveMembers("c", `d"]`), `[{"op":"add","path":"members","value":[{"value":"a"},{"value":"b\""}]},{"op":"remove","path":"members[value eq \"c\"]"},{"op":"remove","path":"members[value eq \"d\\\"]\"]"}]`},
		{"no members", new(scim.Patch).AddMembers().RemoveMembers(), `[]`},
	} {
		if diff := cmp.Diff(head+row.want+"}", string(row.p.AppendJSON(nil))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.reason, diff)
		}
	}
}

// Whatever a value is, the patch has one operation that gives it to the path.
func FuzzPatchBuild(f *testing.F) {
	f.Add("bob", "id1")
	f.Add("\"},{\"op\":\"remove\",\"path\":\"active\"", `x"] or members[value pr`)
	f.Fuzz(func(t *testing.T, title, id string) {
		r := scim.NewResource(scim.UserType())
		for path, v := range map[string]scim.Value{"userName": scim.String("bob"), "active": scim.Bool(true)} {
			if err := r.Set(path, v); err != nil {
				t.Fatal(err)
			}
		}
		title = string([]rune(title))
		if _, err := new(scim.Patch).Replace("title", scim.String(title)).Apply(r); err != nil {
			t.Fatal(err)
		}
		if r.Get("title").Text() != title || !r.Get("active").Bool() {
			t.Fatalf("title %q became %q", title, r.Get("title").Text())
		}
		id = string([]rune(id))
		if id == "" || len(id) > 150 { // quoted, longer ones can make a path of more than 1,024 bytes
			return
		}
		g := scim.NewResource(scim.GroupType())
		if err := g.Set("displayName", scim.String("all")); err != nil {
			t.Fatal(err)
		}
		if _, err := new(scim.Patch).AddMembers("other", id).Apply(g); err != nil {
			t.Fatal(err)
		}
		before := g.Get("members").Len()
		if _, err := new(scim.Patch).RemoveMembers(id).Apply(g); err != nil {
			t.Fatal(err)
		}
		if after := g.Get("members").Len(); after != before-1 {
			t.Fatalf("%d members became %d", before, after)
		}
	})
}
