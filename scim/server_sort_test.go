package scim

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestSorting(t *testing.T) {
	c := newTestServer(t, nil)
	for _, body := range []string{
		`{"userName":"b","displayName":"Zoë","externalId":"a","title":"x","emails":[{"value":"z@example.com"},{"value":"a@example.com","primary":true}],"` + entURN + `":{"department":"2"}}`,
		`{"userName":"C","displayName":"adam","externalId":"B","name":{"familyName":"q"},"emails":[{"value":"m@example.com"}],"active":false}`,
		`{"userName":"a","displayName":"Bob","externalId":"b","title":"A","name":{"familyName":"P"},"` + entURN + `":{"department":"10"}}`,
	} {
		c.create("/Users", body)
	}
	for _, tt := range []struct{ reason, query, want string }{
		{"the order they were made in", "", "b C a"},
		{"without regard to case, as userName compares", "sortBy=userName", "a b C"},
		{"descending", "sortBy=userName&sortOrder=descending", "C b a"},
		{"the order in another case", "sortBy=USERNAME&sortOrder=Descending", "C b a"},
		{"caseExact: capitals come first", "sortBy=externalId", "C b a"},
		{"beyond ASCII", "sortBy=displayName", "C a b"},
		{"no value comes last", "sortBy=title", "a b C"},
		{"no value comes first, descending", "sortBy=title&sortOrder=descending", "C b a"},
		{"a sub-attribute", "sortBy=name.familyName", "a C b"},
		{"the primary of several values, else the first", "sortBy=emails", "b C a"},
		{"the same, named", "sortBy=emails.value", "b C a"},
		{"an extension", "sortBy=" + url.QueryEscape(entURN+":department"), "a b C"},
		{"booleans: false before true, equal ones as they were made", "sortBy=active", "C b a"},
		{"a page of it", "sortBy=userName&startIndex=2&count=1", "b"},
		{"past the end", "sortBy=userName&startIndex=9", ""},
		{"with a filter", "sortBy=userName&filter=title+pr", "a b"},
		{"an order without an attribute", "sortOrder=descending", "b C a"},
	} {
		if got := userNames(c.want(200, "GET", "/Users?"+tt.query, "")); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.reason, got, tt.want)
		}
	}
	if got := userNames(c.want(200, "POST", "/Users/.search", `{"schemas":["`+messageSearch+`"],"sortBy":"userName","sortOrder":"descending"}`)); got != "C b a" {
		t.Errorf(".search: %s", got)
	}
	for _, tt := range []struct{ reason, query string }{
		{"an unknown attribute", "sortBy=colour"},
		{"what is never returned has no order: it would tell the value", "sortBy=password"},
		{"an attribute of several parts", "sortBy=name"},
		{"groups are computed", "sortBy=groups"},
		{"an unknown order", "sortBy=userName&sortOrder=random"},
	} {
		if got := c.want(400, "GET", "/Users?"+tt.query, ""); !strings.Contains(got.body, "sort") {
			t.Errorf("%s: the error does not name the parameter: %s", tt.reason, got.body)
		}
	}
	if got := c.want(200, "GET", "/ServiceProviderConfig", "").at("sort/supported"); got != "true" {
		t.Errorf("sort is advertised as %s", got)
	}
}

func userNames(a *rawAnswer) string {
	var out []string
	list, _ := a.json["Resources"].([]any)
	for _, r := range list {
		user, _ := r.(map[string]any)
		name, _ := user["userName"].(string)
		if name == "" {
			name, _ = user["displayName"].(string)
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

func TestRootQuery(t *testing.T) {
	c := newTestServer(t, nil)
	for i := range 3 {
		c.create("/Users", fmt.Sprintf(`{"userName":"u%d","displayName":"n%d"}`, i, i))
		c.create("/Groups", fmt.Sprintf(`{"displayName":"g%d"}`, i))
	}
	for _, tt := range []struct{ reason, query, want, total string }{
		{"everything, type by type", "", "u0 u1 u2 g0 g1 g2", "6"},
		{"a page over the border of two types", "startIndex=3&count=2", "u2 g0", "6"},
		{"a page of the second type", "startIndex=5&count=9", "g1 g2", "6"},
		{"the total alone", "count=0", "", "6"},
		{"past the end", "startIndex=7", "", "6"},
		{"an attribute that one type does not have selects nothing there", "filter=" + url.QueryEscape(`userName eq "u1"`), "u1", "1"},
		{"an attribute that both have", "filter=" + url.QueryEscape(`displayName eq "g1" or displayName eq "n1"`), "u1 g1", "2"},
		{"the type as a filter", "filter=" + url.QueryEscape(`meta.resourceType eq "Group"`), "g0 g1 g2", "3"},
	} {
		got := c.want(200, "GET", "/?"+tt.query, "")
		if userNames(got) != tt.want || got.at("totalResults") != tt.total {
			t.Errorf("%s: %s of %s, want %s of %s", tt.reason, userNames(got), got.at("totalResults"), tt.want, tt.total)
		}
	}
	if got := userNames(c.want(200, "POST", "/.search", `{"schemas":["`+messageSearch+`"],"filter":"displayName sw \"g\"","count":2}`)); got != "g0 g1" {
		t.Errorf(".search: %s", got)
	}
	if got := c.want(400, "GET", "/?filter="+url.QueryEscape(`colour eq "x"`), ""); got.at("scimType") != `"invalidFilter"` {
		t.Errorf("an attribute that no type has: %s", got.body)
	}
	c.want(400, "GET", "/?sortBy=displayName", "")
}

func TestSortByTime(t *testing.T) {
	s, err := UserType().ParseSort("meta.created", false)
	if err != nil {
		t.Fatal(err)
	}
	key := func(created string) SortKey {
		r, err := DecodeResource(UserType(), []byte(`{"meta":{"created":"`+created+`"}}`))
		if err != nil {
			t.Fatal(err)
		}
		return s.Key(r)
	}
	if s.Compare(key("2011-05-13T04:42:34Z"), key("2011-05-13T01:42:35-03:00")) >= 0 {
		t.Error("moments were compared as texts")
	}
}
