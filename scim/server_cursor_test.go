package scim

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// cursorPage asks for one page by cursor, with GET or a search.
func cursorPage(c *rawClient, target, query, cursor string, search bool) *rawAnswer {
	c.t.Helper()
	if !search {
		return c.want(200, "GET", target+"?"+query+"&cursor="+cursor, "")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		c.t.Fatal(err)
	}
	body := fmt.Sprintf(`{"schemas":[%q],"cursor":%q`, messageSearch, cursor)
	for name, v := range values {
		if name == "count" {
			body += fmt.Sprintf(`,%q:%s`, name, v[0])
		} else {
			body += fmt.Sprintf(`,%q:%q`, name, v[0])
		}
	}
	return c.want(200, "POST", strings.TrimSuffix(target, "/")+"/.search", body+"}")
}

func nextCursor(a *rawAnswer) string {
	text, _ := a.json["nextCursor"].(string)
	return text
}

func TestCursorPages(t *testing.T) {
	c := newTestServer(t, &ServerOptions{Limits: Limits{MaxPageSize: 4}})
	for i := range 5 {
		c.create("/Users", fmt.Sprintf(`{"userName":"u%d","displayName":"%d"}`, i, 9-i))
	}
	for i := range 2 {
		c.create("/Groups", fmt.Sprintf(`{"displayName":"g%d"}`, i))
	}
	for _, tt := range []struct{ reason, target, query, want, total string }{
		{"a full last page has no cursor", "/Users", "count=5&filter=userName+pr+and+not+(userName+eq+\"u4\")", "u0 u1 u2 u3", "4"},
		{"one by one", "/Users", "count=1", "u0|u1|u2|u3|u4", "5"},
		{"the rest is on the last page", "/Users", "count=3", "u0 u1 u2|u3 u4", "5"},
		{"no count is the default", "/Users", "", "u0 u1 u2 u3|u4", "5"},
		{"more than the maximum is the maximum", "/Users", "count=1000", "u0 u1 u2 u3|u4", "5"},
		{"in an order", "/Users", "count=2&sortBy=displayName", "u4 u3|u2 u1|u0", "5"},
		{"in the opposite order", "/Users", "count=2&sortBy=displayName&sortOrder=descending", "u0 u1|u2 u3|u4", "5"},
		{"with a filter", "/Users", `count=1&filter=displayName+gt+"6"`, "u0|u1|u2", "3"},
		{"with a filter that an index decides", "/Users", `count=1&filter=userName+eq+"u3"`, "u3", "1"},
		{"nothing", "/Users", `count=1&filter=userName+eq+"x"`, "", "0"},
		{"a negative count is 0", "/Users", "count=-1", "", "5"},
		{"the total alone", "/Users", "count=0", "", "5"},
		{"several types", "/", "count=2", "u0 u1|u2 u3|u4 g0|g1", "7"},
		{"a page that ends with a type", "/", "count=1", "u0|u1|u2|u3|u4|g0|g1", "7"},
		{"nothing of the second type", "/", `count=1&filter=userName+gt+"u2"`, "u3|u4", "2"},
		{"nothing of the first type", "/", `count=1&filter=displayName+sw+"g"`, "g0|g1", "2"},
	} {
		for _, search := range []bool{false, true} {
			var pages []string
			for cursor := ""; ; {
				page := cursorPage(c, tt.target, tt.query, cursor, search)
				if got := page.at("totalResults"); got != tt.total {
					t.Errorf("%s: a total of %s, want %s", tt.reason, got, tt.total)
				}
				if page.at("startIndex") != "absent" || page.at("previousCursor") != "absent" {
					t.Errorf("%s: %s", tt.reason, page.body)
				}
				list, _ := page.json["Resources"].([]any)
				if page.at("itemsPerPage") != fmt.Sprint(len(list)) {
					t.Errorf("%s: %s", tt.reason, page.body)
				}
				pages = append(pages, userNames(page))
				if cursor = nextCursor(page); cursor == "" {
					break
				}
				if !regexp.MustCompile(`^[A-Za-z0-9._~-]+$`).MatchString(cursor) {
					t.Errorf("%s: a character that is not unreserved: %s", tt.reason, cursor)
				}
			}
			if got := strings.Join(pages, "|"); got != tt.want {
				t.Errorf("%s (search %v): %s, want %s", tt.reason, search, got, tt.want)
			}
		}
	}
	if got := c.want(200, "GET", "/Users?count=1", ""); nextCursor(got) != "" || got.at("startIndex") != "1" {
		t.Errorf("without the parameter pages are by index: %s", got.body)
	}
	if got := c.want(200, "GET", "/Users?cursor&count=1", ""); nextCursor(got) == "" {
		t.Errorf("the parameter without a value asks for the first page: %s", got.body)
	}
	if got := c.want(200, "POST", "/Users/.search", `{"schemas":["`+messageSearch+`"],"cursor":null}`); got.at("startIndex") != "1" {
		t.Errorf("null is no value: %s", got.body)
	}
}

func TestCursorMistakes(t *testing.T) {
	c := newTestServer(t, nil)
	for i := range 3 {
		c.create("/Users", fmt.Sprintf(`{"userName":"u%d"}`, i))
		c.create("/Groups", fmt.Sprintf(`{"displayName":"g%d"}`, i))
	}
	next := nextCursor(c.want(200, "GET", "/Users?cursor=&count=1", ""))
	other := []byte(next)
	other[len(other)/2] ^= 1
	for _, tt := range []struct{ reason, target, kind string }{
		{"not ours", "/Users?count=1&cursor=x", "invalidCursor"},
		{"not base64", "/Users?count=1&cursor=" + next[:9] + "*", "invalidCursor"},
		{"a line break in it", "/Users?count=1&cursor=" + next[:9] + "%0A" + next[9:], "invalidCursor"},
		{"cut", "/Users?count=1&cursor=" + next[:len(next)-1], "invalidCursor"},
		{"longer", "/Users?count=1&cursor=" + next + "AA", "invalidCursor"},
		{"changed", "/Users?count=1&cursor=" + url.QueryEscape(string(other)), "invalidCursor"},
		{"another endpoint", "/Groups?count=1&cursor=" + next, "invalidCursor"},
		{"the root", "/?count=1&cursor=" + next, "invalidCursor"},
		{"another filter", "/Users?count=1&filter=userName+pr&cursor=" + next, "invalidCursor"},
		{"an order", "/Users?count=1&sortBy=userName&cursor=" + next, "invalidCursor"},
		{"another count", "/Users?count=2&cursor=" + next, "invalidCount"},
		{"a count of 0", "/Users?count=0&cursor=" + next, "invalidCount"},
		{"a count that is no number", "/Users?count=many&cursor=", "invalidCount"},
		{"the same without a cursor", "/Users?count=many", "invalidValue"},
		{"an index too", "/Users?count=1&startIndex=1&cursor=", "invalidValue"},
		{"twice", "/Users?cursor=&cursor=" + next, "invalidSyntax"},
	} {
		got := c.want(400, "GET", tt.target, "")
		if tt.kind == "invalidCursor" && got.body != c.want(400, "GET", "/Users?cursor=x", "").body {
			t.Errorf("%s: the answer tells what is wrong: %s", tt.reason, got.body)
		}
		if got.at("scimType") != `"`+tt.kind+`"` {
			t.Errorf("%s: %s", tt.reason, got.body)
		}
		if strings.Contains(got.body, next[:9]) {
			t.Errorf("%s: the answer repeats the cursor: %s", tt.reason, got.body)
		}
	}
	for _, tt := range []struct{ reason, target, want string }{
		{"the same query", "/Users?count=1&cursor=" + next, "u1"},
		{"without its count", "/Users?cursor=" + next, "u1"},
		{"once more", "/Users?count=1&cursor=" + next, "u1"},
		{"other attributes: the list is the same", "/Users?count=1&attributes=userName&cursor=" + next, "u1"},
	} {
		if got := userNames(c.want(200, "GET", tt.target, "")); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.reason, got, tt.want)
		}
	}
	filtered := nextCursor(c.want(200, "GET", "/Users?count=1&filter=userName+pr&cursor", ""))
	c.want(200, "GET", "/Users?count=1&filter=username+PR&cursor="+filtered, "")
	for _, tt := range []struct{ members, kind string }{
		{`"cursor":7`, "invalidValue"}, {`"cursor":"x"`, "invalidCursor"}, {`"count":"many","cursor":""`, "invalidCount"}, {`"count":"many"`, "invalidValue"},
		{`"cursor":"","startIndex":1`, "invalidValue"}, {`"cursor":"","Cursor":""`, "invalidSyntax"},
	} {
		got := c.want(400, "POST", "/Users/.search", `{"schemas":["`+messageSearch+`"],`+tt.members+`}`)
		if got.at("scimType") != `"`+tt.kind+`"` {
			t.Errorf("a search with %s: %s", tt.members, got.body)
		}
	}
}

// TestCursorIsNoKey: a cursor opens no other tenant's list, nor that of
// another connection, and none at all without a credential.
func TestCursorIsNoKey(t *testing.T) {
	scopes := []Scope{{}, {Tenant: "a"}, {Tenant: "a", Connection: "b"}, {Tenant: "ab"}, {Connection: "ab"}}
	var tokens []StaticToken
	for i, scope := range scopes {
		token, err := NewStaticToken(NewSecret(fmt.Sprint(testToken, i)), Subject{Scope: scope}, noExpiry)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	auth, err := NewStaticTokens(tokens...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServer(NewMemoryStore(), auth, nil)
	if err != nil {
		t.Fatal(err)
	}
	cursors := make([]string, len(scopes))
	for i := range scopes {
		token := fmt.Sprint(testToken, i)
		for n := range 2 {
			serve(s, token, exchange{method: "POST", target: "/Users", body: fmt.Sprintf(`{"userName":"u%d"}`, n)})
		}
		cursors[i] = regexp.MustCompile(`"nextCursor":"([^"]+)"`).FindStringSubmatch(serve(s, token, exchange{method: "GET", target: "/Users?count=1&cursor="}).Body.String())[1]
	}
	for i := range scopes {
		for j, cursor := range cursors {
			w := serve(s, fmt.Sprint(testToken, i), exchange{method: "GET", target: "/Users?count=1&cursor=" + cursor})
			if (w.Code == 200) != (i == j) || w.Code != 200 && !strings.Contains(w.Body.String(), "invalidCursor") {
				t.Errorf("%v with the cursor of %v: %d %s", scopes[i], scopes[j], w.Code, w.Body)
			}
		}
	}
	if w := serve(s, "no-such-token-at-all", exchange{method: "GET", target: "/Users?count=1&cursor=" + cursors[0]}); w.Code != 401 {
		t.Errorf("without a credential: %d", w.Code)
	}
}

func TestCursorExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := NewServer(NewMemoryStore(), staticTokens(t, testToken, noExpiry), &ServerOptions{CursorTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			serve(s, testToken, exchange{method: "POST", target: "/Users", body: fmt.Sprintf(`{"userName":"u%d"}`, n)})
		}
		next := func(cursor string) *httptest.ResponseRecorder {
			return serve(s, testToken, exchange{method: "GET", target: "/Users?count=1&cursor=" + cursor})
		}
		text := func(w *httptest.ResponseRecorder) string {
			m := regexp.MustCompile(`"nextCursor":"([^"]+)"`).FindStringSubmatch(w.Body.String())
			if m == nil {
				t.Fatal(w.Body)
			}
			return m[1]
		}
		first := text(next(""))
		time.Sleep(time.Minute)
		second := text(next(first)) // each page begins the time anew
		time.Sleep(time.Minute)
		if w := next(second); w.Code != 200 {
			t.Errorf("after a minute: %d %s", w.Code, w.Body)
		}
		if w := next(first); w.Code != 400 || !strings.Contains(w.Body.String(), `"expiredCursor"`) {
			t.Errorf("after two: %d %s", w.Code, w.Body)
		}
	})
}

func TestCursorKeys(t *testing.T) {
	store := NewMemoryStore()
	server := func(keys ...string) *Server {
		o := &ServerOptions{}
		for _, key := range keys {
			o.CursorKeys = append(o.CursorKeys, NewSecret(strings.Repeat(key, 16)))
		}
		s, err := NewServer(store, staticTokens(t, testToken, noExpiry), o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for n := range 2 {
		serve(server(), testToken, exchange{method: "POST", target: "/Users", body: fmt.Sprintf(`{"userName":"u%d"}`, n)})
	}
	for _, tt := range []struct {
		reason   string
		from, to []string
		good     bool
	}{
		{"one key, two servers", []string{"a"}, []string{"a"}, true},
		{"another key", []string{"a"}, []string{"b"}, false},
		{"a key of its own each", nil, nil, false},
		{"the old key is still read", []string{"a"}, []string{"b", "a"}, true},
		{"the new key is read before it is used", []string{"b"}, []string{"a", "b"}, true},
	} {
		w := serve(server(tt.from...), testToken, exchange{method: "GET", target: "/Users?count=1&cursor="})
		cursor := regexp.MustCompile(`"nextCursor":"([^"]+)"`).FindStringSubmatch(w.Body.String())[1]
		w = serve(server(tt.to...), testToken, exchange{method: "GET", target: "/Users?count=1&cursor=" + cursor})
		if (w.Code == 200) != tt.good {
			t.Errorf("%s: %d %s", tt.reason, w.Code, w.Body)
		}
	}
}

func TestCursorOptions(t *testing.T) {
	for _, tt := range []struct {
		reason, path string
		o            ServerOptions
	}{
		{"a key that can be guessed", "CursorKeys", ServerOptions{CursorKeys: []Secret{NewSecret("short")}}},
		{"no key", "CursorKeys", ServerOptions{CursorKeys: []Secret{{}}}},
		{"less than can be advertised", "CursorTimeout", ServerOptions{CursorTimeout: time.Millisecond}},
	} {
		_, err := NewServer(NewMemoryStore(), staticTokens(t, testToken, noExpiry), &tt.o)
		if asError(err).Kind != KindInvalidOption || asError(err).Path != tt.path {
			t.Errorf("%s: %v", tt.reason, err)
		}
	}
	c := newTestServer(t, nil)
	want := `{"cursor":true,"cursorTimeout":3600,"defaultPageSize":200,"defaultPaginationMethod":"index","index":true,"maxPageSize":1000}`
	if got := c.want(200, "GET", "/ServiceProviderConfig", "").at("pagination"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	c = newTestServer(t, &ServerOptions{CursorTimeout: -1})
	want = `{"cursor":false,"defaultPageSize":200,"defaultPaginationMethod":"index","index":true,"maxPageSize":1000}`
	if got := c.want(200, "GET", "/ServiceProviderConfig", "").at("pagination"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// To ignore the parameter would be to end the list after one page.
	c.want(400, "GET", "/Users?cursor=", "")
	c.want(200, "GET", "/Users?startIndex=1", "")
}

// TestPagingByCursorUnderChange: over HTTP, on any endpoint, what does not
// change while the pages are read is on exactly one of them.
func TestPagingByCursorUnderChange(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, err := NewServer(NewMemoryStore(), staticTokens(t, testToken, noExpiry), nil)
		if err != nil {
			rt.Fatal(err)
		}
		target := rapid.SampledFrom([]string{"/Users", "/Groups", "/"}).Draw(rt, "endpoint")
		number, ids := 0, []string(nil)
		add := func() string {
			number++
			endpoint, body := "/Users", fmt.Sprintf(`{"userName":"u%d"}`, number)
			if number%3 == 0 {
				endpoint, body = "/Groups", fmt.Sprintf(`{"displayName":"g%d"}`, number)
			}
			id := createdID(serve(s, testToken, exchange{method: "POST", target: endpoint, body: body}))
			if target == "/" || target == endpoint {
				ids = append(ids, endpoint+"/"+id)
			}
			return endpoint + "/" + id
		}
		for range rapid.IntRange(0, 20).Draw(rt, "resources") {
			add()
		}
		before, gone, seen := slices.Clone(ids), map[string]bool{}, map[string]int{}
		q := fmt.Sprintf("?count=%d&cursor=", rapid.IntRange(1, 5).Draw(rt, "count"))
		for cursor := ""; ; {
			w := serve(s, testToken, exchange{method: "GET", target: target + q + cursor})
			for _, m := range regexp.MustCompile(`"id":"([^"]+)"`).FindAllStringSubmatch(w.Body.String(), -1) {
				seen[m[1]]++
			}
			m := regexp.MustCompile(`"nextCursor":"([^"]+)"`).FindStringSubmatch(w.Body.String())
			if m == nil {
				break
			}
			cursor = m[1]
			if rapid.Bool().Draw(rt, "add") {
				add()
			}
			if left := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return gone[id] }); len(left) > 0 && rapid.Bool().Draw(rt, "delete") {
				id := rapid.SampledFrom(left).Draw(rt, "id")
				gone[id] = true
				serve(s, testToken, exchange{method: "DELETE", target: id})
			}
		}
		for _, id := range before {
			if n := seen[id[strings.LastIndex(id, "/")+1:]]; !gone[id] && n != 1 {
				rt.Fatalf("%s is there %d times", id, n)
			}
		}
	})
}

// FuzzCursor: no text but those that were made opens.
func FuzzCursor(f *testing.F) {
	box, err := newCursorBox([]Secret{NewSecret(testToken)}, 0)
	if err != nil {
		f.Fatal(err)
	}
	query := []byte("query")
	made := &cursor{count: 7, total: 9, typ: 1, after: "12:tanna"}
	good := box.text(made, query)
	for _, seed := range []string{"", "x", good, good + "A", good[1:], strings.ToUpper(good)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := box.open(text, query)
		if err == nil {
			if got.made = made.made; *got != *made {
				t.Fatalf("%q opens: %+v", text, got)
			}
		}
		if err != nil && !errors.Is(err, ErrInvalidCursor) && !errors.Is(err, ErrExpiredCursor) {
			t.Fatal(err)
		}
		// What the key protects must not be able to do harm either.
		if c, err := readCursor([]byte(text)); err == nil && !strings.HasSuffix(text, c.after) {
			t.Fatalf("%+v", c)
		}
	})
}
