package scim

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// countingStore counts the calls that reach a store.
type countingStore struct {
	Store
	calls int
}

func (s *countingStore) View(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	s.calls++
	return s.Store.View(ctx, ref, fn)
}

func (s *countingStore) List(ctx context.Context, q *Query) (*Page, error) {
	s.calls++
	return s.Store.List(ctx, q)
}

func (s *countingStore) Create(ctx context.Context, r *Resource, links iter.Seq[Link]) error {
	s.calls++
	return s.Store.Create(ctx, r, links)
}

func (s *countingStore) Update(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	s.calls++
	return s.Store.Update(ctx, ref, fn)
}

func (s *countingStore) Delete(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	s.calls++
	return s.Store.Delete(ctx, ref, fn)
}

// times returns n copies of a text with a separator between them.
func times(n int, text, separator string) string {
	return strings.TrimSuffix(strings.Repeat(text+separator, n), separator)
}

// limited is a limit with a request of any size n of what it limits.
type limited struct {
	reason  string
	limit   int
	accept  int // status at the limit
	refuse  int // status above it
	request func(n int) exchange
}

func limitRows(l Limits, user string) []limited {
	get := func(filter string) exchange {
		return exchange{method: "GET", target: "/Users?filter=" + url.QueryEscape(filter)}
	}
	search := func(filter string) exchange {
		return exchange{method: "POST", target: "/Users/.search", body: fmt.Sprintf(`{"filter":%q}`, filter)}
	}
	patch := func(ops string) exchange {
		return exchange{method: "PATCH", target: "/Users/" + user, body: patchBody(ops)}
	}
	padded := func(n int, start, end string) string { return start + strings.Repeat(" ", n-len(start)-len(end)) + end }
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	const ops = `{"op":"replace","path":"title","value":"x"}`
	const bulkOp = `{"method":"DELETE","path":"/Users/x"}`
	return []limited{
		{"bytes of a POST", int(l.BodyBytes), 409, 413, func(n int) exchange {
			return exchange{method: "POST", target: "/Users", body: padded(n, `{"userName":"u"`, `}`)}
		}},
		{"bytes of a PUT", int(l.BodyBytes), 200, 413, func(n int) exchange {
			return exchange{method: "PUT", target: "/Users/" + user, body: padded(n, `{"userName":"u"`, `}`)}
		}},
		{"bytes of a PATCH", int(l.BodyBytes), 200, 413, func(n int) exchange {
			return exchange{method: "PATCH", target: "/Users/" + user, body: padded(n, `{"Operations":[`+ops, `]}`)}
		}},
		{"bytes of a search", int(l.BodyBytes), 200, 413, func(n int) exchange {
			return exchange{method: "POST", target: "/Users/.search", body: padded(n, `{"count":1`, `}`)}
		}},
		{"levels of a POST", l.JSONDepth, 409, 400, func(n int) exchange {
			return exchange{method: "POST", target: "/Users", body: `{"userName":"u","x":` + deep(n-1) + `}`}
		}},
		{"levels of a PATCH", l.JSONDepth, 200, 400, func(n int) exchange {
			return patch(`{"op":"add","value":{"x":` + deep(n-4) + `}}`)
		}},
		{"levels of a search", l.JSONDepth, 200, 400, func(n int) exchange {
			return exchange{method: "POST", target: "/Users/.search", body: `{"x":` + deep(n-1) + `}`}
		}},
		{"bytes of a filter", l.FilterBytes, 200, 400, func(n int) exchange { return search(padded(n, `active pr`, ``)) }},
		{"bytes of a filter by GET", min(l.FilterBytes, l.QueryBytes-7), 200, 400, func(n int) exchange {
			return exchange{method: "GET", target: "/Users?filter=title+eq+%22" + strings.Repeat("x", n-len(`title eq ""`)) + "%22"}
		}},
		{"levels of a filter", l.FilterDepth, 200, 400, func(n int) exchange { return get(strings.Repeat("(", n) + "active pr" + strings.Repeat(")", n)) }},
		{"negations of a filter", l.FilterDepth, 200, 400, func(n int) exchange { return search(strings.Repeat("not (", n) + "active pr" + strings.Repeat(")", n)) }},
		{"terms of a filter", l.FilterTerms, 200, 400, func(n int) exchange { return search(times(n, "title pr", " or ")) }},
		{"bytes of a path", l.PathBytes, 200, 400, func(n int) exchange {
			return patch(fmt.Sprintf(`{"op":"remove","path":%q}`, padded(n, `emails[type eq "`, `"]`)))
		}},
		{"operations", l.PatchOperations, 200, 413, func(n int) exchange { return patch(times(n, ops, ",")) }},
		{"attributes of one operation", l.PatchOperations, 200, 413, func(n int) exchange {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, `"emails[type eq \"%d\"].value":null,`, i)
			}
			return patch(`{"op":"replace","value":{` + strings.TrimSuffix(b.String(), ",") + `}}`)
		}},
		{"bytes of a bulk request", int(l.BodyBytes), 200, 413, func(n int) exchange {
			return exchange{method: "POST", target: "/Bulk", body: padded(n, `{"Operations":[`+bulkOp+`]`, `}`)}
		}},
		{"operations of a bulk request", l.BulkOperations, 200, 413, func(n int) exchange {
			return exchange{method: "POST", target: "/Bulk", body: `{"Operations":[` + times(n, bulkOp, ",") + `]}`}
		}},
		{"levels of a bulk request", l.JSONDepth + 3, 200, 400, func(n int) exchange {
			return exchange{method: "POST", target: "/Bulk", body: `{"Operations":[` + bulkOp + `],"x":` + deep(n-1) + `}`}
		}},
		{"bytes of a query string", l.QueryBytes, 200, 414, func(n int) exchange {
			return exchange{method: "GET", target: "/Users?x=" + strings.Repeat("x", n-2)}
		}},
		{"bytes of a query string of one user", l.QueryBytes, 200, 414, func(n int) exchange {
			return exchange{method: "GET", target: "/Users/" + user + "?x=" + strings.Repeat("x", n-2)}
		}},
		{"parameters", l.QueryParameters, 200, 414, func(n int) exchange { return exchange{method: "GET", target: "/Users?" + times(n, "x=1", "&")} }},
		{"parameters of a PATCH", l.QueryParameters, 200, 414, func(n int) exchange {
			x := patch(ops)
			x.target += "?" + times(n, "x=1", "&")
			return x
		}},
	}
}

// TestAdvertisedLimits: what is at a limit is done, what is above it is
// refused before the store is asked, with the defaults and with others.
func TestAdvertisedLimits(t *testing.T) {
	for name, given := range map[string]Limits{
		"defaults": {},
		"others":   {BodyBytes: 5000, JSONDepth: 9, FilterBytes: 300, FilterDepth: 4, FilterTerms: 7, PathBytes: 100, PatchOperations: 20, BulkOperations: 10, PageSize: 3, MaxPageSize: 5, QueryBytes: 700, QueryParameters: 6},
	} {
		store := &countingStore{Store: NewMemoryStore()}
		s, err := NewServer(store, staticTokens(t, testToken, noExpiry), &ServerOptions{Limits: given})
		if err != nil {
			t.Fatal(err)
		}
		user := createdID(serve(s, testToken, exchange{method: "POST", target: "/Users", body: `{"userName":"u"}`}))
		l := given.withDefaults()
		for _, row := range limitRows(l, user) {
			for _, n := range []int{row.limit, row.limit + 1, 10 * row.limit} {
				x := row.request(n)
				want := row.accept
				if n > row.limit {
					want = row.refuse
				}
				store.calls = 0
				w := serve(s, testToken, x)
				// Ten times one limit can be over another that is checked first.
				other := n > row.limit+1 && (w.Code == 413 || w.Code == 414)
				if w.Code != want && !other || badAnswer(x.method, w) != "" {
					t.Errorf("%s, %s: %d is answered with %d %.300s, want %d", name, row.reason, n, w.Code, w.Body, want)
				}
				if n > row.limit && store.calls != 0 {
					t.Errorf("%s, %s: %d calls of the store for %d", name, row.reason, store.calls, n)
				}
			}
		}
		checkAdvertised(t, s, l)
	}
}

// checkAdvertised compares ServiceProviderConfig with what is done.
func checkAdvertised(t *testing.T, s *Server, l Limits) {
	t.Helper()
	var config ServiceProviderConfig
	w := serve(s, testToken, exchange{method: "GET", target: "/ServiceProviderConfig"})
	if err := json.Unmarshal(w.Body.Bytes(), &config); err != nil {
		t.Fatal(err)
	}
	if config.Filter.MaxResults != l.MaxPageSize || config.Bulk.MaxPayloadSize != l.BodyBytes || config.Bulk.MaxOperations != l.BulkOperations {
		t.Errorf("advertised: %+v, enforced: %+v", config, l)
	}
	if bulk := serve(s, testToken, exchange{method: "POST", target: "/Bulk", body: `{}`}); config.Bulk.Supported != (bulk.Code != http.StatusNotImplemented) {
		t.Errorf("bulk is advertised as %v and answered with %d", config.Bulk.Supported, bulk.Code)
	}
	for i := range l.MaxPageSize + 1 {
		serve(s, testToken, exchange{method: "POST", target: "/Users", body: fmt.Sprintf(`{"userName":"page%d"}`, i)})
	}
	for query, want := range map[string]int{
		"": l.PageSize, fmt.Sprint("?count=", l.MaxPageSize): l.MaxPageSize, fmt.Sprint("?count=", l.MaxPageSize+1): l.MaxPageSize, fmt.Sprint("?count=", 10*l.MaxPageSize): l.MaxPageSize,
	} {
		var page struct {
			Total     int   `json:"totalResults"`
			Resources []any `json:"Resources"`
		}
		w := serve(s, testToken, exchange{method: "GET", target: "/Users" + query})
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page.Resources) != want || page.Total != l.MaxPageSize+2 {
			t.Errorf("%s: %d of %d, %v, want %d", query, len(page.Resources), page.Total, err, want)
		}
	}
}

// allocated returns how many bytes fn allocates: the least of a few runs,
// since the runtime allocates beside it.
func allocated(fn func()) uint64 {
	least := ^uint64(0)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		fn()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// bombs are filters of about n bytes that cost a naive parser its stack or
// more than they weigh.
var bombs = []struct {
	reason string
	text   func(n int) string
}{
	{"parentheses", func(n int) string { return strings.Repeat("(", n/2) + "active pr" + strings.Repeat(")", n/2) }},
	{"open parentheses", func(n int) string { return strings.Repeat("(", n) }},
	{"negations", func(n int) string { return strings.Repeat("not (", n/5) }},
	{"brackets", func(n int) string { return strings.Repeat("emails[", n/7) }},
	{"terms", func(n int) string { return times(n/14, "active pr", " and ") }},
	{"a long text", func(n int) string { return `userName eq "` + strings.Repeat("x", n) + `"` }},
	{"escapes", func(n int) string { return `userName eq "` + strings.Repeat(`\u0041`, n/6) + `"` }},
	{"a long name", func(n int) string { return strings.Repeat("a", n) + " pr" }},
	{"a long path", func(n int) string { return strings.Repeat("a.", n/2) + "a pr" }},
	{"a long URN", func(n int) string { return strings.Repeat("urn:", n/4) + "a pr" }},
	{"a long number", func(n int) string { return "meta.created eq " + strings.Repeat("9", n) }},
	{"spaces", func(n int) string { return "active" + strings.Repeat(" ", n) + "pr" }},
}

// TestFilterBombCost: to refuse a filter costs at most 1 MiB, beside what it
// takes to read the body that it came in, and the cost grows with its length
// and no faster.
func TestFilterBombCost(t *testing.T) {
	s, err := NewServer(NewMemoryStore(), staticTokens(t, testToken, noExpiry), nil)
	if err != nil {
		t.Fatal(err)
	}
	try := func(reason string, x exchange, want int) uint64 {
		status := 0
		cost := allocated(func() { status = serve(s, testToken, x).Code })
		if status != want {
			t.Errorf("%s: %s with %d bytes is answered with %d", reason, x.method, len(x.body)+len(x.target), status)
		}
		return cost
	}
	var byGet, perByte, parser uint64
	for _, bomb := range bombs {
		for n, status := range map[int]int{5_000: 400, 100_000: 414, 1_000_000: 414} {
			text := bomb.text(n)
			target := "/Users?filter=" + url.QueryEscape(text)
			if len(target) > 8<<10 {
				status = 414
			}
			byGet = max(byGet, try(bomb.reason, exchange{method: "GET", target: target}, status))
			parser = max(parser, allocated(func() { _, _ = UserType().ParseFilter(text) }))
			body := fmt.Sprintf(`{"filter":%q}`, text)
			status = 400
			if len(body) > 1<<20 {
				status = 413
			}
			cost := try(bomb.reason, exchange{method: "POST", target: "/Users/.search", body: body}, status)
			perByte = max(perByte, cost/uint64(len(body)))
		}
		checkLinear(t, bomb.reason, bomb.text)
	}
	huge := exchange{method: "POST", target: "/Users/.search", body: `{"filter":"` + strings.Repeat("(", 16<<20) + `"}`}
	if cost := try("16 MiB", huge, 413); cost > 6<<20 {
		t.Errorf("a body of 16 MiB costs %d bytes", cost)
	}
	t.Logf("at most: %d KiB by GET, %d KiB in the parser, %d times the body of a search", byGet>>10, parser>>10, perByte)
	if byGet > 1<<20 || parser > 1<<20 || perByte > 12 { // 7 without the race detector
		t.Error("that is too much")
	}
}

// checkLinear parses a bomb of doubling length with the limits out of the
// way.
func checkLinear(t *testing.T, reason string, text func(n int) string) {
	t.Helper()
	o := &filter.Options{MaxBytes: 1 << 30, MaxDepth: 1 << 12, MaxTerms: 1 << 20}
	var last uint64
	for n := 1 << 10; n <= 1<<16; n *= 2 {
		input := text(n)
		cost := allocated(func() { _, _ = filter.Parse(input, o) })
		if last > 0 && cost > 5*last/2+4096 {
			t.Errorf("%s: %d bytes cost %d, half of it %d", reason, n, cost, last)
		}
		last = cost
	}
}
