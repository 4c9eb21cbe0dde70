package scim

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestPaging(t *testing.T) {
	c := newTestServer(t, &ServerOptions{Limits: Limits{PageSize: 3, MaxPageSize: 5}})
	for i := range 7 {
		c.create("/Users", fmt.Sprintf(`{"userName":"u%d"}`, i))
	}
	for _, tt := range []struct {
		reason, query      string
		start, items, want string // startIndex, itemsPerPage, first userName
	}{
		{"defaults", "", "1", "3", `"u0"`},
		{"second page", "startIndex=4", "4", "3", `"u3"`},
		{"last page", "startIndex=6&count=5", "6", "2", `"u5"`},
		{"startIndex 0 is 1 (RFC 7644 section 3.4.2.4)", "startIndex=0&count=1", "1", "1", `"u0"`},
		{"so is a negative one", "startIndex=-5&count=1", "1", "1", `"u0"`},
		{"behind the end", "startIndex=8", "8", "0", "absent"},
		{"far behind", "startIndex=99999999999999999999", "2147483647", "0", "absent"},
		{"count 0 asks for the total", "count=0", "1", "0", "absent"},
		{"a negative count is 0", "count=-1", "1", "0", "absent"},
		{"a count above the most", "count=1000", "1", "5", `"u0"`},
		{"a huge count", "count=99999999999999999999", "1", "5", `"u0"`},
		{"keys of others are ignored", "aadOptscim062020&x=1&count=1", "1", "1", `"u0"`},
	} {
		get := c.want(200, "GET", "/Users?"+tt.query, "")
		for key, want := range map[string]string{"totalResults": "7", "startIndex": tt.start, "itemsPerPage": tt.items, "Resources/0/userName": tt.want} {
			if got := get.at(key); got != want {
				t.Errorf("%s: %s is %s, want %s", tt.reason, key, got, want)
			}
		}
		q, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		body := `{"schemas":["` + messageSearch + `"]`
		for _, key := range []string{"startIndex", "count"} {
			if q.Has(key) {
				body += `,"` + key + `":` + q.Get(key)
			}
		}
		if post := c.want(200, "POST", "/Users/.search", body+"}"); post.body != get.body {
			t.Errorf("%s: .search differs:\n%s\n%s", tt.reason, post.body, get.body)
		}
	}
}

func TestQueryMistakes(t *testing.T) {
	c := newTestServer(t, nil)
	for _, tt := range []struct {
		reason, query string
		status        int
		names         string
	}{
		{"count is no number", "count=ten", 400, "count"},
		{"count is empty", "count=", 400, "count"},
		{"count is no whole number", "count=1.5", 400, "count"},
		{"startIndex is no number", "startIndex=0x10", 400, "startIndex"},
		{"a parameter twice", "count=1&count=2", 400, "count"},
		{"a filter twice", "filter=id+pr&filter=active+pr", 400, "filter"},
		{"a broken escape", "filter=%zz", 400, "query"},
		{"65 parameters", strings.Repeat("a=1&", 64) + "a=1", 414, ".search"},
		{"8 KiB", "a=" + strings.Repeat("x", 8<<10), 414, ".search"},
	} {
		if got := c.want(tt.status, "GET", "/Users?"+tt.query, ""); !strings.Contains(got.body, tt.names) {
			t.Errorf("%s: %s", tt.reason, got.body)
		}
	}
	for _, tt := range []struct{ reason, body, names string }{
		{"count is a text", `{"count":"5"}`, "count"},
		{"startIndex is a fraction", `{"startIndex":1.5}`, "startindex"},
		{"filter is a number", `{"filter":5}`, "filter"},
		{"attributes is a text", `{"attributes":"userName"}`, "attributes"},
		{"attributes holds a number", `{"attributes":[1]}`, "attributes"},
		{"a member twice by case", `{"count":1,"Count":2}`, "Count"},
		{"no object", `[]`, "SearchRequest"},
		{"trailing data", `{}{}`, "byte"},
	} {
		if got := c.want(400, "POST", "/Users/.search", tt.body); !strings.Contains(got.body, tt.names) {
			t.Errorf("%s: %s", tt.reason, got.body)
		}
	}
	c.want(200, "POST", "/Users/.search", `{"attributes":null,"filter":null,"startIndex":null,"count":null,"sortBy":"userName"}`)
}

func TestProjection(t *testing.T) {
	c := newTestServer(t, nil)
	user := c.create("/Users", `{"userName":"u","displayName":"D","name":{"givenName":"G","familyName":"F"},"emails":[{"value":"e","type":"work"},{"type":"x"}],"`+entURN+`":{"department":"Dep","manager":{"value":"m"}}}`)
	group := c.create("/Groups", `{"displayName":"g","members":[{"value":"`+user+`","display":"U"},{"value":"x"}]}`)
	for _, tt := range []struct {
		reason, target, query string
		want                  string // top-level members but schemas
	}{
		{"everything", "/Users/" + user, "", "id userName name displayName active emails groups " + entURN + " meta"},
		{"one attribute", "/Users/" + user, "attributes=userName", "id userName"},
		{"any case, spaces", "/Users/" + user, "attributes=USERNAME,%20displayname", "id userName displayName"},
		{"an attribute that is not there", "/Users/" + user, "attributes=colour", "id"},
		{"a sub-attribute", "/Users/" + user, "attributes=name.familyName", "id name"},
		{"with the core URN", "/Users/" + user, "attributes=" + SchemaUser + ":name.familyName", "id name"},
		{"an extension", "/Users/" + user, "attributes=" + entURN, "id " + entURN},
		{"an attribute of an extension", "/Users/" + user, "attributes=" + entURN + ":department", "id " + entURN},
		{"a sub-attribute of an extension", "/Users/" + user, "attributes=" + entURN + ":manager.value", "id " + entURN},
		{"never returned", "/Users/" + user, "attributes=password", "id"},
		{"groups only", "/Users/" + user, "attributes=groups", "id groups"},
		{"meta only", "/Users/" + user, "attributes=meta.version", "id meta"},
		{"without an attribute", "/Users/" + user, "excludedAttributes=emails,meta,name," + entURN + ",groups", "id userName displayName active"},
		{"what is always returned cannot be excluded", "/Users/" + user, "excludedAttributes=id,emails,meta,name," + entURN + ",groups", "id userName displayName active"},
		{"a sub-attribute is excluded", "/Users/" + user, "excludedAttributes=name.familyName," + entURN + ":manager.value,emails.value,emails.type,groups,meta.version", "id userName name displayName active " + entURN + " meta"},
		{"members", "/Groups/" + group, "attributes=members.value", "id members"},
		{"members without a display of their own", "/Groups/" + group, "attributes=members.display", "id members"},
		{"no members", "/Groups/" + group, "excludedAttributes=members", "id displayName meta"},
	} {
		one := c.want(200, "GET", tt.target+"?"+tt.query, "")
		if got := topLevel(one.json); got != sorted(tt.want) {
			t.Errorf("%s: %s, want %s\n%s", tt.reason, got, sorted(tt.want), one.body)
		}
		endpoint := tt.target[:strings.LastIndex(tt.target, "/")]
		list := c.want(200, "GET", endpoint+"?"+tt.query, "")
		if item, ok := list.json["Resources"].([]any)[0].(map[string]any); !ok || topLevel(item) != sorted(tt.want) {
			t.Errorf("%s, in a list: %s", tt.reason, list.body)
		}
		if strings.Contains(one.body, "{}") || strings.Contains(one.body, "[]") {
			t.Errorf("%s: an empty value in %s", tt.reason, one.body)
		}
	}
	if got := c.want(200, "GET", "/Groups/"+group+"?attributes=members.display", ""); got.at("members") != `[{"display":"U"}]` {
		t.Error(got.body)
	}
	if got := c.want(200, "GET", "/Users/"+user+"?attributes=name.familyName", ""); got.at("name") != `{"familyName":"F"}` {
		t.Error(got.body)
	}
	if got := c.want(200, "PATCH", "/Groups/"+group+"?attributes=displayName", patchBody(`{"op":"replace","path":"displayName","value":"h"}`)); got.at("displayName") != `"h"` || got.at("members") != "absent" {
		t.Error(got.body)
	}
	if got := c.want(201, "POST", "/Users?attributes=userName", `{"userName":"v","displayName":"V"}`); topLevel(got.json) != sorted("id userName") {
		t.Error(got.body)
	}
}

func topLevel(m map[string]any) string {
	var keys []string
	for key := range m {
		if key != "schemas" {
			keys = append(keys, key)
		}
	}
	return sorted(strings.Join(keys, " "))
}

func TestFilters(t *testing.T) {
	c := newTestServer(t, nil)
	a := c.create("/Users", `{"userName":"Anna","externalId":"123","displayName":"Ann","emails":[{"value":"a@example.com","type":"work","primary":true},{"value":"a@home.example","type":"home"}],"`+entURN+`":{"department":"Dep"}}`)
	b := c.create("/Users", `{"userName":"bob","externalId":"abC","active":false,"title":"x"}`)
	g := c.create("/Groups", `{"displayName":"G","members":[{"value":"`+a+`"}]}`)
	for _, tt := range []struct{ reason, target, filter, want string }{
		{"case does not count in userName", "/Users", `userName eq "ANNA"`, "Anna"},
		{"it counts in externalId", "/Users", `externalId eq "abc"`, ""},
		{"exact", "/Users", `externalId eq "abC"`, "bob"},
		{"a number without quotes is a text here", "/Users", `externalId eq 123`, "Anna"},
		{"a word without quotes", "/Users", `userName eq bob`, "bob"},
		{"ne", "/Users", `userName ne "bob"`, "Anna"},
		{"a value that is not there is not identical", "/Users", `title ne "y"`, "Anna bob"},
		{"ne on a list: any value (RFC 7644 section 3.4.2.2)", "/Users", `emails.type ne "work"`, "Anna bob"},
		{"its opposite", "/Users", `not (emails.type eq "work")`, "bob"},
		{"eq null", "/Users", `title eq null`, "Anna"},
		{"ne null", "/Users", `title ne null`, "bob"},
		{"pr", "/Users", `emails pr`, "Anna"},
		{"pr of what every resource has", "/Users", `schemas pr and meta pr and id pr`, "Anna bob"},
		{"by schema", "/Users", `schemas eq "` + entURN + `"`, "Anna"},
		{"by part of a schema", "/Users", `schemas co "enterprise"`, "Anna"},
		{"the core schema", "/Users", `schemas eq "` + SchemaUser + `"`, "Anna bob"},
		{"in brackets: one element", "/Users", `emails[type eq "home" and primary eq true]`, ""},
		{"without brackets: any", "/Users", `emails.type eq "home" and emails.primary eq true`, "Anna"},
		{"a complex list by its value", "/Users", `emails co "home.example"`, "Anna"},
		{"extension", "/Users", entURN + `:department eq "dep"`, "Anna"},
		{"boolean", "/Users", `active eq false`, "bob"},
		{"date", "/Users", `meta.created gt "2011-05-13T04:42:34Z" and meta.resourceType eq "User"`, "Anna bob"},
		{"owners", "/Users", `groups eq "` + g + `"`, "Anna"},
		{"owners in brackets", "/Users", `groups[value eq "` + g + `"]`, "Anna"},
		{"no owners", "/Users", `not (groups pr)`, "bob"},
		{"no owner has an empty id", "/Users", `groups.value eq ""`, ""},
		{"members", "/Groups", `members.value eq "` + a + `"`, "G"},
		{"members of another case", "/Groups", `members eq "` + strings.ToUpper(a) + `"`, ""},
		{"not a member", "/Groups", `members[value eq "` + b + `"]`, ""},
		{"has members", "/Groups", `members pr`, "G"},
		{"an empty text is no index key", "/Users", `displayName eq ""`, ""},
		{"id", "/Users", `id eq "` + a + `" and userName eq "anna"`, "Anna"},
	} {
		for _, body := range []*rawAnswer{
			c.want(200, "GET", tt.target+"?filter="+url.QueryEscape(tt.filter), ""),
			c.want(200, "POST", tt.target+"/.search", fmt.Sprintf(`{"filter":%q}`, tt.filter)),
		} {
			var got []string
			for i := range 3 {
				for _, name := range []string{"userName", "displayName"} {
					if s := body.at(fmt.Sprintf("Resources/%d/%s", i, name)); s != "absent" {
						got = append(got, strings.Trim(s, `"`))
						break
					}
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%s: %s found %q, want %q", tt.reason, tt.filter, got, tt.want)
			}
		}
	}
	strict := newTestServer(t, &ServerOptions{Strict: true})
	for _, text := range []string{`externalId eq 123`, `userName eq bob`, `userName eq true`} {
		strict.want(400, "GET", "/Users?filter="+url.QueryEscape(text), "")
	}
	for _, text := range []string{`members ne "x"`, `members[value co "x"]`, `members.display eq "x"`, `members[value eq "x" and type eq "User"]`} {
		if got := c.want(400, "GET", "/Groups?filter="+url.QueryEscape(text), ""); !strings.Contains(got.body, "by its value only") {
			t.Errorf("%s: %s", text, got.body)
		}
	}
}

func TestDiscovery(t *testing.T) {
	c := newTestServer(t, &ServerOptions{Limits: Limits{BodyBytes: 1000, MaxPageSize: 7}})
	for _, tt := range []struct{ target, path, want string }{
		{"/ServiceProviderConfig", "patch/supported", "true"},
		{"/ServiceProviderConfig", "bulk/supported", "true"},
		{"/ServiceProviderConfig", "bulk/maxOperations", "1000"},
		{"/ServiceProviderConfig", "bulk/maxPayloadSize", "1000"},
		{"/ServiceProviderConfig", "filter/maxResults", "7"},
		{"/ServiceProviderConfig", "meta/location", `"` + c.base + `/ServiceProviderConfig"`},
		{"/Schemas", "totalResults", "3"},
		{"/schemas/", "totalResults", "3"},
		{"/Schemas/" + SchemaUser, "id", `"` + SchemaUser + `"`},
		{"/Schemas/" + SchemaUser, "meta/location", `"` + c.base + "/Schemas/" + SchemaUser + `"`},
		{"/Schemas/" + entURN, "attributes/0/mutability", `"readWrite"`},
		{"/ResourceTypes", "totalResults", "2"},
		{"/ResourceTypes/User", "endpoint", `"/Users"`},
		{"/ResourceTypes/User", "schemaExtensions/0/schema", `"` + entURN + `"`},
		{"/ResourceTypes/Group", "schemaExtensions", `[]`},
	} {
		if got := c.want(200, "GET", tt.target, "").at(tt.path); got != tt.want {
			t.Errorf("%s %s is %s, want %s", tt.target, tt.path, got, tt.want)
		}
	}
	for _, target := range []string{"/Schemas/urn:none", "/ResourceTypes/Users"} {
		c.want(404, "GET", target, "")
	}
	for _, target := range []string{"/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Schemas/" + SchemaUser} {
		c.want(403, "GET", target+`?filter=id+eq+"x"`, "")
		if got := c.want(405, "POST", target, `{}`); got.header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: Allow is %q", target, got.header.Get("Allow"))
		}
		if got := c.send("HEAD", target, ""); got.status != 200 || got.body != "" {
			t.Errorf("HEAD %s: %d %q", target, got.status, got.body)
		}
	}
}
