package scim

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"
)

// pageOf asks for one page, by GET or by a search.
func pageOf(t *rapid.T, s *Server, target, start, count, filter, sortBy string, search bool) (total, itemsPerPage int, ids []string) {
	x := exchange{method: "GET"}
	if search {
		x = exchange{method: "POST", target: strings.TrimSuffix(target, "/") + "/.search", body: fmt.Sprintf(`{"startIndex":%s,"count":%s,"filter":%q,"sortBy":%q}`, start, count, filter, sortBy)}
	} else {
		q := url.Values{"startIndex": {start}, "count": {count}, "filter": {filter}, "sortBy": {sortBy}}
		x.target = target + "?" + q.Encode()
	}
	w := serve(s, testToken, x)
	var page struct {
		Total     int `json:"totalResults"`
		PerPage   int `json:"itemsPerPage"`
		Resources []struct {
			ID string `json:"id"`
		} `json:"Resources"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 {
		t.Fatalf("%s %s: %d %s", x.target, x.body, w.Code, w.Body)
	}
	for _, r := range page.Resources {
		ids = append(ids, r.ID)
	}
	return page.Total, page.PerPage, ids
}

// TestPagingLaws: the pages of a list, of any size, are its resources, each
// once and in one order; the total is that of the list on every page; and an
// index or a count outside the list is answered as RFC 7644 section 3.4.2.4
// says.
func TestPagingLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 9).Draw(t, "MaxPageSize")
		s, err := NewServer(NewMemoryStore(), staticTokens(t, testToken, noExpiry), &ServerOptions{Limits: Limits{MaxPageSize: most}})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{} // whether the filter selects it
		users := rapid.IntRange(0, 25).Draw(t, "users")
		groups := rapid.IntRange(0, 8).Draw(t, "groups")
		target := rapid.SampledFrom([]string{"/Users", "/Groups", "/"}).Draw(t, "endpoint")
		filter := rapid.SampledFrom([]string{"id pr", `externalId eq "odd"`, `not (externalId eq "odd")`}).Draw(t, "filter")
		removed := rapid.IntRange(2, 9).Draw(t, "one of so many is removed")
		for i := range users + groups {
			external := []string{"even", "odd"}[i%2]
			endpoint, body := "/Users", fmt.Sprintf(`{"userName":"u%d","externalId":%q,"title":"%d"}`, i, external, i%3)
			if i >= users {
				endpoint, body = "/Groups", fmt.Sprintf(`{"displayName":"g%d","externalId":%q}`, i, external)
			}
			id := createdID(serve(s, testToken, exchange{method: "POST", target: endpoint, body: body}))
			if i%removed == 0 {
				serve(s, testToken, exchange{method: "DELETE", target: endpoint + "/" + id})
				continue
			}
			selected := filter == "id pr" || (external == "odd") == !strings.HasPrefix(filter, "not")
			if selected && (target == "/" || target == endpoint) {
				want[id] = true
			}
		}
		sortBy := ""
		if target != "/" {
			sortBy = rapid.SampledFrom([]string{"", "externalId", "id"}).Draw(t, "sortBy")
		}
		search := rapid.Bool().Draw(t, "search")
		count := rapid.IntRange(1, 12).Draw(t, "count")
		seen := map[string]bool{}
		var order []string
		for start := 1; start <= len(want) || start == 1; {
			total, perPage, ids := pageOf(t, s, target, fmt.Sprint(start), fmt.Sprint(count), filter, sortBy, search)
			if total != len(want) || perPage != len(ids) || len(ids) != min(count, most, len(want)-start+1) {
				t.Fatalf("from %d, %d: a page of %d (%d) and a total of %d; the list has %d", start, count, len(ids), perPage, total, len(want))
			}
			for _, id := range ids {
				if seen[id] || !want[id] {
					t.Fatalf("%s is there twice or should not be", id)
				}
				seen[id] = true
			}
			order = append(order, ids...)
			start += max(len(ids), 1)
		}
		if len(seen) != len(want) {
			t.Fatalf("the pages have %d of %d", len(seen), len(want))
		}
		checkOddPages(t, s, target, filter, sortBy, search, order, most)
	})
}

// checkOddPages asks for pages from anywhere and of any size.
func checkOddPages(t *rapid.T, s *Server, target, filter, sortBy string, search bool, order []string, most int) {
	numbers := []string{"0", "-1", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "2147483648", "18446744073709551616", "99999999999999999999999", "2", "5"}
	value := func(text string) int {
		switch {
		case len(text) < 3:
			return int(text[len(text)-1]-'0') * (1 - 2*strings.Count(text, "-"))
		case text[0] == '-':
			return -1
		}
		return 1 << 30
	}
	for range 5 {
		start, count := rapid.SampledFrom(numbers).Draw(t, "startIndex"), rapid.SampledFrom(numbers).Draw(t, "count")
		total, perPage, ids := pageOf(t, s, target, start, count, filter, sortBy, search)
		from := min(max(value(start), 1)-1, len(order))
		want := order[from:min(from+min(max(value(count), 0), most), len(order))]
		if total != len(order) || perPage != len(want) || strings.Join(ids, " ") != strings.Join(want, " ") {
			t.Fatalf("from %s, %s: %d of %d: %v, want %v", start, count, perPage, total, ids, want)
		}
	}
}
