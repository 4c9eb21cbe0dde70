package filter_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim/filter"
)

const memberID = "2819c223-7f76-453a-919d-413861904646"

var pathRows = []struct {
	in     string
	want   filter.Path
	reason string
}{
	{`members`, filter.Path{Attr: at("members")}, "RFC 7644 figure 8"},
	{`name.familyName`, filter.Path{Attr: at("name.familyName")}, "figure 8: without a filter the sub-attribute is the attribute path's"},
	{`addresses[type eq "work"]`, filter.Path{Attr: at("addresses"), Filter: eq("type", "work")}, "figure 8"},
	{`members[value eq "` + memberID + `"]`, filter.Path{Attr: at("members"), Filter: eq("value", memberID)}, "figure 8"},
	{
		`members[value eq "` + memberID + `"].displayName`,
		filter.Path{Attr: at("members"), Filter: eq("value", memberID), Sub: "displayName"},
		"figure 8",
	},
	{`emails[type eq "work"].value`, filter.Path{Attr: at("emails"), Filter: eq("type", "work"), Sub: "value"}, "Entra"},
	{`roles[primary eq "True"].display`, filter.Path{Attr: at("roles"), Filter: eq("primary", "True"), Sub: "display"}, "Entra: a boolean as text"},
	{
		`addresses[type eq "work" and not (primary eq true)].formatted`,
		filter.Path{
			Attr: at("addresses"), Sub: "formatted",
			Filter: and(eq("type", "work"), not(cmpr("primary", filter.Eq, filter.Literal{Kind: filter.True}))),
		},
		"any filter may select",
	},
	{`emails[value eq "a.b]c@example.com"]`, filter.Path{Attr: at("emails"), Filter: eq("value", "a.b]c@example.com")}, "a dot and a bracket inside the text"},
	{`emails[ type eq "work" ].$ref`, filter.Path{Attr: at("emails"), Filter: eq("type", "work"), Sub: "$ref"}, "spaces inside the brackets"},
	{`a.b[c pr].d`, filter.Path{Attr: at("a.b"), Filter: pr("c"), Sub: "d"}, "the grammar allows a sub-attribute before the filter"},
	{
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName`,
		filter.Path{Attr: filter.AttrPath{URN: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", Name: "manager", Sub: "displayName"}},
		"Entra",
	},
	{
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`,
		filter.Path{Attr: filter.AttrPath{URN: "urn:ietf:params:scim:schemas:extension:enterprise:2.0", Name: "User"}},
		"a schema alone looks like an attribute; only a schema can tell",
	},
	{
		`urn:example:2.0:User:a[b eq "x"].c`,
		filter.Path{Attr: filter.AttrPath{URN: "urn:example:2.0:User", Name: "a"}, Filter: eq("b", "x"), Sub: "c"},
		"all parts at once",
	},
}

func TestParsePath(t *testing.T) {
	for _, r := range pathRows {
		got, err := filter.ParsePath(r.in, nil)
		if err != nil {
			t.Errorf("ParsePath(%#q) = %v (%s)", r.in, err, r.reason)
			continue
		}
		if diff := cmp.Diff(r.want, got); diff != "" {
			t.Errorf("ParsePath(%#q): -want +got (%s)\n%s", r.in, r.reason, diff)
		}
	}
	got, err := filter.ParsePath(`members[value eq abc-1]`, &filter.Options{Tolerant: true})
	want := filter.Path{Attr: at("members"), Filter: eq("value", "abc-1")}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("tolerant ParsePath: %v, -want +got\n%s", err, diff)
	}
}

var pathRefuseRows = []refuseRow{
	{``, 0, "attribute name", "no path is an absent path, not an empty one"},
	{`.`, 0, "attribute name", "no attribute"},
	{`.attr`, 0, "attribute name", "no attribute"},
	{`attr.`, 5, "attribute name", "no sub-attribute"},
	{` attr`, 0, "attribute name", "space before"},
	{`attr `, 4, "end of the path", "space after"},
	{`/name/familyName`, 0, "attribute name", "a JSON Pointer is no SCIM path"},
	{`emails[0]`, 7, "attribute name", "RFC 7644 section 3.5.2: no array indexes"},
	{`emails[]`, 7, "attribute name", "no filter"},
	{`emails[].value`, 7, "attribute name", "no filter"},
	{`emails[type eq "work"`, 21, "closing square bracket", "left open"},
	{`emails[type eq "work"]value`, 22, "end of the path", "no dot"},
	{`emails[type eq "work"].`, 23, "attribute name", "no sub-attribute"},
	{`emails[type eq "work"].value.x`, 28, "end of the path", "one level of sub-attributes"},
	{`emails[type eq "work"].value[x pr]`, 28, "end of the path", "one filter"},
	{`emails[type eq "work"][x pr]`, 22, "end of the path", "one filter"},
	{`emails[type eq work]`, 15, "in double quotes", "a value without quotes is for the tolerant"},
	{`name.a.b`, 6, "end of the path", "one level of sub-attributes"},
	{`urn:attr`, 0, "schema URI", "urn is no URI"},
	{`urn:x:.`, 6, "attribute name", "no attribute after the URI"},
	{`userName eq "x"`, 8, "end of the path", "a filter is no path"},
	{`(members)`, 0, "attribute name", "parentheses"},
	{"memb\u00e9rs", 4, "end of the path", "names are ASCII"},
}

func TestParsePathRefuses(t *testing.T) {
	for _, r := range pathRefuseRows {
		got, err := filter.ParsePath(r.in, nil)
		checkSyntaxError(t, r, err)
		if diff := cmp.Diff(filter.Path{}, got); diff != "" {
			t.Errorf("ParsePath(%#q) returned part of a path\n%s", r.in, diff)
		}
	}
}
